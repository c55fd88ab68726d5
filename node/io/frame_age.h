// Frame age: how much longer than at best a frame was on its way, without any agreement between two clocks.
//
// The idea: (own clock - sender's clock) is the clocks' offset plus the time under way. The least value seen lately is
// the offset plus the best time; what a frame shows above it is time that it spent in queues, in a backlog, or in a
// process that slept. Two halves of a window, so that drift of the clocks is forgotten.
//
// Bad run that kTooOld prevents: a machine is suspended for an hour, its monotonic clock stands still, and afterwards
// all that it sends would look an hour old until the window has passed. No request lives that long, so such a
// difference says that the clocks have moved: the window starts anew.
//
// One of these per life of a sender: another life may run on another clock.
#pragma once

#include <algorithm>
#include <optional>

#include "node/base/time.h"

namespace shoal {

class FrameAge {
 public:
  static constexpr Duration kHalf = std::chrono::seconds(30);
  static constexpr Duration kTooOld = std::chrono::minutes(2);

  // The age of a frame that was made at `sent`, by its sender's clock, and is read now.
  Duration observe(Instant sent, Instant now) {
    const Duration difference = now - sent;
    if (began_ && difference - least() > kTooOld) began_.reset();
    if (!began_) {
      older_ = newer_ = difference;
      began_ = now;
    } else if (now - *began_ >= kHalf) {
      older_ = newer_;
      newer_ = difference;
      began_ = now;
    }
    newer_ = std::min(newer_, difference);
    return difference - least();
  }

 private:
  [[nodiscard]] Duration least() const { return std::min(older_, newer_); }

  std::optional<Instant> began_;  // the newer half
  Duration newer_{};
  Duration older_{};
};

}  // namespace shoal
