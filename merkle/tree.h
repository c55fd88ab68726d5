// Tree: the digests of everything that one node holds, partition by partition.
//
// The idea (Merkle, by way of Dynamo section 4.7): a partition's slots are cut into 256 leaves by their next 8 bits, 16
// leaves make a branch, 16 branches the partition. Every level is a sum of digests (digest.h), so a write changes one
// leaf, one branch and one partition by the same difference, and nothing is ever computed again. Because the sums are
// additive, those of several partitions can be added up to one digest for a pair of nodes.
//
//   slot = partition (its first log2(Q) bits) | branch (4 bits) | leaf of the branch (4 bits) | ...
//
// A leaf is a contiguous range of slots, so whoever keeps records in the order of their slots finds a leaf's without an
// index.
//
// Invariant: every digest is the sum of the elements added and not removed below it. That they are the elements of what
// is held is up to the caller.
//
// 6.5 KiB for each partition that was ever touched.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "merkle/digest.h"
#include "node/base/ids.h"

namespace shoal {

// A node of the tree; a branch's or leaf's number counts within its partition.
struct TreeNode {
  enum class Level : std::uint8_t { partition = 0, branch = 1, leaf = 2 };
  Level level = Level::partition;
  PartitionId partition;
  std::uint8_t index = 0;  // 0 for a partition, 0..15 for a branch, 0..255 for a leaf
  auto operator<=>(const TreeNode&) const = default;
};

inline constexpr unsigned kFanout = 16;
inline constexpr unsigned kLeaves = kFanout * kFanout;  // of a partition

class Tree {
 public:
  // `partitions`: Q, a power of two, at most 2^16.
  explicit Tree(std::uint32_t partitions);

  [[nodiscard]] std::uint32_t partitions() const { return static_cast<std::uint32_t>(partitions_.size()); }
  [[nodiscard]] TreeNode leaf_of(const Slot& slot) const;
  // The first slot of a node, and the first behind it; absent: it is the last.
  [[nodiscard]] Slot begin_of(const TreeNode& node) const;
  [[nodiscard]] std::optional<Slot> end_of(const TreeNode& node) const;

  // A slot's element has become another; absent: there was or is none.
  void change(const Slot& slot, const std::optional<Hash128>& before, const std::optional<Hash128>& after);
  // A whole leaf, as it was stored.
  void set_leaf(const TreeNode& leaf, const Digest& digest);

  [[nodiscard]] Digest at(const TreeNode& node) const;

 private:
  struct Partition {
    Digest sum;
    std::array<Digest, kFanout> branches;
    std::array<Digest, kLeaves> leaves;
  };
  Partition& touched(PartitionId id);

  std::uint32_t bits_;
  std::vector<std::unique_ptr<Partition>> partitions_;
};

}  // namespace shoal
