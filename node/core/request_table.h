// Which dot a client's request made here, so that a retry of it does not make a second one.
//
// Bounded: the oldest is forgotten first. A retry that comes later than that, or to another node, makes a second dot
// of the same request, and readers see it once.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "node/base/ids.h"
#include "vclock/dot.h"

namespace shoal {

class RequestTable {
 public:
  static constexpr std::size_t kRequestsMax = 65'536;

  // Nothing is remembered of a write without an id, and the first dot of a request stays.
  void remember(const RequestId& request, const Dot& dot);
  [[nodiscard]] std::optional<Dot> find(const RequestId& request) const;

 private:
  std::map<RequestId, Dot> dots_;
  std::deque<RequestId> oldest_;
};

}  // namespace shoal
