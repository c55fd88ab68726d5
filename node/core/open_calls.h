// The requests that a coordinator has open, by call id, with their timers in order.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "node/base/ids.h"
#include "node/base/time.h"

namespace shoal {

// `Open` is what a coordinator remembers of one request. Each open call has one timer.
template <class Open>
class OpenCalls {
 public:
  Open& add(CallId call, Instant wake, Open open) {
    Slot& slot = calls_.emplace(call, Slot{wake, std::move(open)}).first->second;
    timers_.emplace(wake, call);
    return slot.open;
  }

  Open* find(CallId call) {
    const auto it = calls_.find(call);
    return it != calls_.end() ? &it->second.open : nullptr;
  }

  void wake_at(CallId call, Instant wake) {
    Slot& slot = calls_.at(call);
    timers_.erase({slot.wake, call});
    slot.wake = wake;
    timers_.emplace(wake, call);
  }

  // Takes the call out.
  Open close(CallId call) {
    auto node = calls_.extract(call);
    timers_.erase({node.mapped().wake, call});
    return std::move(node.mapped().open);
  }

  // The calls whose timer is due, oldest first.
  [[nodiscard]] std::vector<CallId> due(Instant now) const {
    std::vector<CallId> calls;
    for (auto it = timers_.begin(); it != timers_.end() && it->first <= now; ++it) calls.push_back(it->second);
    return calls;
  }

  [[nodiscard]] Instant next_deadline() const { return timers_.empty() ? kNever : timers_.begin()->first; }
  [[nodiscard]] std::size_t size() const { return calls_.size(); }

 private:
  struct Slot {
    Instant wake;
    Open open;
  };
  std::map<CallId, Slot> calls_;
  std::set<std::pair<Instant, CallId>> timers_;
};

}  // namespace shoal
