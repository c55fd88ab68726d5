// How old a frame is, by two clocks that agree on nothing.
#include "node/io/frame_age.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using namespace std::chrono_literals;

// The sender's clock shows `offset` less than ours.
class FrameAgeTest : public testing::Test {
 protected:
  // A frame that is made now and takes this long.
  Duration after(Duration took) {
    const Instant sent = now_ - offset_;
    now_ += took;
    return age_.observe(sent, now_);
  }
  void pass(Duration span) { now_ += span; }

  FrameAge age_;
  Duration offset_ = 5h;
  Instant now_{std::chrono::hours(100)};
};

TEST_F(FrameAgeTest, IsWhatAFrameTookBeyondTheBest) {
  EXPECT_EQ(after(3ms), 0ms);
  EXPECT_EQ(after(10ms), 7ms);
  EXPECT_EQ(after(1ms), 0ms);  // the best so far
  EXPECT_EQ(after(10ms), 9ms);
}

TEST_F(FrameAgeTest, IsTheSameWhicheverClockIsAhead) {
  offset_ = -5h;
  EXPECT_EQ(after(3ms), 0ms);
  EXPECT_EQ(after(10ms), 7ms);
}

TEST_F(FrameAgeTest, ForgetsTheBestWithinTwoHalves) {
  after(1ms);
  pass(31s);
  EXPECT_EQ(after(5ms), 4ms);  // remembered for another half
  pass(31s);
  EXPECT_EQ(after(5ms), 0ms);
}

TEST_F(FrameAgeTest, FollowsClocksThatDrift) {
  after(1ms);
  for (int i = 0; i < 100; ++i) {
    pass(10s);
    offset_ += 1ms;  // a hundred parts in a million
    EXPECT_LE(after(1ms), 7ms);
  }
}

// A suspended machine's monotonic clock stands still.
TEST_F(FrameAgeTest, StartsAnewWhenTheClocksHaveMoved) {
  after(1ms);
  offset_ += 1h;
  EXPECT_EQ(after(1ms), 0ms);
  EXPECT_EQ(after(3ms), 2ms);
  offset_ -= 2h;
  EXPECT_EQ(after(1ms), 0ms);
}

TEST_F(FrameAgeTest, OfAPausedReaderIsItsPause) {
  after(1ms);
  EXPECT_EQ(after(30s), 30s - 1ms);
}

}  // namespace
}  // namespace shoal
