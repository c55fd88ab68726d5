// An acceptor's two rules: promises never go down, and nothing is accepted below one.
#include "node/paxos/acceptor.h"

#include <gtest/gtest.h>

#include "tests/paxos/kit.h"

namespace shoal::paxos {
namespace {

TEST(Acceptor, PromisesWhatIsHigherAndRepeatsItself) {
  Acceptor<int> acceptor;
  EXPECT_TRUE(acceptor.prepare(ballot(2)));
  EXPECT_TRUE(acceptor.prepare(ballot(2))) << "the first answer was lost";
  EXPECT_FALSE(acceptor.prepare(ballot(1)));
  EXPECT_FALSE(acceptor.prepare(ballot(2, 0))) << "the same counter of another proposer is another ballot";
  EXPECT_EQ(acceptor.promised, ballot(2));
  EXPECT_TRUE(acceptor.accepted.is_none());
}

TEST(Acceptor, AcceptsNothingBelowItsPromise) {
  Acceptor<int> acceptor;
  ASSERT_TRUE(acceptor.prepare(ballot(3)));
  EXPECT_FALSE(acceptor.accept(ballot(2), 7));
  EXPECT_TRUE(acceptor.accepted.is_none());
  EXPECT_TRUE(acceptor.accept(ballot(3), 8));
  EXPECT_EQ(acceptor.accepted, ballot(3));
  EXPECT_EQ(acceptor.value, 8);
}

// Who missed the first phase may take part in the second; it then promises as well.
TEST(Acceptor, AcceptsABallotThatItNeverPromised) {
  Acceptor<int> acceptor;
  EXPECT_TRUE(acceptor.accept(ballot(4), 9));
  EXPECT_EQ(acceptor.promised, ballot(4));
  EXPECT_FALSE(acceptor.prepare(ballot(3)));
}

TEST(Acceptor, KeepsWhatItAcceptedWhenItPromisesMore) {
  Acceptor<int> acceptor;
  ASSERT_TRUE(acceptor.accept(ballot(1), 5));
  ASSERT_TRUE(acceptor.prepare(ballot(9)));
  EXPECT_EQ(acceptor.accepted, ballot(1));
  EXPECT_EQ(acceptor.value, 5);
}

}  // namespace
}  // namespace shoal::paxos
