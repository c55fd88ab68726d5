// What a learner may conclude from the answers of a majority.
#include "node/paxos/learner.h"

#include <gtest/gtest.h>

#include "tests/paxos/kit.h"

namespace shoal::paxos {
namespace {

TEST(Learner, KnowsWhatAMajorityHasAcceptedAtOneBallot) {
  Learner<int> learner(three());
  learner.heard(node(1), ballot(2));
  learner.knows(ballot(2), 7);
  EXPECT_FALSE(learner.is_chosen());
  learner.heard(node(2), ballot(2));
  EXPECT_TRUE(learner.is_chosen());
  EXPECT_EQ(*learner.value(), 7);
}

TEST(Learner, LearnsThatNothingWasEverChosen) {
  Learner<int> learner(three());
  learner.heard(node(1), {});
  learner.heard(node(3), {});
  EXPECT_TRUE(learner.is_chosen());
  EXPECT_EQ(learner.value(), nullptr);
}

// Taking the newest answer of a majority would show a value that may never be chosen.
TEST(Learner, DoesNotTrustOneNewerAnswer) {
  Learner<int> learner(three());
  learner.heard(node(1), ballot(2));
  learner.heard(node(2), ballot(3));
  EXPECT_TRUE(learner.has_majority());
  EXPECT_FALSE(learner.is_chosen());
}

// A majority at a lower ballot was chosen once; somebody has begun something newer since.
TEST(Learner, DoesNotTrustAMajorityBelowTheHighestBallot) {
  Learner<int> learner(three());
  learner.heard(node(1), ballot(2));
  learner.heard(node(2), ballot(2));
  learner.heard(node(3), ballot(3));
  EXPECT_FALSE(learner.is_chosen());
}

TEST(Learner, HearsVotersAlone) {
  Learner<int> learner(three());
  learner.heard(node(8), ballot(2));
  learner.heard(node(9), ballot(2));
  EXPECT_FALSE(learner.has_majority());
}

}  // namespace
}  // namespace shoal::paxos
