// The parts of a read that decide and send nothing: seats and answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/core/read_answers.h"
#include "node/core/read_seats.h"
#include "node/core/state_digest.h"

namespace shoal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Verdict = ReadSeats::Verdict;

const std::vector<NodeId> kOwners{{1}, {2}, {3}};
const std::vector<NodeId> kFallbacks{{4}, {5}, {6}};

Peers dead(std::initializer_list<std::uint64_t> nodes) {
  Peers peers;
  for (const std::uint64_t node : nodes) peers.set({node}, Liveness::dead);
  return peers;
}

ReadSeats seats(Wanted wanted, std::initializer_list<std::uint64_t> who_is_dead = {}) {
  return {kOwners, kFallbacks, dead(who_is_dead), wanted};
}

TEST(ReadSeats, AreTakenByTheOwners) {
  EXPECT_THAT(seats({2, 0}).sitting(), ElementsAre(NodeId{1}, NodeId{2}, NodeId{3}));
  EXPECT_THAT(seats({2, 0}).spare(), ElementsAre(NodeId{4}, NodeId{5}, NodeId{6}));
}

TEST(ReadSeats, OfTheIthDeadOwnerGoToTheIthLiveFallback) {
  EXPECT_THAT(seats({2, 0}, {1}).sitting(), ElementsAre(NodeId{2}, NodeId{3}, NodeId{4}));
  EXPECT_THAT(seats({2, 0}, {1, 3, 4}).sitting(), ElementsAre(NodeId{2}, NodeId{5}, NodeId{6}));
  EXPECT_THAT(seats({2, 0}, {1, 4, 5, 6}).sitting(), ElementsAre(NodeId{2}, NodeId{3}));
  EXPECT_THAT(stand_ins_for(kOwners, kFallbacks, dead({1, 3, 4})), ElementsAre(NodeId{5}, NodeId{6}));
  EXPECT_THAT(stand_ins_for(kOwners, kFallbacks, dead({4})), IsEmpty());
}

TEST(ReadSeats, CountOnceWhoeverAnswers) {
  ReadSeats s = seats({2, 0}, {1});
  s.acknowledge({4});
  s.acknowledge({1});  // the owner, after all
  EXPECT_EQ(s.acks(), 1);
  EXPECT_EQ(s.stand_ins(), 0);
  s.acknowledge({9});  // a stranger
  EXPECT_EQ(s.verdict(), Verdict::waiting);
  s.acknowledge({2});
  EXPECT_EQ(s.verdict(), Verdict::enough);
}

TEST(ReadSeats, TellStandInsFromOwners) {
  ReadSeats s = seats({2, 0}, {1});
  s.acknowledge({4});
  s.acknowledge({3});
  EXPECT_EQ(s.verdict(), Verdict::enough);
  EXPECT_EQ(s.stand_ins(), 1);
}

TEST(ReadSeats, ThatMustBePrimariesAreNotCountedByFallbacks) {
  ReadSeats s = seats({2, 2}, {1});
  s.acknowledge({4});
  s.acknowledge({2});
  EXPECT_EQ(s.acks(), 2);
  EXPECT_EQ(s.verdict(), Verdict::waiting);
  s.acknowledge({3});
  EXPECT_EQ(s.verdict(), Verdict::enough);
  EXPECT_EQ(seats({1, 3}, {1}).verdict(), Verdict::impossible);
}

TEST(ReadSeats, MoveDownTheRankWhenAFallbackDoesNotKnow) {
  ReadSeats s = seats({3, 0}, {1});
  EXPECT_EQ(s.refuse({4}), NodeId{5});
  EXPECT_EQ(s.refuse({4}), std::nullopt);  // it sits there no more
  EXPECT_EQ(s.refuse({5}), NodeId{6});
  EXPECT_EQ(s.refuse({6}), std::nullopt);
  EXPECT_EQ(s.verdict(), Verdict::impossible);
}

TEST(ReadSeats, AreRefusedByAnOwnerUntilItRecovers) {
  ReadSeats s = seats({3, 0});
  EXPECT_EQ(s.refuse({2}), std::nullopt);
  EXPECT_EQ(s.verdict(), Verdict::impossible);
  s.acknowledge({2});
  EXPECT_EQ(s.verdict(), Verdict::waiting);
  EXPECT_EQ(s.refuse({2}), std::nullopt);  // it has answered
  EXPECT_EQ(s.acks(), 1);
}

TEST(ReadSeats, AreStaffedAnewWhenSomebodyDies) {
  ReadSeats s = seats({2, 0});
  s.acknowledge({3});
  EXPECT_THAT(s.restaff(dead({2, 3, 4})), ElementsAre(NodeId{5}));
  EXPECT_THAT(s.missing(), ElementsAre(NodeId{1}, NodeId{5}));
  EXPECT_EQ(s.acks(), 1);  // who has answered may die
  EXPECT_THAT(s.restaff(dead({1, 2, 3, 4, 5, 6})), IsEmpty());
  EXPECT_EQ(s.verdict(), Verdict::impossible);
}

// ---- answers --------------------------------------------------------------------------------------------------------

constexpr Slot kSlot{1, 2};

Record record(std::initializer_list<std::uint64_t> counters) {
  Record made;
  for (const std::uint64_t counter : counters) {
    const Dot dot{{Incarnation::of(1, counter), 1}, counter};
    made.clock.raise(dot);
    made.siblings.push_back(Sibling{.dot = dot, .hlc = {counter}, .request = {1, counter}, .value = Blob("v")});
  }
  return made;
}

Fetched whole(const Record& state) {
  Fetched reply;
  reply.state = std::make_shared<const Record>(state);
  return reply;
}

Fetched digest(const Record& state) {
  Fetched reply;
  reply.digest = state_digest(kSlot, state);
  return reply;
}

TEST(StateDigest, IsOfCausalityAloneAndNeverZero) {
  Record other_value = record({1});
  other_value.siblings.front().value = Blob("w");
  EXPECT_EQ(state_digest(kSlot, record({1})), state_digest(kSlot, other_value));
  EXPECT_NE(state_digest(kSlot, record({1})), state_digest(kSlot, record({2})));
  EXPECT_NE(state_digest(kSlot, Record{}), Hash128{});
  EXPECT_NE(state_digest(kSlot, record({1})), state_digest(Slot{1, 3}, record({1})));
}

TEST(ReadAnswers, AreExplainedByARecordWithTheirDigest) {
  ReadAnswers answers(Kind::siblings, kSlot);
  answers.add({2}, digest(record({1})));
  EXPECT_FALSE(answers.knows({2}));
  EXPECT_FALSE(answers.has_state());
  answers.add({1}, whole(record({1})));
  EXPECT_THAT(answers.known(), ElementsAre(NodeId{1}, NodeId{2}));
  EXPECT_THAT(answers.unexplained(), IsEmpty());
  EXPECT_THAT(answers.behind(), IsEmpty());
  EXPECT_FALSE(answers.differed());
}

// One record explains all that share its digest: one of them is asked.
TEST(ReadAnswers, AskOneOfThoseThatDifferInTheSameWay) {
  ReadAnswers answers(Kind::siblings, kSlot);
  answers.add({1}, whole(record({1})));
  answers.add({2}, digest(record({2})));
  answers.add({3}, digest(record({2})));
  EXPECT_THAT(answers.unexplained(), ElementsAre(NodeId{2}));
  EXPECT_TRUE(answers.is_unexplained({3}));
  answers.add({2}, whole(record({2})));
  EXPECT_EQ(answers.merged(), record({1, 2}));
  EXPECT_THAT(answers.known(), ElementsAre(NodeId{1}, NodeId{2}, NodeId{3}));
  EXPECT_THAT(answers.behind(), ElementsAre(NodeId{1}, NodeId{2}, NodeId{3}));
  EXPECT_TRUE(answers.differed());
}

TEST(ReadAnswers, KnowThatNothingIsNothing) {
  ReadAnswers answers(Kind::siblings, kSlot);
  answers.add({1}, Fetched{});
  EXPECT_TRUE(answers.knows({1}));
  EXPECT_TRUE(answers.has_state());
  EXPECT_THAT(answers.behind(), IsEmpty());
  answers.add({2}, whole(record({1})));
  EXPECT_THAT(answers.behind(), ElementsAre(NodeId{1}));
}

TEST(ReadAnswers, RememberTheLatestOfAReplica) {
  ReadAnswers answers(Kind::siblings, kSlot);
  answers.add({1}, whole(record({1})));
  answers.add({1}, whole(record({1, 2})));
  EXPECT_THAT(answers.behind(), IsEmpty());
  EXPECT_EQ(answers.merged(), record({1, 2}));
}

}  // namespace
}  // namespace shoal
