// Who is believed to be up. A node never heard of is given the benefit of the doubt.
#pragma once

#include <algorithm>
#include <map>
#include <span>
#include <vector>

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
  // In the order given.
  [[nodiscard]] std::vector<NodeId> reachable_of(std::span<const NodeId> nodes) const { return of(nodes, true); }
  [[nodiscard]] std::vector<NodeId> unreachable_of(std::span<const NodeId> nodes) const { return of(nodes, false); }

 private:
  [[nodiscard]] std::vector<NodeId> of(std::span<const NodeId> nodes, bool up) const {
    std::vector<NodeId> found;
    for (const NodeId node : nodes)
      if (reachable(node) == up) found.push_back(node);
    return found;
  }

  std::map<NodeId, Liveness> states_;
};

}  // namespace shoal
