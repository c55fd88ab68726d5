// Repair marks: pairs of an owner and a partition of which the owner has missed a write that nobody keeps for it.
//
// What is left when no fallback could take a hint. Anti-entropy finds every difference without them; a mark says where
// there is one for certain, and stays until the two were proven equal afterwards. Not stored: a restart forgets them.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "node/base/ids.h"
#include "node/base/time.h"

namespace shoal {

class RepairMarks {
 public:
  // True when it is a new one. A partition that this node owns as well.
  bool add(NodeId owner, PartitionId partition) {
    const auto [mark, fresh] = marks_.insert_or_assign({owner, partition}, std::nullopt);
    has_new_ = true;
    return fresh;
  }
  [[nodiscard]] bool has(NodeId owner, PartitionId partition) const { return marks_.contains({owner, partition}); }
  [[nodiscard]] std::size_t size() const { return marks_.size(); }

  [[nodiscard]] bool has_new() const { return has_new_; }
  // The owners with marks that are new since this was last asked; from now on these are marks as of `now`.
  std::vector<NodeId> take_new(Instant now) {
    std::vector<NodeId> owners;
    if (!std::exchange(has_new_, false)) return owners;
    for (auto& [mark, since] : marks_) {
      if (since) continue;
      since = now;
      if (owners.empty() || owners.back() != mark.first) owners.push_back(mark.first);
    }
    return owners;
  }
  // `is_mended(owner, partition, since)`
  template <class IsMended>
  void remove_if(IsMended is_mended) {
    std::erase_if(marks_, [&](const auto& item) {
      return item.second && is_mended(item.first.first, item.first.second, *item.second);
    });
  }

 private:
  std::map<std::pair<NodeId, PartitionId>, std::optional<Instant>> marks_;  // absent: new
  bool has_new_ = false;
};

}  // namespace shoal
