#include "merkle/tree.h"

#include <gtest/gtest.h>

#include <map>

#include "node/base/rng.h"

namespace shoal {
namespace {

using Level = TreeNode::Level;

Hash128 element(std::uint64_t n) { return hash128(HashKey{}, "element " + std::to_string(n)); }
Slot random_slot(Rng& rng) { return {.hi = rng.next(), .lo = rng.next()}; }

class TreeOf : public testing::TestWithParam<std::uint32_t> {
 protected:
  // All nodes of a level.
  [[nodiscard]] std::vector<TreeNode> nodes(Level level) const {
    const unsigned each = level == Level::partition ? 1 : level == Level::branch ? kFanout : kLeaves;
    std::vector<TreeNode> all;
    for (std::uint32_t p = 0; p < GetParam(); ++p)
      for (unsigned i = 0; i < each; ++i) all.push_back({level, {p}, static_cast<std::uint8_t>(i)});
    return all;
  }
  Tree tree_{GetParam()};
};

// Added, changed and removed in any order, every node is the sum of what lies in its range now.
TEST_P(TreeOf, EveryNodeIsTheSumOfWhatItsRangeHolds) {
  Rng rng(GetParam());
  std::map<Slot, Hash128> held;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const bool old = !held.empty() && rng.below(2) == 0;
    const auto at = old ? std::next(held.begin(), static_cast<std::ptrdiff_t>(rng.below(held.size()))) : held.end();
    const Slot slot = old ? at->first : random_slot(rng);
    const std::optional<Hash128> before = old ? std::optional(at->second) : std::nullopt;
    const std::optional<Hash128> after = old && rng.below(3) == 0 ? std::nullopt : std::optional(element(i));
    tree_.change(slot, before, after);
    if (after) {
      held[slot] = *after;
    } else {
      held.erase(slot);
    }
  }
  for (const Level level : {Level::partition, Level::branch, Level::leaf}) {
    for (const TreeNode& node : nodes(level)) {
      Digest sum;
      const std::optional<Slot> end = tree_.end_of(node);
      for (auto it = held.lower_bound(tree_.begin_of(node)); it != held.end() && (!end || it->first < *end); ++it)
        sum.add(it->second);
      ASSERT_EQ(tree_.at(node), sum);
    }
  }
}

TEST_P(TreeOf, ItsNodesCoverAllSlotsWithoutGapOrOverlap) {
  for (const Level level : {Level::partition, Level::branch, Level::leaf}) {
    std::optional<Slot> next = Slot{};
    for (const TreeNode& node : nodes(level)) {
      ASSERT_TRUE(next);
      ASSERT_EQ(tree_.begin_of(node), *next);
      next = tree_.end_of(node);
    }
    EXPECT_EQ(next, std::nullopt);
  }
}

TEST_P(TreeOf, ASlotLiesInItsLeaf) {
  Rng rng(GetParam());
  for (int i = 0; i < 1000; ++i) {
    const Slot slot = random_slot(rng);
    const TreeNode leaf = tree_.leaf_of(slot);
    const std::optional<Slot> end = tree_.end_of(leaf);
    EXPECT_LE(tree_.begin_of(leaf), slot);
    EXPECT_TRUE(!end || slot < *end);
  }
}

// As after a start: leaves from the disk, then what the log adds.
TEST_P(TreeOf, FromItsLeavesIsTheSame) {
  Rng rng(GetParam());
  for (std::uint64_t i = 0; i < 1000; ++i) tree_.change(random_slot(rng), std::nullopt, element(i));
  Tree again(GetParam());
  again.set_leaf({Level::leaf, {0}, 0}, Digest{.hi = 1, .lo = 2, .count = 3});  // is replaced
  for (const TreeNode& leaf : nodes(Level::leaf)) again.set_leaf(leaf, tree_.at(leaf));
  for (const Level level : {Level::partition, Level::branch, Level::leaf})
    for (const TreeNode& node : nodes(level)) ASSERT_EQ(again.at(node), tree_.at(node));
}

INSTANTIATE_TEST_SUITE_P(Partitions, TreeOf, testing::Values(1, 2, 64));

TEST(Tree, OfManyPartitionsIsEmptyAtFirst) {
  const Tree tree(1 << 16);
  EXPECT_EQ(tree.at({Level::partition, {65535}, 0}), Digest{});
  EXPECT_EQ(tree.leaf_of({.hi = ~std::uint64_t{0}, .lo = 0}).partition.value, 65535U);
}

}  // namespace
}  // namespace shoal
