// The preference list of every partition: its n owners, then the fallbacks in the order in which they stand in.
//
// Pure and immutable: built once per membership document and shared by everybody who routes. Most documents (a bucket,
// an address) leave the ranks as they are: then the lists of the one before are shared.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "node/ring/membership.h"

namespace shoal {

class PreferenceLists {
 public:
  explicit PreferenceLists(Membership document, const PreferenceLists* before = nullptr);

  [[nodiscard]] const Membership& document() const { return document_; }
  [[nodiscard]] PartitionId partition_of(const Slot& slot) const;
  // The partition's slots are [first_slot(p), first_slot(p + 1)).
  [[nodiscard]] Slot first_slot(PartitionId partition) const;

  // All members that hold data, owners first. At most `document().replicas` of them are owners.
  [[nodiscard]] std::span<const NodeId> ranked(PartitionId partition) const;
  [[nodiscard]] std::span<const NodeId> owners(PartitionId partition) const;
  [[nodiscard]] std::span<const NodeId> fallbacks(PartitionId partition) const;
  [[nodiscard]] bool owns(NodeId node, PartitionId partition) const;

 private:
  Membership document_;
  std::size_t width_ = 0;                              // members per row
  std::shared_ptr<const std::vector<NodeId>> ranked_;  // Q rows
};

using Ring = std::shared_ptr<const PreferenceLists>;

}  // namespace shoal
