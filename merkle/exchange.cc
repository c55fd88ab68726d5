#include "merkle/exchange.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace shoal {
namespace {

using Level = TreeNode::Level;

// The count is in the low lane's way, so that a difference in it alone shows.
std::uint64_t cut(const Digest& digest) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  return digest.hi + std::rotl(digest.lo, 32) + digest.count * kOdd;
}

std::uint64_t sum_of(const Tree& tree, Level level, PartitionId partition, unsigned index) {
  return cut(tree.at({level, partition, static_cast<std::uint8_t>(index)}));
}

Digest pair_sum(const Tree& tree, std::span<const PartitionId> shared) {
  Digest sum;
  for (const PartitionId partition : shared) sum += tree.at({Level::partition, partition, 0});
  return sum;
}

}  // namespace

PairAnswer answer(const Tree& tree, std::span<const PartitionId> shared, const PairQuestion& question) {
  PairAnswer answer;
  if (pair_sum(tree, shared) == question.sum) return answer;
  answer.partitions.reserve(shared.size());
  for (const PartitionId partition : shared) answer.partitions.push_back(sum_of(tree, Level::partition, partition, 0));
  return answer;
}

std::optional<BranchAnswer> answer(const Tree& tree, const BranchQuestion& question) {
  if (question.partitions.size() > Exchange::kPartitionsMax) return std::nullopt;
  if (std::ranges::adjacent_find(question.partitions, std::greater_equal()) != question.partitions.end())
    return std::nullopt;
  if (question.branches.size() != question.partitions.size() * kFanout) return std::nullopt;
  BranchAnswer answer;
  for (std::size_t i = 0; i < question.branches.size(); ++i) {
    const PartitionId partition = question.partitions[i / kFanout];
    const auto branch = static_cast<unsigned>(i % kFanout);
    if (partition.value >= tree.partitions()) return std::nullopt;
    if (sum_of(tree, Level::branch, partition, branch) == question.branches[i]) continue;
    answer.branches.push_back(partition.value * kFanout + branch);
    for (unsigned leaf = 0; leaf < kFanout; ++leaf)
      answer.leaves.push_back(sum_of(tree, Level::leaf, partition, branch * kFanout + leaf));
  }
  return answer;
}

Exchange::Exchange(const Tree& tree, std::vector<PartitionId> shared) : tree_(tree), shared_(std::move(shared)) {}

std::optional<Exchange::Question> Exchange::question() const {
  if (!compared_pair_) return PairQuestion{pair_sum(tree_, shared_)};
  if (!leaves_.empty()) return leaves_asked();
  if (differing_.empty()) return std::nullopt;
  BranchQuestion question{.partitions = partitions_asked(), .branches = {}};
  for (const PartitionId partition : question.partitions)
    for (unsigned branch = 0; branch < kFanout; ++branch)
      question.branches.push_back(sum_of(tree_, Level::branch, partition, branch));
  return question;
}

std::vector<PartitionId> Exchange::partitions_asked() const {
  const auto count = static_cast<std::ptrdiff_t>(std::min(differing_.size(), kPartitionsMax));
  return {differing_.begin(), differing_.begin() + count};
}

Exchange::Leaves Exchange::leaves_asked() const {
  Leaves asked;
  std::uint64_t elements = 0;
  for (const LeafId leaf : leaves_) {
    elements += tree_.at(leaf.node()).count;
    if (!asked.empty() && (asked.size() == kLeavesMax || elements > kElementsMax)) break;
    asked.push_back(leaf);
  }
  return asked;
}

bool Exchange::take(const PairAnswer& answer) {
  if (compared_pair_ || (!answer.partitions.empty() && answer.partitions.size() != shared_.size())) return false;
  compared_pair_ = true;
  if (answer.partitions.empty()) equal_ = shared_;
  for (std::size_t i = 0; i < answer.partitions.size(); ++i) {
    if (answer.partitions[i] == sum_of(tree_, Level::partition, shared_[i], 0)) {
      equal_.push_back(shared_[i]);
    } else {
      differing_.push_back(shared_[i]);
    }
  }
  found_differences_ = !answer.partitions.empty();
  return true;
}

bool Exchange::take(const BranchAnswer& answer) {
  const std::vector<PartitionId> asked = partitions_asked();
  if (!compared_pair_ || !leaves_.empty() || asked.empty()) return false;
  if (answer.leaves.size() != answer.branches.size() * kFanout) return false;
  if (std::ranges::adjacent_find(answer.branches, std::greater_equal()) != answer.branches.end()) return false;
  for (std::size_t i = 0; i < answer.leaves.size(); ++i) {
    const PartitionId partition{answer.branches[i / kFanout] / kFanout};
    const auto leaf = static_cast<unsigned>(answer.branches[i / kFanout] % kFanout * kFanout + i % kFanout);
    if (!std::ranges::binary_search(asked, partition)) return leaves_.clear(), false;
    if (sum_of(tree_, Level::leaf, partition, leaf) != answer.leaves[i])
      leaves_.push_back({partition.value * kLeaves + leaf});
  }
  differing_.erase(differing_.begin(), differing_.begin() + static_cast<std::ptrdiff_t>(asked.size()));
  return true;
}

void Exchange::leaves_done(std::size_t count) {
  leaves_.erase(leaves_.begin(), leaves_.begin() + static_cast<std::ptrdiff_t>(std::min(count, leaves_.size())));
}

std::size_t Exchange::partitions_done() const { return compared_pair_ ? shared_.size() - differing_.size() : 0; }

}  // namespace shoal
