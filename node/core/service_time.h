// Service time: how long a write takes here from its arrival to its place on the disk, smoothed. One measurement per
// commit, of the first write in it, which waited longest.
#pragma once

#include <algorithm>
#include <deque>

#include "node/base/ids.h"
#include "node/base/time.h"

namespace shoal {

class ServiceTime {
 public:
  void waits(CommitId commit, Instant now) {
    if (commit > durable_ && (waiting_.empty() || waiting_.back().commit < commit)) waiting_.push_back({commit, now});
  }
  void durable(CommitId commit, Instant now) {
    durable_ = std::max(durable_, commit);
    for (; !waiting_.empty() && waiting_.front().commit <= commit; waiting_.pop_front()) {
      const Duration took = now - waiting_.front().since;
      smoothed_ = smoothed_ == Duration{} ? took : (9 * smoothed_ + took) / 10;
    }
  }
  // Zero before the first measurement.
  [[nodiscard]] Duration smoothed() const { return smoothed_; }

 private:
  struct Waiting {
    CommitId commit;
    Instant since;
  };
  CommitId durable_;
  std::deque<Waiting> waiting_;  // at most one for each commit in flight
  Duration smoothed_{};
};

}  // namespace shoal
