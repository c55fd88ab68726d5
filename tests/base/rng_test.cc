// The golden values were computed by a second implementation of the published algorithms. They must never change: a
// recorded seed is worth nothing once it means another run.
#include "node/base/rng.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <set>
#include <vector>

namespace shoal {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

std::vector<std::uint64_t> draws(Rng rng, int count) {
  std::vector<std::uint64_t> out;
  for (int i = 0; i < count; ++i) out.push_back(rng.next());
  return out;
}

// Bits in which two streams differ, on average over `count` draws: 32 when they have nothing to do with each other.
double mean_distance(Rng a, Rng b, int count) {
  int differing = 0;
  for (int i = 0; i < count; ++i) differing += std::popcount(a.next() ^ b.next());
  return static_cast<double>(differing) / count;
}

TEST(Rng, NeverChangesSilently) {
  using Values = std::vector<std::uint64_t>;
  EXPECT_EQ(draws(Rng(0), 4),
            (Values{0x99ec5f36cb75f2b4u, 0xbf6e1f784956452au, 0x1a5f849d4933e6e0u, 0x6aa594f1262d2d2cu}));
  EXPECT_EQ(draws(Rng(42), 4),
            (Values{0x15780b2e0c2ec716u, 0x6104d9866d113a7eu, 0xae17533239e499a1u, 0xecb8ad4703b360a1u}));
}

TEST(Rng, ForksNeverChangeSilently) {
  EXPECT_EQ(draws(Rng(42).fork("network"), 3),
            (std::vector<std::uint64_t>{0x9a4fb43050a0e793u, 0xd542649241740cdeu, 0x47ff1ba3c9b83c40u}));
}

TEST(Rng, BoundedDrawsNeverChangeSilently) {
  Rng rng(7);
  std::vector<std::uint64_t> digits;
  for (int i = 0; i < 12; ++i) digits.push_back(rng.below(10));
  EXPECT_EQ(digits, (std::vector<std::uint64_t>{4, 4, 8, 4, 4, 1, 6, 6, 8, 9, 3, 6}));
}

TEST(RngFork, DoesNotMoveItsParent) {
  Rng parent(5);
  Rng child = parent.fork("disk");
  for (int i = 0; i < 100; ++i) child.next();
  EXPECT_EQ(draws(parent, 20), draws(Rng(5), 20));
}

TEST(RngFork, IsTheSameForOneNameAndAnotherForAnother) {
  const Rng parent(5);
  EXPECT_EQ(draws(parent.fork("disk"), 20), draws(parent.fork("disk"), 20));
  EXPECT_NE(draws(parent.fork("disk"), 1), draws(parent.fork("network"), 1));
  EXPECT_NE(draws(parent.fork("ab"), 1), draws(parent.fork("ba"), 1));
}

TEST(RngFork, DependsOnTheSeed) { EXPECT_NE(draws(Rng(5).fork("disk"), 1), draws(Rng(6).fork("disk"), 1)); }

TEST(RngFork, StreamsAreUnrelated) {
  const Rng parent(5);
  EXPECT_NEAR(mean_distance(parent.fork("node-1"), parent.fork("node-2"), 4096), 32, 0.5);
  EXPECT_NEAR(mean_distance(parent, parent.fork("node-1"), 4096), 32, 0.5);
  EXPECT_NEAR(mean_distance(parent, parent.fork(""), 4096), 32, 0.5);
}

TEST(RngBelow, StaysUnderEveryBound) {
  Rng rng(1);
  for (const std::uint64_t bound : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{1000},
                                    std::uint64_t{1} << 63, (std::uint64_t{1} << 63) + 1, kMax})
    for (int i = 0; i < 1000; ++i) ASSERT_LT(rng.below(bound), bound) << "bound " << bound;
}

TEST(RngBelow, ReachesEveryValueOfASmallRange) {
  Rng rng(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(rng.below(7));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
}

// A plain remainder would draw the lowest third of this range half of the time.
TEST(RngBelow, FavoursNoValueWhereARemainderWould) {
  Rng rng(1);
  constexpr std::uint64_t kThird = std::uint64_t{1} << 62;
  int low = 0;
  for (int i = 0; i < 30'000; ++i) low += rng.below(3 * kThird) < kThird ? 1 : 0;
  EXPECT_NEAR(low, 10'000, 400);
}

TEST(RngBelow, RefusesAnEmptyRange) {
  Rng rng(1);
  EXPECT_DEATH(rng.below(0), "bound > 0");
}

TEST(RngBetween, IncludesBothEnds) {
  Rng rng(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(rng.between(5, 7));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{5, 6, 7}));
  EXPECT_EQ(rng.between(kMax, kMax), kMax);
}

TEST(RngChance, IsNeverAtZeroAlwaysAtAMillionAndAboutAThirdBetween) {
  Rng rng(1);
  int third = 0;
  for (int i = 0; i < 30'000; ++i) {
    ASSERT_FALSE(rng.chance(0));
    ASSERT_TRUE(rng.chance(1'000'000));
    third += rng.chance(333'333) ? 1 : 0;
  }
  EXPECT_NEAR(third, 10'000, 400);
}

}  // namespace
}  // namespace shoal
