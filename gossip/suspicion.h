// Suspicion: how long a member that does not answer is given to refute that it is dead.
//
// Starts at the maximum and shrinks towards the minimum with every further member that suspects it independently. A
// member that is slow itself, and so suspects healthy ones, finds nobody to confirm, and waits the longest.
//
//   timeout = max(min, max - (max - min) * log(C + 1) / log(K + 1))      C confirmations of K wanted
//
// (Lifeguard, Dadgar, Phillips and Currey, arXiv:1707.00788, section IV-B; numbers as in memberlist.)
// Logarithms are rounded to milliseconds, so that no platform decides differently.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "node/base/ids.h"
#include "node/base/time.h"

namespace shoal {

struct SuspicionRange {
  Duration min;
  Duration max;
  int wanted = 3;  // K; 0: nobody else is there who could confirm, the minimum holds at once
};

Duration suspicion_timeout(int confirmed, const SuspicionRange& range);

// `base` times max(1, log10 n): the more members, the longer a rumour and its refutation travel.
Duration scaled_by_size(Duration base, std::size_t n);

class Suspicion {
 public:
  Suspicion(NodeId accuser, const SuspicionRange& range, Instant now)
      : accusers_{accuser}, range_(range), started_(now) {}

  // True when this accuser is a new one and shortens the wait: then it is worth telling others.
  bool confirm(NodeId accuser);

  [[nodiscard]] NodeId first_accuser() const { return accusers_.front(); }
  [[nodiscard]] Instant deadline() const {
    return started_ + suspicion_timeout(static_cast<int>(accusers_.size()) - 1, range_);
  }

  // This process did not run for so long: the time does not count. Never more than has passed since the start.
  void excuse(Duration late, Instant now) { started_ = std::min(started_ + late, now); }

 private:
  std::vector<NodeId> accusers_;  // the first one and at most `wanted` more
  SuspicionRange range_;
  Instant started_;
};

}  // namespace shoal
