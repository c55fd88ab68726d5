#include "node/io/storage/place_map.h"

#include <gtest/gtest.h>

#include <map>

#include "node/base/rng.h"
#include "tests/io/store_kit.h"

namespace shoal::test {
namespace {

std::vector<Place> places_from(const PlaceMap& map, PlaceMap::const_iterator at) {
  std::vector<Place> places;
  for (; at != map.end(); ++at) places.push_back(at->first);
  return places;
}

TEST(PlaceMap, AnEmptyOneHoldsNothing) {
  const PlaceMap map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.find(slot_at(1)), nullptr);
  EXPECT_EQ(map.begin(), map.end());
  EXPECT_EQ(map.lower_bound(slot_at(1)), map.end());
}

TEST(PlaceMap, WhatWasThereIsGivenBack) {
  PlaceMap map;
  EntryPtr entry = entry_of("a", "first");
  EXPECT_TRUE(map.exchange(slot_at(1), entry));
  entry = entry_of("a", "second");
  EXPECT_FALSE(map.exchange(slot_at(1), entry));
  EXPECT_EQ(value_of(entry), "first");
  EXPECT_EQ(value_of(*map.find(slot_at(1))), "second");
}

// Own copies and hints in any order, many of them twice, some erased.
TEST(PlaceMap, AgreesWithAnOrdinaryMap) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    Rng rng(seed);
    PlaceMap map;
    std::map<Place, EntryPtr> model;
    const bool ascending = seed == 2;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
      const std::uint64_t n = rng.below(10'000);
      const Place place(NodeId{rng.chance(300'000) ? rng.below(3) : 0},
                        ascending ? Slot{.hi = 0, .lo = i} : slot_at(n));
      EntryPtr entry = rng.chance(100'000) ? nullptr : entry_of("key", std::to_string(i));
      const bool fresh = model.insert_or_assign(place, entry).second;
      EXPECT_EQ(map.exchange(place, entry), fresh);
    }
    std::vector<Place> expected;
    for (const auto& [place, entry] : model) {
      expected.push_back(place);
      ASSERT_NE(map.find(place), nullptr);
      EXPECT_EQ(*map.find(place), entry);
    }
    EXPECT_EQ(places_from(map, map.begin()), expected);
    for (int i = 0; i < 200; ++i) {
      const Place from(NodeId{rng.below(4)}, slot_at(rng.below(20'000)));
      const auto at = map.lower_bound(from);
      const auto model_at = model.lower_bound(from);
      ASSERT_EQ(at == map.end(), model_at == model.end());
      if (at != map.end()) {
        EXPECT_EQ(at->first, model_at->first);
      }
    }
  }
}

}  // namespace
}  // namespace shoal::test
