// Watchman: notices what an operator would want to know of and writes it into the event log: who came and went, which
// membership document is in force, whether the store takes writes, for whom hints are kept. Knows since when each
// member is seen as it is.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "gossip/liveness.h"
#include "node/base/time.h"
#include "node/core/event_log.h"
#include "node/core/hints.h"
#include "node/ring/membership.h"

namespace shoal {

class Watchman {
 public:
  explicit Watchman(EventLog& events) : events_(events) {}

  // `before`: what was believed of it so far. The same belief again is no news.
  void liveness(const Membership& document, NodeId member, Liveness before, Liveness now_seen, WallTime wall);
  // The document in force; told at every turn. The first one is the one that the node started with.
  void document(const Membership& document, NodeId self, WallTime wall);
  // Why the store takes no writes, Errc::ok while it does. Being busy is no trouble.
  void store(const Error& trouble, WallTime wall);

  // What is kept for others, and whether there is room for more.
  void hints(const Membership& document, const Hints& hints, WallTime wall);
  // How many pairs of an owner and a partition have missed writes that nobody keeps.
  void repair_marks(std::size_t marks, WallTime wall);

  // Wall time at which the member became what it is seen as; 0: it was so from the start.
  [[nodiscard]] std::int64_t since_ms(NodeId member) const;

 private:
  EventLog& events_;
  std::map<NodeId, std::int64_t> since_ms_;
  Epoch epoch_;
  bool in_trouble_ = false;
  bool hints_full_ = false;
  bool marked_ = false;
  std::set<NodeId> hinted_;  // owners that something is kept for
};

}  // namespace shoal
