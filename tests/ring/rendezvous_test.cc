#include "node/ring/rendezvous.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "node/base/rng.h"
#include "node/ring/membership.h"

namespace shoal {
namespace {

constexpr std::uint64_t kOne = std::uint64_t{1} << 48;  // 1.0 in the fixed-point form
constexpr std::uint64_t kHighestHash = std::numeric_limits<std::uint64_t>::max();

// The same in floating point.
long double exact(std::uint64_t hash) { return 64 - std::log2(static_cast<long double>(hash) + 0.5L); }

// Costs that are given, so that a test can say who is cheap. Weights are equal.
std::vector<Candidate> costing(const std::vector<std::uint64_t>& costs) {
  std::vector<Candidate> candidates;
  for (std::uint32_t i = 0; i < costs.size(); ++i) candidates.push_back(Candidate{i, costs[i], 100});
  return candidates;
}

using Ranks = std::vector<std::uint32_t>;

TEST(NegativeLog2, AgreesWithTheMathematicalOne) {
  Rng rng(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t hash = rng.next() >> rng.below(64);  // all magnitudes
    const long double cost = static_cast<long double>(negative_log2(hash)) / kOne;
    ASSERT_NEAR(static_cast<double>(cost - exact(hash)), 0, 2.0 / kOne) << "hash " << hash;
  }
}

// From 2^48 on the added half is less than one unit of the result.
TEST(NegativeLog2, IsExactAtPowersOfTwo) {
  for (std::uint64_t power = 48; power < 64; ++power)
    EXPECT_EQ(negative_log2(std::uint64_t{1} << power), (64 - power) * kOne) << "2^" << power;
  EXPECT_EQ(negative_log2(0), 65 * kOne);  // one half
}

TEST(NegativeLog2, StaysWithinItsBounds) {
  EXPECT_EQ(negative_log2(0), std::uint64_t{65} << 48);
  EXPECT_EQ(negative_log2(kHighestHash), 1u);
}

TEST(NegativeLog2, NeverRisesWithTheHash) {
  Rng rng(2);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t hash = rng.next() >> rng.below(64);
    const std::uint64_t step = 1 + (rng.next() >> (1 + rng.below(63)));
    const std::uint64_t higher = hash > kHighestHash - step ? kHighestHash : hash + step;
    ASSERT_GE(negative_log2(hash), negative_log2(higher)) << hash << " and " << higher;
  }
  for (std::uint64_t hash = 0; hash < 5'000; ++hash) ASSERT_GT(negative_log2(hash), negative_log2(hash + 1));
}

// Every platform must place alike: a change of one bit here moves data.
TEST(NegativeLog2, NeverChangesSilently) {
  EXPECT_EQ(negative_log2(1), 0x003f'6a3f'e5c6'042au);
  EXPECT_EQ(negative_log2(0x0123'4567'89ab'cdefu), 0x0007'd053'f6d2'608au);
  EXPECT_EQ(negative_log2(0xdead'beef'0000'0001u), 0x0000'3380'8cfe'85dbu);
}

TEST(Draw, DependsOnKeyPartitionAndNode) {
  const HashKey key{};
  HashKey other{};
  other.bytes[3] = 1;
  std::set<std::uint64_t> draws{draw(other, PartitionId{0}, NodeId{0})};
  for (std::uint32_t p = 0; p < 50; ++p)
    for (std::uint64_t n = 0; n < 50; ++n) draws.insert(draw(key, PartitionId{p}, NodeId{n}));
  EXPECT_EQ(draws.size(), 2501u);
  EXPECT_EQ(draw(key, PartitionId{7}, NodeId{9}), draw(key, PartitionId{7}, NodeId{9}));
}

TEST(Cheaper, ComparesCostPerWeight) {
  EXPECT_TRUE(cheaper({0, 10, 100}, {1, 11, 100}));
  EXPECT_TRUE(cheaper({0, 19, 200}, {1, 10, 100}));
  EXPECT_FALSE(cheaper({0, 21, 200}, {1, 10, 100}));
}

TEST(Cheaper, BreaksTiesByIndex) {
  EXPECT_TRUE(cheaper({0, 20, 200}, {1, 10, 100}));
  EXPECT_FALSE(cheaper({1, 10, 100}, {0, 20, 200}));
  EXPECT_FALSE(cheaper({1, 10, 100}, {1, 10, 100}));
}

// The products need more than 64 bits.
TEST(Cheaper, IsExactForTheGreatestCostsAndWeights) {
  const std::uint64_t top = negative_log2(0);
  EXPECT_TRUE(cheaper({1, top - 1, kWeightMax}, {0, top, kWeightMax}));
  EXPECT_TRUE(cheaper({1, top, kWeightMax}, {0, top, kWeightMax - 1}));
  EXPECT_FALSE(cheaper({0, top, 1}, {1, 1, kWeightMax}));
}

TEST(RankWithZones, WithoutZonesIsByCost) {
  EXPECT_EQ(rank_with_zones(costing({40, 10, 30, 20}), std::vector<std::string>(4), 3), (Ranks{1, 3, 2, 0}));
}

TEST(RankWithZones, TakesTheBestOfEachZoneFirst) {
  const std::vector<std::string> zones{"x", "x", "x", "y", "z", "y"};
  EXPECT_EQ(rank_with_zones(costing({10, 20, 30, 40, 50, 35}), zones, 3), (Ranks{0, 5, 4, 1, 2, 3}));
}

TEST(RankWithZones, WithFewerZonesThanOwnersGoesOnWithTheBestRemaining) {
  const std::vector<std::string> zones{"x", "x", "x", "y", "y"};
  EXPECT_EQ(rank_with_zones(costing({10, 20, 30, 40, 50}), zones, 3), (Ranks{0, 3, 1, 2, 4}));
  EXPECT_EQ(rank_with_zones(costing({30, 40, 50, 10, 20}), zones, 3), (Ranks{3, 0, 4, 1, 2}));
}

// Zones decide who owns; who stands in is a matter of cost alone.
TEST(RankWithZones, WithMoreZonesThanOwnersForgetsZonesAmongFallbacks) {
  const std::vector<std::string> zones{"v", "v", "w", "x", "y"};
  EXPECT_EQ(rank_with_zones(costing({10, 20, 30, 40, 50}), zones, 3), (Ranks{0, 2, 3, 1, 4}));
  EXPECT_EQ(rank_with_zones(costing({50, 40, 30, 20, 10}), zones, 3), (Ranks{4, 3, 2, 1, 0}));
}

TEST(RankWithZones, WithFewerMembersThanOwnersRanksThemAll) {
  EXPECT_EQ(rank_with_zones(costing({20, 10}), {"x", "x"}, 3), (Ranks{1, 0}));
  EXPECT_EQ(rank_with_zones({}, {}, 3), Ranks{});
}

TEST(RankWithZones, RanksEverybodyOnceWithOwnersInDistinctZones) {
  Rng rng(3);
  const std::vector<std::string> zones{"x", "y", "z", "x", "y", "z", "x", "x", "x"};
  for (int i = 0; i < 500; ++i) {
    std::vector<Candidate> candidates;
    for (std::uint32_t c = 0; c < zones.size(); ++c) {
      const auto weight = static_cast<std::uint32_t>(rng.between(1, 1000));
      candidates.push_back(Candidate{c, negative_log2(rng.next()), weight});
    }
    Ranks ranks = rank_with_zones(candidates, zones, 3);
    ASSERT_EQ((std::set<std::string>{zones[ranks[0]], zones[ranks[1]], zones[ranks[2]]}.size()), 3u);
    const auto by_cost = [&](std::uint32_t a, std::uint32_t b) { return cheaper(candidates[a], candidates[b]); };
    ASSERT_TRUE(std::is_sorted(ranks.begin() + 3, ranks.end(), by_cost)) << "fallbacks out of order";
    std::ranges::sort(ranks);
    ASSERT_EQ(ranks, (Ranks{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  }
}

}  // namespace
}  // namespace shoal
