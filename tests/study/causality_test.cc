#include "bench/study/causality.h"

#include <gtest/gtest.h>

#include <set>

#include "node/base/rng.h"
#include "tests/study/story.h"

namespace shoal::study {
namespace {

TEST(Causality, SeeingIsPassedOn) {
  Story story;
  story.put(1, 1);
  story.put(2, 2, {1});
  story.put(3, 3, {2});
  story.put(4, 3.5, {1});
  const Causality causality(story.told());
  EXPECT_TRUE(causality.covers(3, 1));
  EXPECT_TRUE(causality.covers(3, 3));
  EXPECT_TRUE(causality.covers(4, 1));
  EXPECT_FALSE(causality.covers(1, 3));
  EXPECT_FALSE(causality.covers(4, 2));
  EXPECT_FALSE(causality.covers(3, 4));
  EXPECT_FALSE(causality.covers(3, 99));
  EXPECT_EQ(causality.find(99), nullptr);
}

// The chains say the same as a search through all contexts, whatever was seen.
TEST(Causality, AgreesWithPlainSearchOnRandomHistories) {
  constexpr WriteId kWrites = 60;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    Story story;
    std::vector<std::set<WriteId>> seen(kWrites + 1);
    for (WriteId id = 1; id <= kWrites; ++id) {
      Story::Ids replaces;
      for (std::uint64_t n = rng.below(4); n > 0 && id > 1; --n)
        replaces.push_back(id - 1 - rng.below(std::min<WriteId>(id - 1, 8)));
      seen[id] = {id};
      for (const WriteId other : replaces) seen[id].insert(seen[other].begin(), seen[other].end());
      story.put(id, static_cast<double>(id), replaces);
    }
    const Causality causality(story.told());
    for (WriteId a = 1; a <= kWrites; ++a)
      for (WriteId b = 1; b <= kWrites; ++b)
        ASSERT_EQ(causality.covers(a, b), seen[a].contains(b)) << seed << ": " << a << ", " << b;
  }
}

TEST(Causality, VersionsBehindCountsAcknowledgedWritesAlone) {
  Story story;
  story.put(1, 1);
  story.put(2, 2, {1});
  story.put(3, 3, {2});
  story.put(4, 4, {3}).outcome = Outcome::info;
  const Causality causality(story.told());
  const auto behind = [&](double at, Story::Ids returned) {
    return causality.versions_behind({.invoked = at, .completed = at + 0.01, .returned = std::move(returned)});
  };
  EXPECT_EQ(behind(5, {3}), 0U);
  EXPECT_EQ(behind(5, {4}), 0U);
  EXPECT_EQ(behind(5, {1}), 2U);
  EXPECT_EQ(behind(5, {}), 3U);
  EXPECT_EQ(behind(2.5, {1}), 1U);
  EXPECT_EQ(behind(3.005, {2}), 0U) << "3 was not acknowledged yet";
}

TEST(Causality, DeletesExplainAbsence) {
  Story story;
  story.put(1, 1);
  story.del(2, 2, {1});
  const Causality causality(story.told());
  const auto behind = [&](double at, Story::Ids returned) {
    return causality.versions_behind({.invoked = at, .completed = at + 0.01, .returned = std::move(returned)});
  };
  EXPECT_TRUE(causality.may_be_deleted(1, 3));
  EXPECT_FALSE(causality.may_be_deleted(1, 1.5));
  EXPECT_FALSE(causality.may_be_deleted(2, 3));
  EXPECT_EQ(behind(1.5, {}), 1U);
  EXPECT_EQ(behind(3, {}), 0U);
  EXPECT_EQ(behind(3, {1}), 1U) << "the delete is what it lacks";
}

TEST(Causality, DeleteThatFailedExplainsNothing) {
  Story story;
  story.put(1, 1);
  story.del(2, 2, {1}).outcome = Outcome::fail;
  EXPECT_FALSE(Causality(story.told()).may_be_deleted(1, 3));
}

TEST(Causality, LastWriterWinsGoesByTime) {
  Story story;
  story.recording.kinds = {Kind::lww};
  story.put(1, 1);
  story.put(2, 2);
  story.put(3, 3);
  const Causality causality(story.told());
  const Operation read{.invoked = 5, .completed = 5.01, .returned = {2}};
  EXPECT_EQ(causality.versions_behind(read), 1U);
  EXPECT_TRUE(causality.shows(read, 1));
  EXPECT_FALSE(causality.shows(read, 3));
}

// A blind delete beats what it never saw.
TEST(Causality, LastDeleterWins) {
  Story story;
  story.recording.kinds = {Kind::lww};
  story.put(1, 1);
  story.del(2, 2);
  story.put(3, 3);
  const Causality causality(story.told());
  EXPECT_TRUE(causality.may_be_deleted(1, 4));
  EXPECT_FALSE(causality.may_be_deleted(1, 1.5));
  EXPECT_FALSE(causality.may_be_deleted(3, 4));
  EXPECT_FALSE(causality.may_be_deleted(2, 4));
}

TEST(Causality, WritesOfOtherKeysAreNoContext) {
  Story story;
  story.recording.keys = {"k0", "k1"};
  story.put(1, 1);
  story.put(2, 2, {1}).key = 1;
  EXPECT_FALSE(Causality(story.told()).covers(2, 1));
}

}  // namespace
}  // namespace shoal::study
