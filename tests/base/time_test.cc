#include "node/base/time.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace shoal {
namespace {

template <class Clock>
concept TellsTheTime = requires {
  Clock::now();
};

// Time is an argument of the core: asking its clock is a compile error.
static_assert(TellsTheTime<std::chrono::steady_clock>);
static_assert(!TellsTheTime<CoreClock>);

// A monotonic instant and the machine's belief about the date cannot be mixed up.
static_assert(!std::is_convertible_v<Instant, WallTime> && !std::is_convertible_v<WallTime, Instant>);
static_assert(!std::is_convertible_v<std::chrono::steady_clock::time_point, Instant>);

TEST(Instant, CountsNanoseconds) {
  const Instant start{};
  EXPECT_EQ((start + std::chrono::milliseconds(3) - start).count(), 3'000'000);
}

TEST(Instant, NeverIsAfterEverything) { EXPECT_GT(kNever, Instant{} + std::chrono::hours(24 * 365 * 200)); }

}  // namespace
}  // namespace shoal
