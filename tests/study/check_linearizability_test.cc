// Forged histories of a strong bucket: the check fires where no order explains them, and nowhere else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "bench/study/checkers.h"
#include "tests/study/story.h"

namespace shoal::study {
namespace {

using testing::HasSubstr;

Check judged(Story& story) {
  const Verdict verdict = check(story.told());
  const auto found = std::ranges::find(verdict.checks, "linearizability", &Check::name);
  if (found == verdict.checks.end()) ADD_FAILURE() << "no such check";
  return *found;
}

void lose(Operation& operation) {
  operation.outcome = Outcome::fail;
  operation.error = Errc::conflict;
}

TEST(Linearizability, GoodHistory) {
  Story story;
  story.get(0.5);
  story.cas(1, 1, 0);
  lose(story.cas(2, 2, 0));
  story.get(3, {1});
  story.cas(3, 4, 1);
  story.put(4, 5);
  story.del(5, 6);
  story.get(7);
  story.cas(6, 8, 0).outcome = Outcome::info;
  story.get(9, {6});
  story.ends({6});
  story.strong();
  const Check found = judged(story);
  EXPECT_EQ(found.judgement, Judgement::valid) << testing::PrintToString(found.sentences);
  EXPECT_EQ(found.examined, 10U);
}

TEST(Linearizability, DoesNotApplyToOtherBuckets) {
  Story story;
  story.put(1, 1);
  story.put(2, 2);
  story.get(3, {1});
  const Check found = judged(story);
  EXPECT_EQ(found.judgement, Judgement::valid);
  EXPECT_EQ(found.examined, 0U);
}

TEST(Linearizability, StaleRead) {
  Story story;
  story.put(1, 1);
  story.put(2, 2);
  story.get(3, {1});
  story.strong();
  const Check found = judged(story);
  EXPECT_EQ(found.judgement, Judgement::invalid);
  EXPECT_EQ(found.violations, 1U);
  EXPECT_THAT(found.sentences.at(0), HasSubstr("get of k0 by client 0 at 3.000 s (ok) returning 1 has no place in "
                                               "any order of the 3 operations on its key"));
}

TEST(Linearizability, OneExpectationIsMetOnce) {
  Story story;
  story.put(1, 1);
  story.cas(2, 2, 1);
  story.cas(3, 2, 1);
  story.strong();
  EXPECT_EQ(judged(story).judgement, Judgement::invalid);
  lose(story.find(3));
  EXPECT_EQ(judged(story).judgement, Judgement::valid);
}

// A lost comparison has seen something, too: here what it expected was there all the time.
TEST(Linearizability, AComparisonIsNotLostForNothing) {
  Story story;
  story.put(1, 1);
  lose(story.cas(2, 2, 1));
  story.strong();
  const Check found = judged(story);
  EXPECT_EQ(found.judgement, Judgement::invalid);
  EXPECT_THAT(found.sentences.at(0), HasSubstr("cas 2 of k0 by client 0 at 2.000 s (lost) expecting 1 has no place"));
}

TEST(Linearizability, AConditionOnTheVersion) {
  Story story;
  story.put(1, 1).version = 1;
  story.put(2, 2).version = 2;
  story.put(3, 3).expected_version = 1;
  story.strong();
  EXPECT_EQ(judged(story).judgement, Judgement::invalid);
  story.find(3).expected_version = 2;
  EXPECT_EQ(judged(story).judgement, Judgement::valid);
}

TEST(Linearizability, UnknownWritesMayHappenLaterOrNever) {
  Story story;
  story.put(1, 1);
  story.put(2, 2).outcome = Outcome::info;
  story.get(3, {1});
  story.get(4, {2});
  story.put(3, 5).outcome = Outcome::info;
  story.get(6, {2});
  story.strong();
  EXPECT_EQ(judged(story).judgement, Judgement::valid);
}

TEST(Linearizability, WhatOperationsThatOverlapShowMayComeInEitherOrder) {
  Story story;
  story.put(1, 1);
  story.put(2, 2).completed = 5;
  story.get(3, {1});
  story.get(4, {2});
  story.strong();
  EXPECT_EQ(judged(story).judgement, Judgement::valid);
  story.get(4.5, {1}).linearizable = true;
  EXPECT_EQ(judged(story).judgement, Judgement::invalid);
}

// A stale read may show an old value, but not one that was chosen only later.
TEST(Linearizability, StaleReadsSayWhatWasChosen) {
  Story story;
  story.put(1, 1).version = 1;
  story.put(2, 2).outcome = Outcome::info;
  story.get(4, {1}).version = 1;
  story.strong();
  Operation& stale = story.get(3, {2});
  stale.version = 2;
  EXPECT_EQ(judged(story).judgement, Judgement::invalid) << "2 was there before, and gone afterwards";
  Story late;
  late.put(1, 1).version = 1;
  late.put(2, 2).outcome = Outcome::info;
  late.get(3, {1}).version = 1;
  late.strong();
  late.get(4, {2}).version = 2;
  late.get(5, {1}).version = 1;
  EXPECT_EQ(judged(late).judgement, Judgement::valid);
}

TEST(Linearizability, OneWriteIsOneVersion) {
  Story story;
  story.put(1, 1).version = 1;
  story.strong();
  story.get(3, {1}).version = 2;
  const Check found = judged(story);
  EXPECT_EQ(found.judgement, Judgement::invalid);
  EXPECT_THAT(found.sentences.at(0), HasSubstr("is version 1 of its key as well as 2"));
}

TEST(Linearizability, DestroyedCopiesLeaveItUndecided) {
  Story story;
  story.put(1, 1);
  story.get(3);
  story.fault(2, 2.5);
  story.recording.faults[0].destroyed_copies = true;
  story.strong();
  EXPECT_EQ(judged(story).judgement, Judgement::undecided);
}

// Two hundred writes that all overlap, and a value that none of them wrote: too many orders to try them all.
TEST(Linearizability, WhatCannotBeDecidedIsSaid) {
  Story story;
  constexpr WriteId kWrites = 200;
  for (WriteId id = 1; id <= kWrites; ++id) {
    Operation& put = story.put(id, 1);
    put.completed = 5;
  }
  for (WriteId id = 1; id <= kWrites; ++id) {
    Operation& read = story.get(1, {id});
    read.completed = 5;
  }
  story.get(6, {kWrites + 1});
  story.strong();
  const Check found = judged(story);
  EXPECT_EQ(found.judgement, Judgement::undecided);
  EXPECT_EQ(found.violations, 1U);
  EXPECT_THAT(found.sentences.at(0), HasSubstr("was not found within bounds"));
}

// Keys are judged each alone.
TEST(Linearizability, EachKeyHasItsOwnOrder) {
  Story story;
  story.recording.keys = {"k0", "k1"};
  story.recording.kinds = {Kind::strong, Kind::strong};
  story.put(1, 1);
  story.put(2, 2).key = 1;
  story.get(3, {1});
  story.get(3).key = 1;
  story.get(4).key = 0;
  story.strong();
  EXPECT_EQ(judged(story).violations, 2U);
}

}  // namespace
}  // namespace shoal::study
