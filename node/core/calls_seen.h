// Which forwarded writes have arrived here, so that one that a link delivers twice is not judged twice.
//
// Bad run that this prevents: the first copy is refused, because the disk is full, and the client is told "certainly
// not applied". The second copy arrives when there is space again, and the write happens after all.
//
// Bounded: the oldest is forgotten first.
#pragma once

#include <deque>
#include <set>
#include <utility>

#include "node/base/ids.h"

namespace shoal {

class CallsSeen {
 public:
  static constexpr std::size_t kCallsMax = 16'384;

  // False when this call of this peer has been here before. Calls are unique per process start of the peer.
  bool first_time(NodeId peer, CallId call) {
    if (!seen_.emplace(peer, call).second) return false;
    oldest_.emplace_back(peer, call);
    if (oldest_.size() > kCallsMax) {
      seen_.erase(oldest_.front());
      oldest_.pop_front();
    }
    return true;
  }

 private:
  std::set<std::pair<NodeId, CallId>> seen_;
  std::deque<std::pair<NodeId, CallId>> oldest_;
};

}  // namespace shoal
