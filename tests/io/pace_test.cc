#include "node/io/storage/pace.h"

#include <gtest/gtest.h>

namespace shoal::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRoom = 100;
constexpr std::size_t kRefused = 400;

TEST(Pace, UpToOneGenerationTheCheckpointerRestsAndNobodyWaits) {
  for (const double left : {0.0, 50.0, 100.0}) {
    EXPECT_EQ(Pace::of(left, 0, kRoom, kRefused).pressure, 0) << left;
    EXPECT_EQ(Pace::of(left, 0, kRoom, kRefused).delay, 0us) << left;
  }
}

TEST(Pace, TheCheckpointerGoesFirst) {
  EXPECT_GT(Pace::of(110, 0, kRoom, kRefused).pressure, 0);
  EXPECT_EQ(Pace::of(125, 0, kRoom, kRefused).pressure, 1);
  EXPECT_EQ(Pace::of(125, 0, kRoom, kRefused).delay, 0us);
}

// More is never less; at the bound at which clients are refused they have been slowed for long.
TEST(Pace, BothGrowWithWhatIsLeft) {
  Pace before;
  for (double left = 0; left < 2 * kRefused; ++left) {
    const Pace now = Pace::of(left, 0, kRoom, kRefused);
    EXPECT_GE(now.pressure, before.pressure);
    EXPECT_GE(now.delay, before.delay);
    before = now;
  }
  EXPECT_EQ(before.pressure, 1);
  EXPECT_EQ(before.delay, 50ms);
  EXPECT_EQ(Pace::of(kRefused - kRoom, 0, kRoom, kRefused).delay, 50ms);
}

// A few keys written again and again fill the log and not the overlay.
TEST(Pace, ALongLogCountsAsAFullOverlayDoes) {
  EXPECT_EQ(Pace::of(0, 0.75, kRoom, kRefused).pressure, 0);
  EXPECT_GT(Pace::of(0, 0.76, kRoom, kRefused).pressure, 0);
  EXPECT_EQ(Pace::of(0, 0.78, kRoom, kRefused).pressure, 1);
  EXPECT_GT(Pace::of(0, 0.9, kRoom, kRefused).delay, 0us);
  EXPECT_EQ(Pace::of(0, 1, kRoom, kRefused).delay, 50ms);
}

TEST(Pace, AnOverlayOfLittleRoomIsNoTrouble) {
  EXPECT_EQ(Pace::of(0, 0, 0, 0).delay, 0us);
  EXPECT_EQ(Pace::of(1'000, 0, 100, 100).delay, 50ms);
}

}  // namespace
}  // namespace shoal::test
