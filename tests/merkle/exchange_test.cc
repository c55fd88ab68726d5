#include "merkle/exchange.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "node/base/rng.h"

namespace shoal {
namespace {

constexpr std::uint32_t kPartitions = 64;

// A tree with what it is the tree of.
struct Holder {
  Tree tree{kPartitions};
  std::map<Slot, std::uint64_t> held;  // slot to version

  static Hash128 element(const Slot& slot, std::uint64_t version) {
    return hash128(HashKey{}, std::to_string(slot.hi) + "/" + std::to_string(slot.lo) + "/" + std::to_string(version));
  }
  void put(const Slot& slot, std::uint64_t version) {
    const auto it = held.find(slot);
    const std::optional<Hash128> before = it != held.end() ? std::optional(element(slot, it->second)) : std::nullopt;
    tree.change(slot, before, element(slot, version));
    held[slot] = version;
  }
  void forget(const Slot& slot) {
    tree.change(slot, element(slot, held.at(slot)), std::nullopt);
    held.erase(slot);
  }
};

std::vector<PartitionId> all_partitions() {
  std::vector<PartitionId> all;
  for (std::uint32_t p = 0; p < kPartitions; ++p) all.push_back({p});
  return all;
}

class ExchangeTest : public testing::Test {
 protected:
  Slot random_slot() { return {.hi = rng_.next(), .lo = rng_.next()}; }
  void fill(int records) {
    for (int i = 0; i < records; ++i) {
      const Slot slot = random_slot();
      here_.put(slot, 1);
      there_.put(slot, 1);
    }
  }
  // At one node or the other something newer, something missing, something new. Returns the leaves.
  std::set<LeafId> differ(int differences) {
    std::set<LeafId> leaves;
    while (differences-- > 0) {
      Holder& changed = rng_.below(2) == 0 ? here_ : there_;
      const auto known = std::next(here_.held.begin(), static_cast<std::ptrdiff_t>(rng_.below(here_.held.size())));
      Slot slot = known->first;
      switch (rng_.below(3)) {
        case 0: changed.put(slot, 100 + rng_.next() % 1000); break;
        case 1:
          if (changed.held.contains(slot)) changed.forget(slot);
          break;
        default: changed.put(slot = random_slot(), 1);
      }
      leaves.insert(LeafId::of(here_.tree.leaf_of(slot)));
    }
    std::erase_if(leaves, [&](LeafId leaf) { return here_.tree.at(leaf.node()) == there_.tree.at(leaf.node()); });
    return leaves;
  }
  // Asks and answers to the end. `between` is called before each answer is taken.
  std::vector<LeafId> run(
      Exchange& exchange, const std::function<void()>& between = [] {}) {
    std::vector<LeafId> found;
    while (const auto question = exchange.question()) {
      ++questions_;
      if (const auto* pair = std::get_if<PairQuestion>(&*question)) {
        const PairAnswer reply = answer(there_.tree, all_partitions(), *pair);
        between();
        EXPECT_TRUE(exchange.take(reply));
      } else if (const auto* branches = std::get_if<BranchQuestion>(&*question)) {
        EXPECT_LE(branches->partitions.size(), Exchange::kPartitionsMax);
        const auto reply = answer(there_.tree, *branches);
        between();
        EXPECT_TRUE(reply && exchange.take(*reply));
      } else {
        const auto& leaves = std::get<Exchange::Leaves>(*question);
        EXPECT_LE(leaves.size(), Exchange::kLeavesMax);
        between();
        found.insert(found.end(), leaves.begin(), leaves.end());
        exchange.leaves_done(leaves.size());
      }
    }
    return found;
  }

  Rng rng_{7};
  Holder here_;
  Holder there_;
  int questions_ = 0;
};

TEST_F(ExchangeTest, OfEqualNodesIsOneQuestion) {
  fill(1000);
  Exchange exchange(here_.tree, all_partitions());
  EXPECT_TRUE(run(exchange).empty());
  EXPECT_TRUE(exchange.equal());
  EXPECT_EQ(questions_, 1);
  EXPECT_EQ(exchange.partitions_done(), kPartitions);
}

TEST_F(ExchangeTest, NamesExactlyTheLeavesThatDiffer) {
  fill(3000);
  for (const int differences : {1, 2, 10, 100, 2000}) {
    const std::set<LeafId> expected = differ(differences);
    Exchange exchange(here_.tree, all_partitions());
    const std::vector<LeafId> found = run(exchange);
    EXPECT_EQ(std::set<LeafId>(found.begin(), found.end()).size(), found.size()) << "none twice";
    for (const LeafId leaf : expected) EXPECT_TRUE(std::ranges::count(found, leaf));
    for (const LeafId leaf : found) EXPECT_NE(here_.tree.at(leaf.node()), there_.tree.at(leaf.node()));
    EXPECT_FALSE(exchange.equal());
  }
}

// Two questions before records are compared, however many differ, as long as they fit into one.
TEST_F(ExchangeTest, DescendsTwoLevelsWithEachQuestion) {
  fill(3000);
  const std::set<LeafId> expected = differ(100);
  Exchange exchange(here_.tree, all_partitions());
  EXPECT_EQ(run(exchange).size(), expected.size());
  EXPECT_EQ(questions_, 3);
}

TEST_F(ExchangeTest, AsksForManyLeavesInSeveralQuestions) {
  for (int i = 0; i < 40'000; ++i) here_.put(random_slot(), 1);
  Exchange exchange(here_.tree, all_partitions());
  std::uint64_t elements = 0;
  std::size_t leaves_in_a_question = 0;
  for (const LeafId leaf : run(exchange)) {
    elements += here_.tree.at(leaf.node()).count;
    ++leaves_in_a_question;
  }
  EXPECT_EQ(elements, here_.held.size());
  EXPECT_GT(questions_, 2 + static_cast<int>(leaves_in_a_question / Exchange::kLeavesMax));
}

// Only what both own is compared: the rest may differ for ever.
TEST_F(ExchangeTest, LeavesOutWhatIsNotShared) {
  fill(1000);
  differ(500);
  const std::vector<PartitionId> none;
  Exchange exchange(here_.tree, none);
  const auto question = exchange.question();
  EXPECT_TRUE(exchange.take(answer(there_.tree, none, std::get<PairQuestion>(*question))));
  EXPECT_TRUE(exchange.equal());
  EXPECT_EQ(exchange.question(), std::nullopt);
}

// Writes go on while nodes compare: whatever differs for good and was there before is found.
TEST_F(ExchangeTest, FindsLastingDifferencesWhileBothAreWritten) {
  fill(3000);
  const std::set<LeafId> expected = differ(50);
  Exchange exchange(here_.tree, all_partitions());
  const std::vector<LeafId> found = run(exchange, [&] {
    for (int i = 0; i < 20; ++i) {
      const Slot slot = random_slot();
      here_.put(slot, 1);
      there_.put(slot, 1);
    }
  });
  for (const LeafId leaf : expected)
    EXPECT_TRUE(std::ranges::count(found, leaf) == 1 || here_.tree.at(leaf.node()) == there_.tree.at(leaf.node()));
}

TEST_F(ExchangeTest, AnAnswerThatFitsNoQuestionEndsIt) {
  fill(100);
  differ(10);
  const auto at_branches = [&] {
    Exchange exchange(here_.tree, all_partitions());
    const auto question = exchange.question();
    EXPECT_TRUE(exchange.take(answer(there_.tree, all_partitions(), std::get<PairQuestion>(*question))));
    return exchange;
  };
  Exchange fresh(here_.tree, all_partitions());
  EXPECT_FALSE(fresh.take(PairAnswer{.partitions = {1, 2, 3}}));
  EXPECT_FALSE(fresh.take(BranchAnswer{}));
  Exchange exchange = at_branches();
  EXPECT_FALSE(exchange.take(PairAnswer{}));
  EXPECT_FALSE(exchange.take(BranchAnswer{.branches = {1}, .leaves = {}}));
  EXPECT_FALSE(exchange.take(BranchAnswer{.branches = {5, 5}, .leaves = Sums(2 * kFanout)}));
  EXPECT_FALSE(exchange.take(BranchAnswer{.branches = {~0U}, .leaves = Sums(kFanout)}));
  EXPECT_FALSE(answer(there_.tree, BranchQuestion{.partitions = {{0}}, .branches = {1}}));
  EXPECT_FALSE(answer(there_.tree, BranchQuestion{.partitions = {{kPartitions}}, .branches = Sums(kFanout)}));
}

}  // namespace
}  // namespace shoal
