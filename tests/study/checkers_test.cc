// Forged histories: each check is shown to fire, and not to fire where nothing is wrong.
#include "bench/study/checkers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/study/story.h"

namespace shoal::study {
namespace {

using testing::HasSubstr;

const Check& named(const Verdict& verdict, const std::string& name) {
  const auto found = std::ranges::find(verdict.checks, name, &Check::name);
  if (found == verdict.checks.end()) ADD_FAILURE() << "no check " << name;
  return *found;
}

// Enough reads of another key that nothing is too little to say anything.
Story story_with_enough() {
  Story story;
  story.recording.keys = {"k0", "k1"};
  story.recording.kinds = {Kind::siblings, Kind::siblings};
  for (int i = 0; i < 10; ++i) story.get(0.1 * i).key = 1;
  story.ends({}, 1);
  return story;
}

// The one check that is not valid, with how many violations.
void expect_only(Story& story, const std::string& name, Judgement judgement, std::uint64_t violations) {
  const Verdict verdict = check(story.told());
  EXPECT_EQ(verdict.judgement(), judgement);
  for (const Check& one : verdict.checks) {
    const bool meant = one.name == name;
    EXPECT_EQ(one.judgement, meant ? judgement : Judgement::valid) << one.name;
    EXPECT_EQ(one.violations, meant ? violations : 0U) << one.name;
    EXPECT_EQ(one.sentences.size(), one.violations);
  }
}

void expect_valid(Story& story) {
  const Verdict verdict = check(story.told());
  for (const Check& one : verdict.checks)
    EXPECT_EQ(one.judgement, Judgement::valid) << one.name << ": " << testing::PrintToString(one.sentences);
}

std::string sentence_of(Story& story, const std::string& name) {
  const Verdict verdict = check(story.told());
  const Check& found = named(verdict, name);
  return found.sentences.empty() ? "" : found.sentences.front();
}

TEST(Checkers, GoodHistory) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.put(2, 2, {1});
  story.put(3, 2, {1});
  story.get(3, {2, 3});
  story.put(4, 4, {2, 3});
  story.del(5, 5, {4});
  story.put(6, 6);
  story.ends({6});
  expect_valid(story);
}

TEST(Losses, AcknowledgedWriteThatIsGone) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.put(2, 2);
  story.ends({2});
  expect_only(story, "lost", Judgement::invalid, 1);
  EXPECT_THAT(sentence_of(story, "lost"), HasSubstr("put 1 of k0 by client 0 at 1.000 s (ok) is neither there"));
}

TEST(Losses, UnknownOutcomesOweNothing) {
  Story story = story_with_enough();
  story.put(1, 1).outcome = Outcome::info;
  story.put(2, 1).outcome = Outcome::fail;
  story.ends({});
  expect_valid(story);
}

// The delete was not acknowledged, but it may have happened.
TEST(Losses, DeleteOfUnknownOutcomeExcuses) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.del(2, 2, {1}).outcome = Outcome::info;
  story.ends({});
  expect_valid(story);
}

TEST(Losses, BlindDeleteExcusesNothing) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.del(2, 2);
  story.ends({});
  expect_only(story, "lost", Judgement::invalid, 1);
}

TEST(Losses, DestroyedCopiesLeaveItUndecided) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.fault(2, 3);
  story.recording.faults[0].destroyed_copies = true;
  story.ends({});
  expect_only(story, "lost", Judgement::undecided, 1);
}

TEST(Losses, UnknownEndLeavesItUndecided) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.ends({}).known = false;
  const Verdict verdict = check(story.told());
  EXPECT_EQ(named(verdict, "lost").judgement, Judgement::undecided);
  EXPECT_EQ(named(verdict, "convergence").judgement, Judgement::undecided);
  EXPECT_EQ(verdict.judgement(), Judgement::undecided);
}

TEST(Losses, LastWriterWinsMayDropButNotAll) {
  Story story = story_with_enough();
  story.recording.kinds = {Kind::lww, Kind::lww};
  story.put(1, 1);
  story.put(2, 1);
  story.ends({2});
  expect_valid(story);
  story.recording.finals.back().values = {};
  expect_only(story, "lost", Judgement::invalid, 2);
}

TEST(Resurrections, ReplacedValueAtTheEnd) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.put(2, 2, {1});
  story.put(3, 3, {2});
  story.ends({1, 3});
  const Verdict verdict = check(story.told());
  EXPECT_EQ(named(verdict, "resurrection").violations, 2U) << "it is there, and beside what replaced it";
  EXPECT_THAT(sentence_of(story, "resurrection"), HasSubstr("put 1 of k0"));
}

TEST(Resurrections, DeletedValueAtTheEnd) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.del(2, 2, {1});
  story.ends({1});
  expect_only(story, "resurrection", Judgement::invalid, 1);
  EXPECT_THAT(sentence_of(story, "resurrection"), HasSubstr("though del 2 of k0"));
}

TEST(Resurrections, BesideItsReplacementInARead) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.put(2, 2, {1}).outcome = Outcome::info;
  story.get(3, {1, 2});
  story.ends({2});
  expect_only(story, "resurrection", Judgement::invalid, 1);
}

TEST(Resurrections, ReplacementThatMayNotHaveHappened) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.del(2, 2, {1}).outcome = Outcome::info;
  story.ends({1});
  expect_valid(story);
}

// Its second copy landed beside what replaced the first.
TEST(Resurrections, RetriedWriteMayComeTwice) {
  Story story = story_with_enough();
  story.put(1, 1).retried = true;
  story.put(2, 2, {1});
  story.get(3, {1, 2});
  story.ends({1, 2});
  expect_valid(story);
}

TEST(Resurrections, OldValueInALaterReadIsOnlyStale) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.put(2, 2, {1});
  story.get(3, {1});
  story.ends({2});
  expect_valid(story);
}

TEST(Inventions, NobodyWroteIt) {
  Story story = story_with_enough();
  story.get(3, {77});
  story.ends({});
  expect_only(story, "invention", Judgement::invalid, 1);
  EXPECT_THAT(sentence_of(story, "invention"), HasSubstr("write 77, which nobody made"));
}

TEST(Inventions, OfAnotherKeyFailedDeletedOrNotBegun) {
  Story story = story_with_enough();
  story.put(1, 1).key = 1;
  story.recording.finals[0].values = {1};
  story.put(2, 1).outcome = Outcome::fail;
  story.del(3, 1);
  story.put(4, 5);
  for (const WriteId id : {1, 2, 3, 4}) story.get(3, {id});
  story.ends({4});
  expect_only(story, "invention", Judgement::invalid, 4);
}

TEST(Inventions, AtTheEnd) {
  Story story = story_with_enough();
  story.ends({5});
  expect_only(story, "invention", Judgement::invalid, 1);
}

TEST(Inventions, OneIdTwice) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.put(1, 2);
  story.ends({1});
  expect_only(story, "invention", Judgement::invalid, 1);
}

TEST(Sessions, ReadYourWrites) {
  Story story = story_with_enough();
  story.put(1, 1).in_session = true;
  story.get(2, {}).in_session = true;
  story.ends({1});
  expect_only(story, "sessions", Judgement::invalid, 1);
  EXPECT_THAT(sentence_of(story, "sessions"), HasSubstr("which this client had made"));
}

TEST(Sessions, MonotonicReads) {
  Story story = story_with_enough();
  story.put(1, 1).client = 9;
  story.put(2, 2, {1}).client = 9;
  story.get(3, {2}).in_session = true;
  story.get(4, {1}).in_session = true;
  story.ends({2});
  expect_only(story, "sessions", Judgement::invalid, 1);
  EXPECT_THAT(sentence_of(story, "sessions"), HasSubstr("which this client had seen"));
}

TEST(Sessions, OwnDeleteIsUndone) {
  Story story = story_with_enough();
  story.put(1, 1).client = 9;
  story.del(2, 2, {1}).in_session = true;
  story.get(3, {1}).in_session = true;
  story.ends({});
  expect_only(story, "sessions", Judgement::invalid, 1);
}

// What the client's token said, whatever the history says.
TEST(Sessions, TheTokenCounts) {
  Story story = story_with_enough();
  story.put(1, 1).client = 9;
  Operation& read = story.get(3, {});
  read.in_session = true;
  read.session = {1};
  story.ends({1});
  expect_only(story, "sessions", Judgement::invalid, 1);
}

TEST(Sessions, OverlappingOtherClientsAndNewerAreFine) {
  Story story = story_with_enough();
  story.put(1, 1).in_session = true;
  story.get(1.005, {}).in_session = true;  // began before the put was acknowledged
  story.put(2, 2, {1}).client = 9;
  story.get(3, {2}).in_session = true;
  Operation& other = story.get(4, {1});
  other.client = 5;
  other.in_session = true;
  story.get(5, {1}).client = 0;  // not in the session
  story.del(3, 6, {2}).client = 9;
  story.get(7, {}).in_session = true;
  story.ends({});
  expect_valid(story);
}

TEST(Sessions, LastWriterWinsHasAnOrder) {
  Story story = story_with_enough();
  story.recording.kinds = {Kind::lww, Kind::lww};
  story.put(1, 1).client = 9;
  story.put(2, 1).client = 8;
  for (const double at : {2.0, 3.0, 4.0}) {
    Operation& read = story.get(at, {at == 3.0 ? WriteId{2} : WriteId{1}});
    read.in_session = true;
  }
  story.ends({2});
  expect_only(story, "sessions", Judgement::invalid, 1);
  EXPECT_THAT(sentence_of(story, "sessions"), HasSubstr("again, after an earlier read had shown put 2"));
}

TEST(Sessions, LastWriterWinsMayDropOwnWrites) {
  Story story = story_with_enough();
  story.recording.kinds = {Kind::lww, Kind::lww};
  story.put(1, 1).in_session = true;
  story.put(2, 1).client = 8;
  story.get(2, {2}).in_session = true;
  story.get(3, {2}).in_session = true;
  story.ends({2});
  expect_valid(story);
}

TEST(Convergence, OwnersThatDiffer) {
  Story story = story_with_enough();
  story.put(1, 1);
  story.ends({1}).equal = false;
  expect_only(story, "convergence", Judgement::invalid, 1);
}

TEST(Convergence, WithoutRepairItIsOnlyNoted) {
  Story story = story_with_enough();
  story.recording.repairs = false;
  story.put(1, 1);
  story.ends({1}).equal = false;
  expect_only(story, "convergence", Judgement::valid, 1);
}

TEST(Convergence, WithoutTimeForRepairItIsUndecided) {
  Story story = story_with_enough();
  story.recording.settle_s = 1;
  story.recording.round_s = 10;
  story.put(1, 1);
  LastState& state = story.ends({1});
  expect_valid(story);
  state.equal = false;
  expect_only(story, "convergence", Judgement::undecided, 1);
  EXPECT_THAT(named(check(story.told()), "convergence").sentences.at(0), testing::HasSubstr("raise settle_s"));
  story.recording.settle_s = 30;
  expect_only(story, "convergence", Judgement::invalid, 1);
}

TEST(Convergence, NobodyLooked) {
  Story story = story_with_enough();
  story.put(1, 1).outcome = Outcome::info;
  expect_only(story, "convergence", Judgement::undecided, 1);
}

TEST(EvidenceCheck, TooLittle) {
  Story story;
  story.put(1, 1);
  story.ends({1});
  expect_only(story, "evidence", Judgement::undecided, 1);
}

TEST(EvidenceCheck, Trouble) {
  Story story = story_with_enough();
  story.recording.trouble = {"n3 did not start"};
  story.ends({});
  expect_only(story, "evidence", Judgement::undecided, 1);
}

TEST(EvidenceCheck, StudyWithoutData) {
  Recording recording;
  EXPECT_EQ(check(recording).judgement(), Judgement::valid);
}

TEST(Checkers, SentencesAreBounded) {
  Story story = story_with_enough();
  for (WriteId id = 1; id <= 100; ++id) story.put(id, 1 + 0.01 * static_cast<double>(id));
  story.ends({});
  const Verdict verdict = check(story.told());
  EXPECT_EQ(named(verdict, "lost").violations, 100U);
  EXPECT_EQ(named(verdict, "lost").sentences.size(), Check::kSentencesMax);
}

}  // namespace
}  // namespace shoal::study
