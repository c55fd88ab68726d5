// Majorities, of one set of voters and of two.
#include "node/paxos/electorate.h"

#include <gmock/gmock.h>

#include "tests/paxos/kit.h"

namespace shoal::paxos {
namespace {

using testing::ElementsAre;

TEST(Electorate, NeedsMoreThanHalf) {
  const Electorate four{{node(1), node(2), node(3), node(4)}};
  EXPECT_FALSE(four.is_majority({node(1), node(2)}));
  EXPECT_TRUE(four.is_majority({node(1), node(2), node(4)}));
  EXPECT_FALSE(four.is_majority({node(1), node(2), node(9)})) << "who does not vote does not count";
  EXPECT_TRUE(Electorate{{node(1)}}.is_majority({node(1)}));
}

TEST(Electorate, WithoutVotersDecidesNothing) {
  EXPECT_FALSE(Electorate({}).is_majority({node(1)}));
  EXPECT_TRUE(Electorate({}).is_blocked_by({}));
}

TEST(Electorate, OfTwoSetsNeedsBothMajorities) {
  const Electorate joint{{node(1), node(2), node(3)}, {node(3), node(4), node(5)}};
  EXPECT_THAT(joint.voters(), ElementsAre(node(1), node(2), node(3), node(4), node(5)));
  EXPECT_FALSE(joint.is_majority({node(1), node(2), node(3)}));
  EXPECT_FALSE(joint.is_majority({node(3), node(4), node(5)}));
  EXPECT_TRUE(joint.is_majority({node(1), node(3), node(4)}));
}

TEST(Electorate, IsBlockedWhenOneSetCannotAgreeAnyMore) {
  const Electorate joint{{node(1), node(2), node(3)}, {node(4)}};
  EXPECT_FALSE(joint.is_blocked_by({node(1)}));
  EXPECT_TRUE(joint.is_blocked_by({node(1), node(2)}));
  EXPECT_TRUE(joint.is_blocked_by({node(4)}));
}

}  // namespace
}  // namespace shoal::paxos
