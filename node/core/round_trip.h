// Round trip: how long to wait for one peer before asking again.
//
// The smoothed round-trip time plus four times its variation, as TCP does it; doubled for every time-out in a row, so
// that a peer in trouble is not asked ever faster. Jacobson, "Congestion Avoidance and Control" (1988); RFC 6298.
//
// Callers leave out answers to questions that were asked twice: nobody knows which one was answered (Karn's rule).
#pragma once

#include <algorithm>
#include <chrono>

#include "node/base/time.h"

namespace shoal {

class RoundTrip {
 public:
  static constexpr Duration kMin = std::chrono::milliseconds(10);
  static constexpr Duration kMax = std::chrono::seconds(2);
  static constexpr Duration kUnknown = std::chrono::milliseconds(30);  // before the first sample

  void sample(Duration took) {
    if (!known_) {
      smoothed_ = took;
      variation_ = took / 2;
    } else {
      variation_ = (3 * variation_ + std::max(smoothed_ - took, took - smoothed_)) / 4;
      smoothed_ = (7 * smoothed_ + took) / 8;
    }
    known_ = true;
    timeouts_ = 0;
  }
  void timed_out() { timeouts_ = std::min(timeouts_ + 1, kTimeoutsMax); }

  // Between kMin and kMax.
  [[nodiscard]] Duration timeout() const {
    const Duration once = known_ ? std::clamp(smoothed_ + 4 * variation_, kMin, kMax) : kUnknown;
    return std::min(kMax, once * (1 << timeouts_));
  }

 private:
  static constexpr int kTimeoutsMax = 8;  // kMin doubled this often is beyond kMax

  bool known_ = false;
  Duration smoothed_{};
  Duration variation_{};
  int timeouts_ = 0;
};

}  // namespace shoal
