// Who is believed to be up. A node never heard of is given the benefit of the doubt.
#pragma once

#include <algorithm>
#include <map>
#include <span>

#include "gossip/liveness.h"
#include "node/base/ids.h"

namespace shoal {

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

}  // namespace shoal
