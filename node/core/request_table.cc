#include "node/core/request_table.h"

namespace shoal {

void RequestTable::remember(const RequestId& request, const Dot& dot) {
  if (request == RequestId{} || !dots_.emplace(request, dot).second) return;
  oldest_.push_back(request);
  if (oldest_.size() <= kRequestsMax) return;
  dots_.erase(oldest_.front());
  oldest_.pop_front();
}

std::optional<Dot> RequestTable::find(const RequestId& request) const {
  const auto it = dots_.find(request);
  return it != dots_.end() ? std::optional(it->second) : std::nullopt;
}

}  // namespace shoal
