#include "merkle/tree.h"

#include <bit>

#include "node/base/check.h"

namespace shoal {
namespace {

constexpr unsigned kSlotBits = 64;  // of its first half, which is all that the tree looks at

unsigned bits_below(TreeNode::Level level) {
  return level == TreeNode::Level::partition ? 0 : level == TreeNode::Level::branch ? 4 : 8;
}

}  // namespace

Tree::Tree(std::uint32_t partitions) : bits_(static_cast<std::uint32_t>(std::countr_zero(partitions))) {
  SHOAL_CHECK(std::has_single_bit(partitions) && bits_ <= 16);
  partitions_.resize(partitions);
}

TreeNode Tree::leaf_of(const Slot& slot) const {
  const std::uint64_t leaf = slot.hi >> (kSlotBits - 8 - bits_);
  return {.level = TreeNode::Level::leaf,
          .partition = {static_cast<std::uint32_t>(leaf >> 8)},
          .index = static_cast<std::uint8_t>(leaf & 0xff)};
}

Slot Tree::begin_of(const TreeNode& node) const {
  const unsigned below = bits_below(node.level);
  const std::uint64_t number = (std::uint64_t{node.partition.value} << below) | node.index;
  const unsigned shift = kSlotBits - bits_ - below;
  return {.hi = shift < kSlotBits ? number << shift : 0, .lo = 0};
}

std::optional<Slot> Tree::end_of(const TreeNode& node) const {
  const unsigned shift = kSlotBits - bits_ - bits_below(node.level);
  const std::uint64_t size = shift < kSlotBits ? std::uint64_t{1} << shift : 0;
  const std::uint64_t end = begin_of(node).hi + size;
  return end == 0 ? std::nullopt : std::optional(Slot{.hi = end, .lo = 0});
}

void Tree::change(const Slot& slot, const std::optional<Hash128>& before, const std::optional<Hash128>& after) {
  const TreeNode leaf = leaf_of(slot);
  Partition& partition = touched(leaf.partition);
  for (Digest* digest : {&partition.sum, &partition.branches[leaf.index / kFanout], &partition.leaves[leaf.index]}) {
    if (before) digest->remove(*before);
    if (after) digest->add(*after);
  }
}

void Tree::set_leaf(const TreeNode& leaf, const Digest& digest) {
  SHOAL_CHECK(leaf.level == TreeNode::Level::leaf);
  Partition& partition = touched(leaf.partition);
  Digest& held = partition.leaves[leaf.index];
  for (Digest* above : {&partition.sum, &partition.branches[leaf.index / kFanout]}) {
    *above -= held;
    *above += digest;
  }
  held = digest;
}

Digest Tree::at(const TreeNode& node) const {
  const std::unique_ptr<Partition>& partition = partitions_.at(node.partition.value);
  if (!partition) return {};
  switch (node.level) {
    case TreeNode::Level::partition: return partition->sum;
    case TreeNode::Level::branch: return partition->branches.at(node.index);
    case TreeNode::Level::leaf: return partition->leaves[node.index];
  }
  return {};
}

Tree::Partition& Tree::touched(PartitionId id) {
  std::unique_ptr<Partition>& partition = partitions_.at(id.value);
  if (!partition) partition = std::make_unique<Partition>();
  return *partition;
}

}  // namespace shoal
