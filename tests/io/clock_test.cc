#include "node/io/clock.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using std::chrono::milliseconds;

TEST(Until, WhatIsDueIsNotWaitedFor) {
  EXPECT_EQ(until(read_clock().mono), milliseconds(0));
  EXPECT_EQ(until(Instant::min()), milliseconds(0));
}

TEST(Until, IsNeverMoreThanASecond) {
  EXPECT_EQ(until(kNever), milliseconds(1000));
  EXPECT_EQ(until(read_clock().mono + std::chrono::hours(1)), milliseconds(1000));
}

TEST(Until, IsRoundedUp) {
  const milliseconds left = until(read_clock().mono + milliseconds(900));
  EXPECT_GT(left, milliseconds(0));
  EXPECT_LE(left, milliseconds(900));
}

}  // namespace
}  // namespace shoal
