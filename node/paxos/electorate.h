// Electorate: who votes, and when enough have.
//
// One set of voters, or two while they change: then a majority of each is needed, so that no choice can be made, before
// or after, without somebody who took part in this one. A node that is in both sets votes in both.
#pragma once

#include <initializer_list>
#include <set>
#include <vector>

#include "node/base/ids.h"

namespace shoal::paxos {

class Electorate {
 public:
  using Nodes = std::vector<NodeId>;

  // Sets that are empty are left out; two that are equal count once.
  Electorate(std::initializer_list<Nodes> sets);

  // Everybody who votes, each once, in the order given.
  [[nodiscard]] const Nodes& voters() const { return voters_; }
  [[nodiscard]] bool has(NodeId node) const;
  // These are a majority of every set. Nodes that do not vote do not count.
  [[nodiscard]] bool is_majority(const std::set<NodeId>& nodes) const;
  // Even if all others agreed, there would be no majority without these.
  [[nodiscard]] bool is_blocked_by(const std::set<NodeId>& refusing) const;

 private:
  std::vector<Nodes> sets_;
  Nodes voters_;
};

}  // namespace shoal::paxos
