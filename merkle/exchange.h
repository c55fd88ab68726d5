// Exchange: how one node finds what differs between its tree and a peer's. The asker's side is a state machine, the
// answerer's are three functions: it keeps nothing between two questions.
//
// The idea (Dynamo section 4.7): compare sums from the top down, and go on only below those that differ. Each question
// carries the asker's sums of one level and the answer the peer's of the next, so that a round trip descends two
// levels; all nodes of a level travel together, up to a bound.
//
//   asker -> peer    PairQuestion       the sum of all partitions that both own
//   peer  -> asker   PairAnswer         nothing: equal; or the sum of each partition
//   asker -> peer    BranchQuestion     branches of partitions that differ
//   peer  -> asker   BranchAnswer       leaves of branches that differ
//   asker -> peer    what it holds in the leaves that differ: slot and element (node/core/anti_entropy.h)
//
// Sums travel cut to 64 bits. A difference that hides in a collision (one in 2^64, under the cluster's key) shows as
// soon as anything below it changes.
//
// Invariants:
//  (1) A leaf is named as differing only after the two nodes' sums of it were compared and differed.
//  (2) Every leaf that differed when its partition was looked at, and does still, is named once.
//  (3) The trees may change while it goes on: what was equal when it was looked at is left to the next exchange.
//  (4) The asker holds at most the numbers of the partitions that differ and the leaves of one question.
//
// The trees must have the same number of partitions, and `shared` must be the same list on both sides, ascending: the
// caller sees to it that both go by the same membership document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "merkle/tree.h"

namespace shoal {

// A leaf of the whole tree, as it travels: partition * 256 + leaf.
struct LeafId {
  std::uint32_t value = 0;
  auto operator<=>(const LeafId&) const = default;

  static LeafId of(const TreeNode& leaf) { return {leaf.partition.value << 8 | leaf.index}; }
  [[nodiscard]] TreeNode node() const {
    return {TreeNode::Level::leaf, {value >> 8}, static_cast<std::uint8_t>(value & 0xff)};
  }
};

using Sums = std::vector<std::uint64_t>;  // digests cut to 64 bits

struct PairQuestion {
  Digest sum;
};

struct PairAnswer {
  Sums partitions;  // one for each shared partition; none: the pair is equal
};

struct BranchQuestion {
  std::vector<PartitionId> partitions;
  Sums branches;  // kFanout for each
};

struct BranchAnswer {
  std::vector<std::uint32_t> branches;  // those that differ: partition * kFanout + branch
  Sums leaves;                          // kFanout for each
};

// The answerer's side.
PairAnswer answer(const Tree& tree, std::span<const PartitionId> shared, const PairQuestion& question);
// Absent: the question makes no sense, its lengths do not fit or a partition does not exist.
std::optional<BranchAnswer> answer(const Tree& tree, const BranchQuestion& question);

class Exchange {
 public:
  static constexpr std::size_t kPartitionsMax = 1024;   // of one BranchQuestion: 128 KiB of sums
  static constexpr std::size_t kLeavesMax = 1024;       // of one question
  static constexpr std::uint64_t kElementsMax = 16384;  // in them, as this tree counts; one leaf may have more

  // `tree` outlives the exchange.
  Exchange(const Tree& tree, std::vector<PartitionId> shared);

  // Leaves that differ, whose elements are to be compared next.
  using Leaves = std::vector<LeafId>;
  using Question = std::variant<PairQuestion, BranchQuestion, Leaves>;
  // What is to be asked now; absent: everything was compared. By the trees of this moment, but about the same nodes
  // until an answer is taken.
  [[nodiscard]] std::optional<Question> question() const;

  // False: it is no answer to what was asked; the exchange is then over.
  [[nodiscard]] bool take(const PairAnswer& answer);
  [[nodiscard]] bool take(const BranchAnswer& answer);
  // The elements of the first `count` leaves asked for were compared.
  void leaves_done(std::size_t count);

  // The first answer is here.
  [[nodiscard]] bool begun() const { return compared_pair_; }
  // The pair was equal at the first question.
  [[nodiscard]] bool equal() const { return compared_pair_ && !found_differences_; }
  // The shared partitions whose sums were equal.
  [[nodiscard]] const std::vector<PartitionId>& partitions_equal() const { return equal_; }
  // Of the shared partitions, those that are done, for progress.
  [[nodiscard]] std::size_t partitions_done() const;

 private:
  [[nodiscard]] std::vector<PartitionId> partitions_asked() const;
  [[nodiscard]] Leaves leaves_asked() const;

  const Tree& tree_;
  const std::vector<PartitionId> shared_;
  bool compared_pair_ = false;
  bool found_differences_ = false;
  std::vector<PartitionId> equal_;
  std::deque<PartitionId> differing_;  // not looked into yet
  std::deque<LeafId> leaves_;          // that differ, not compared yet
};

}  // namespace shoal
