// The machine's clocks, read once a turn. The only place of a node that asks them.
#pragma once

#include <chrono>

#include "node/base/time.h"

namespace shoal {

inline Now read_clock() {
  const auto mono = std::chrono::steady_clock::now().time_since_epoch();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return {Instant(std::chrono::duration_cast<Duration>(mono)),
          WallTime{std::chrono::duration_cast<std::chrono::milliseconds>(wall).count()}};
}

// How long a poll may wait for `deadline`: rounded up, so that a due timer is due when the poll returns; at most one
// second, so that nothing sleeps through a change nobody announced.
inline std::chrono::milliseconds until(Instant deadline) {
  constexpr std::chrono::milliseconds kLongest{1000};
  const Instant now = read_clock().mono;
  if (deadline <= now)
    return std::chrono::milliseconds(0);  // also Instant::min(), from which nothing can be taken away
  return deadline - now < kLongest ? std::chrono::ceil<std::chrono::milliseconds>(deadline - now) : kLongest;
}

}  // namespace shoal
