// Time is an argument. The core's clock has no now(): asking it the time does not compile.
#pragma once

#include <chrono>
#include <cstdint>

namespace shoal {

using Duration = std::chrono::nanoseconds;
using Millis = std::chrono::milliseconds;

struct CoreClock {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<CoreClock>;
  static constexpr bool is_steady = true;
};

// Monotonic: never jumps. Everything that waits uses it.
using Instant = CoreClock::time_point;
inline constexpr Instant kNever = Instant::max();

// Milliseconds since 1970, as the machine believes. Only hybrid clocks and expiry read it; it may jump.
struct WallTime {
  std::int64_t ms = 0;
  auto operator<=>(const WallTime&) const = default;
};

struct Now {
  Instant mono;
  WallTime wall;
};

}  // namespace shoal
