#include "vclock/version_vector.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "node/base/rng.h"

namespace shoal {
namespace {

constexpr Actor a{{1}, 1};
constexpr Actor b{{2}, 1};
constexpr Actor c{{3}, 1};

using Entries = std::vector<VersionVector::Entry>;

VersionVector vv(Entries entries) { return VersionVector(std::move(entries)); }

TEST(VersionVector, StartsEmptyAndKnowsNobody) {
  const VersionVector empty;
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(empty.at(a), 0u);
  EXPECT_FALSE(empty.covers({a, 1}));
}

TEST(VersionVector, CoversEveryDotUpToItsCounter) {
  const VersionVector v = vv({{a, 3}});
  EXPECT_TRUE(v.covers({a, 1}));
  EXPECT_TRUE(v.covers({a, 3}));
  EXPECT_FALSE(v.covers({a, 4}));
  EXPECT_FALSE(v.covers({b, 1}));
}

// An epoch is part of the name: what an actor did says nothing about the next one of the same node.
TEST(VersionVector, TellsEpochsApart) {
  const VersionVector v = vv({{{{1}, 1}, 9}});
  EXPECT_FALSE(v.covers({{{1}, 2}, 3}));
}

TEST(VersionVector, TakesEntriesInAnyOrderDuplicatedOrZero) {
  EXPECT_EQ(vv({{c, 1}, {a, 2}, {b, 0}, {a, 5}, {a, 3}}).entries(), (Entries{{a, 5}, {c, 1}}));
  EXPECT_EQ(vv({{a, 0}}), VersionVector());
}

TEST(VersionVector, HoldsTheHighestCounter) {
  constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();
  EXPECT_TRUE(vv({{a, kHighest}, {a, 1}}).covers({a, kHighest}));
}

TEST(VersionVectorRaise, AddsAndRaisesButNeverLowers) {
  VersionVector v;
  v.raise({b, 2});
  v.raise({a, 1});
  v.raise({b, 1});
  v.raise({c, 0});
  EXPECT_EQ(v.entries(), (Entries{{a, 1}, {b, 2}}));
  v.raise({b, 7});
  EXPECT_EQ(v.entries(), (Entries{{a, 1}, {b, 7}}));
}

TEST(VersionVectorJoin, IsThePointwiseMaximum) {
  VersionVector v = vv({{a, 1}, {b, 5}});
  v.join(vv({{a, 3}, {b, 2}, {c, 1}}));
  EXPECT_EQ(v, vv({{a, 3}, {b, 5}, {c, 1}}));
}

TEST(VersionVectorDescends, OrdersHistories) {
  const VersionVector early = vv({{a, 1}});
  const VersionVector late = vv({{a, 2}, {b, 1}});
  EXPECT_TRUE(late.descends(early));
  EXPECT_FALSE(early.descends(late));
  EXPECT_TRUE(early.descends(early));
  EXPECT_TRUE(early.descends({}));
  EXPECT_FALSE(early.concurrent_with(late));
  EXPECT_FALSE(early.concurrent_with(early));
}

TEST(VersionVectorDescends, NeitherOfTwoConcurrentOnes) {
  const VersionVector left = vv({{a, 2}, {b, 1}});
  const VersionVector right = vv({{a, 1}, {b, 2}});
  EXPECT_FALSE(left.descends(right));
  EXPECT_FALSE(right.descends(left));
  EXPECT_TRUE(left.concurrent_with(right));
  EXPECT_TRUE(right.concurrent_with(left));
}

// The lattice laws over all 64 vectors of three actors that count to three.
TEST(VersionVectorLaws, HoldInTheWholeSmallSpace) {
  std::vector<VersionVector> all;
  for (std::uint64_t i = 0; i < 64; ++i) all.push_back(vv({{a, i % 4}, {b, i / 4 % 4}, {c, i / 16}}));
  for (const VersionVector& x : all) {
    for (const VersionVector& y : all) {
      VersionVector xy = x;
      xy.join(y);
      VersionVector yx = y;
      yx.join(x);
      ASSERT_EQ(xy, yx);
      ASSERT_TRUE(xy.descends(x) && xy.descends(y));
      ASSERT_EQ(x.descends(y), xy == x);
      ASSERT_EQ(x.descends(y) && y.descends(x), x == y);
      ASSERT_EQ(x.concurrent_with(y), xy != x && xy != y);
      for (const VersionVector& z : all)  // the least upper bound
        ASSERT_EQ(z.descends(x) && z.descends(y), z.descends(xy));
    }
  }
}

}  // namespace
}  // namespace shoal
