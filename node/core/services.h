// What the coordinators of one node share.
#pragma once

#include <algorithm>
#include <map>
#include <span>
#include <vector>

#include "gossip/liveness.h"
#include "node/base/ids.h"
#include "node/core/event_log.h"
#include "node/core/formation.h"
#include "node/core/hints.h"
#include "node/core/message.h"
#include "node/core/outbox.h"
#include "node/core/repair_marks.h"
#include "node/core/replica.h"
#include "node/core/trace.h"
#include "node/ring/preference_list.h"

namespace shoal {

// Who is believed to be up. A node never heard of is given the benefit of the doubt.
class Peers {
 public:
  void set(NodeId node, Liveness liveness) { states_[node] = liveness; }
  [[nodiscard]] Liveness of(NodeId node) const {
    const auto it = states_.find(node);
    return it != states_.end() ? it->second : Liveness::alive;
  }
  [[nodiscard]] bool reachable(NodeId node) const { return of(node) != Liveness::dead; }
  [[nodiscard]] int reachable_among(std::span<const NodeId> nodes) const {
    return static_cast<int>(std::ranges::count_if(nodes, [this](NodeId node) { return reachable(node); }));
  }

 private:
  std::map<NodeId, Liveness> states_;
};

struct Services {
  NodeId self;
  bool sync = true;
  Replica& replica;
  Hints& hints;
  RepairMarks& repair_marks;
  Formation& formation;
  Outbox& outbox;
  Peers& peers;
  Trace& trace;
  EventLog& events;
  std::uint64_t next_call = 1;

  CallId new_call() { return CallId{next_call++}; }

  // Answers whoever asked: a client directly, a peer that forwarded a client's request through Forwarded.
  void reply(const Address& asker, ClientReply reply) {
    const CallId call = std::visit([](const auto& r) { return r.call; }, reply);
    if (std::holds_alternative<NodeId>(asker)) return outbox.send(asker, Forwarded{call, std::move(reply)});
    std::visit([&](auto& r) { outbox.send(asker, std::move(r)); }, reply);
  }
};

}  // namespace shoal
