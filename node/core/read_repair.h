// Read repair: owners that a read found behind are sent what it merged, in the background.
//
// Fire and forget: the reader has its answer, a lost repair is made up for by the next read or by anti-entropy. The
// acknowledgements serve only to know how many repairs are on their way.
//
// Invariants:
//  (1) At most kOutstandingMax repairs are unanswered; over it they are skipped and marked.
//  (2) Only owners are repaired: a fallback that was sent a state would hold what nobody asks it to hand over.
#pragma once

#include <cstddef>
#include <map>

#include "node/base/time.h"
#include "node/core/services.h"

namespace shoal {

class ReadRepair {
 public:
  static constexpr std::size_t kOutstandingMax = 256;
  static constexpr Duration kForgottenAfter = std::chrono::seconds(2);  // an answer that late will not come

  explicit ReadRepair(Services& services) : services_(services) {}

  void send(NodeId owner, const Key& key, Kind kind, const RecordPtr& state, Instant now);
  // True when this acknowledges a repair.
  bool on_replicated(const Replicated& reply) { return sent_.erase(reply.call) > 0; }

 private:
  Services& services_;
  std::map<CallId, Instant> sent_;  // calls ascend with time
};

}  // namespace shoal
