// One attempt, from the first promise to the choice.
#include "node/paxos/proposer.h"

#include <gmock/gmock.h>

#include "tests/paxos/kit.h"

namespace shoal::paxos {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using State = Proposer<int>::State;

TEST(Proposer, ChoosesWithAMajorityInBothPhases) {
  Proposer<int> proposer(three(), ballot(5));
  EXPECT_EQ(proposer.on_promise(node(1), {}, 0), State::preparing);
  EXPECT_THAT(proposer.silent(), ElementsAre(node(2), node(3)));
  EXPECT_EQ(proposer.on_promise(node(2), {}, 0), State::promised);
  EXPECT_EQ(proposer.current(), nullptr);
  EXPECT_FALSE(proposer.proposed());
  proposer.propose(7);
  EXPECT_TRUE(proposer.proposed());
  EXPECT_THAT(proposer.silent(), ElementsAre(node(1), node(2), node(3)));
  EXPECT_EQ(proposer.on_accepted(node(2)), State::accepting);
  EXPECT_EQ(proposer.on_accepted(node(2)), State::accepting) << "a duplicate is no second vote";
  EXPECT_EQ(proposer.on_accepted(node(3)), State::chosen);
  EXPECT_EQ(proposer.value(), 7);
}

TEST(Proposer, BuildsOnTheHighestBallotThatItIsToldOf) {
  Proposer<int> proposer(three(), ballot(5));
  proposer.on_promise(node(1), ballot(2), 20);
  proposer.on_promise(node(3), ballot(4), 40);
  ASSERT_NE(proposer.current(), nullptr);
  EXPECT_EQ(*proposer.current(), 40);
}

TEST(Proposer, IsOutbidAndKnowsByWhat) {
  Proposer<int> proposer(three(), ballot(5));
  EXPECT_EQ(proposer.on_conflict(ballot(9, 2)), State::outbid);
  EXPECT_EQ(above(proposer.highest(), Incarnation{1}), ballot(10));
  EXPECT_FALSE(proposer.proposed()) << "nothing was ever sent to be accepted";
}

TEST(Proposer, StaysInDoubtWhenItIsOutbidInTheSecondPhase) {
  Proposer<int> proposer(three(), ballot(5));
  proposer.on_promise(node(1), {}, 0);
  proposer.on_promise(node(2), {}, 0);
  proposer.propose(7);
  EXPECT_EQ(proposer.on_conflict(ballot(6, 2)), State::outbid);
  EXPECT_TRUE(proposer.proposed());
  EXPECT_EQ(proposer.on_accepted(node(1)), State::outbid) << "an attempt that has ended stays so";
}

TEST(Proposer, IsBlockedWhenAMajorityCannotVote) {
  Proposer<int> proposer(three(), ballot(5));
  EXPECT_EQ(proposer.on_refused(node(1)), State::preparing);
  EXPECT_EQ(proposer.on_refused(node(1)), State::preparing);
  EXPECT_EQ(proposer.on_refused(node(2)), State::blocked);
}

TEST(Proposer, LateAnswersChangeNothing) {
  Proposer<int> proposer({{node(1)}}, ballot(5));
  proposer.on_promise(node(1), {}, 0);
  proposer.propose(7);
  ASSERT_EQ(proposer.on_accepted(node(1)), State::chosen);
  EXPECT_EQ(proposer.on_conflict(ballot(9)), State::chosen);
  EXPECT_EQ(proposer.on_refused(node(1)), State::chosen);
  EXPECT_THAT(proposer.silent(), IsEmpty());
}

}  // namespace
}  // namespace shoal::paxos
