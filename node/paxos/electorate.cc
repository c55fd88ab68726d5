#include "node/paxos/electorate.h"

#include <algorithm>

namespace shoal::paxos {
namespace {

std::size_t count_of(const Electorate::Nodes& set, const std::set<NodeId>& nodes) {
  return static_cast<std::size_t>(std::ranges::count_if(set, [&](NodeId node) { return nodes.contains(node); }));
}

}  // namespace

Electorate::Electorate(std::initializer_list<Nodes> sets) {
  for (const Nodes& set : sets) {
    if (set.empty() || std::ranges::find(sets_, set) != sets_.end()) continue;
    sets_.push_back(set);
    for (const NodeId node : set)
      if (!has(node)) voters_.push_back(node);
  }
}

bool Electorate::has(NodeId node) const { return std::ranges::find(voters_, node) != voters_.end(); }

bool Electorate::is_majority(const std::set<NodeId>& nodes) const {
  return !sets_.empty() &&
         std::ranges::all_of(sets_, [&](const Nodes& set) { return 2 * count_of(set, nodes) > set.size(); });
}

bool Electorate::is_blocked_by(const std::set<NodeId>& refusing) const {
  return sets_.empty() || std::ranges::any_of(sets_, [&](const Nodes& set) {
           return 2 * (set.size() - count_of(set, refusing)) <= set.size();
         });
}

}  // namespace shoal::paxos
