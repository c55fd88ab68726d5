// Repair marks: pairs of an owner and a partition of which the owner has missed a write that nobody keeps for it.
//
// What is left when no fallback could take a hint. Anti-entropy finds every difference without them; a mark says where
// there is one for certain. Not stored: a restart forgets them.
#pragma once

#include <set>
#include <utility>

#include "node/base/ids.h"

namespace shoal {

class RepairMarks {
 public:
  // True when it is a new one.
  bool add(NodeId owner, PartitionId partition) { return marks_.emplace(owner, partition).second; }
  [[nodiscard]] bool has(NodeId owner, PartitionId partition) const { return marks_.contains({owner, partition}); }
  [[nodiscard]] std::size_t size() const { return marks_.size(); }

 private:
  std::set<std::pair<NodeId, PartitionId>> marks_;
};

}  // namespace shoal
