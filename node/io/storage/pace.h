// Pace: how hard the checkpointer works, and how long clients wait, so that neither a full overlay nor a busy disk
// comes as a surprise.
//
// The idea: what is left to move into LMDB (the active generation, and of the frozen one what has not been moved yet)
// is about one generation when as much leaves as comes, whatever the moment. So it is what to steer by: up to that the
// checkpointer rests, a quarter above it no longer does; beyond, each commit is reported a little later, and clients
// that wait for it bring less. The delay grows with the square of the excess, so it settles where both rates meet, far
// from the bound at which clients are refused. Refusing is left for those who do not wait: thousands of clients at
// once, and `relaxed`.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace shoal {

struct Pace {
  double pressure = 0;                // for the checkpointer: 0 rest, 1 do not
  std::chrono::microseconds delay{};  // for each commit

  // Bytes: left to move, of a generation, and at which clients are refused. `log`: its share of what it may take;
  // beyond three quarters it counts as the overlay does (overwriting a few keys fills a log and no overlay).
  static Pace of(double left, double log, std::size_t generation, std::size_t refused) {
    constexpr std::chrono::duration<double> kDelayMax = std::chrono::milliseconds(50);
    const auto room = static_cast<double>(generation);
    left = std::max(left, log > 0.75 ? room + (4 * log - 3) * (static_cast<double>(refused) - room) : 0.0);
    const double free_until = 1.25 * room;
    const double full = std::max(static_cast<double>(refused) - room, free_until + 1);  // a moved one still counts
    const double excess = std::clamp((left - free_until) / (full - free_until), 0.0, 1.0);
    return {.pressure = std::clamp((left - room) / (free_until - room), 0.0, 1.0),
            .delay = std::chrono::duration_cast<std::chrono::microseconds>(kDelayMax * excess * excess)};
  }
};

}  // namespace shoal
