#include "node/core/tree_walk.h"

#include <set>
#include <utility>
#include <variant>

#include "node/core/leaf_records.h"

namespace shoal {
namespace {

constexpr std::uint64_t kSumBytes = 8;
constexpr std::uint64_t kElementBytes = 24;
constexpr std::uint64_t kMessageBytes = 40;

}  // namespace

std::vector<PartitionId> shared_partitions(const PreferenceLists& ring, NodeId a, NodeId b) {
  std::vector<PartitionId> shared;
  for (std::uint32_t p = 0; p < ring.document().partitions; ++p)
    if (ring.owns(a, {p}) && ring.owns(b, {p})) shared.push_back({p});
  return shared;
}

TreeWalk::TreeWalk(Services& services, NodeId peer)
    : services_(services),
      peer_(peer),
      epoch_(services.topology.document().epoch),
      shared_(shared_partitions(*services.topology.ring(), services.self, peer)),
      exchange_(services.store.tree(), shared_) {}

bool TreeWalk::ask(CallId call, Now now) {
  exchange_.leaves_done(std::exchange(done_, 0));
  const std::optional<Exchange::Question> question = exchange_.question();
  if (!question) return false;
  bytes_ += kMessageBytes;
  if (const auto* pair = std::get_if<PairQuestion>(&*question)) {
    asked_at_ = now.mono;
    services_.outbox.send(peer_, ComparePair{call, epoch_, *pair});
  } else if (const auto* branches = std::get_if<BranchQuestion>(&*question)) {
    bytes_ += kSumBytes * branches->branches.size();
    services_.outbox.send(peer_, CompareBranches{call, epoch_, *branches});
  } else {
    send(call, std::get<Exchange::Leaves>(*question));
  }
  return true;
}

void TreeWalk::send(CallId call, const Exchange::Leaves& leaves) {
  at_hand_ = leaves.size();
  asked_.clear();
  CompareElements question{call, epoch_, {}, {}};
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const LeafId leaf = leaves[i];
    const Result<std::vector<Element>> held = leaf_elements(services_.store, leaf.node(), services_.trace);
    if (!held) continue;  // cannot be compared: what it holds is not known
    ++leaves_[leaf.node().partition];
    asked_.emplace_back(leaf, i);
    question.leaves.push_back(leaf);
    question.elements.insert(question.elements.end(), held->begin(), held->end());
  }
  bytes_ += kElementBytes * question.elements.size();
  services_.outbox.send(peer_, std::move(question));
}

bool TreeWalk::take(const PairCompared& answer) {
  if (!is_valid(answer.outcome) || !exchange_.take(answer.answer)) return false;
  bytes_ += kMessageBytes + kSumBytes * answer.answer.partitions.size();
  services_.coverage.proven(peer_, exchange_.partitions_equal(), asked_at_);
  return true;
}

bool TreeWalk::take(const BranchesCompared& answer) {
  bytes_ += kMessageBytes + kSumBytes * (answer.answer.leaves.size() + answer.answer.branches.size());
  return is_valid(answer.outcome) && exchange_.take(answer.answer);
}

std::optional<std::vector<Element>> TreeWalk::take(const ElementsCompared& answer) {
  const std::size_t covered = answer.covered;
  if (!is_valid(answer.outcome) || covered > asked_.size() || (covered == 0 && !asked_.empty())) return std::nullopt;
  bytes_ += kMessageBytes + kElementBytes * answer.differing.size();
  done_ = covered == asked_.size() ? at_hand_ : asked_[covered].second;
  std::set<LeafId> leaves;
  for (std::size_t i = 0; i < covered; ++i) leaves.insert(asked_[i].first);
  std::vector<Element> differing;
  for (const Element& there : answer.differing) {
    if (!leaves.contains(LeafId::of(services_.store.tree().leaf_of(there.slot)))) return std::nullopt;
    const Result<EntryPtr> here = services_.store.read(there.slot);
    if (!here) {
      services_.replica.note_damaged(there.slot, here.error());
      continue;
    }
    const std::uint64_t digest = *here ? cut((*here)->digest) : 0;
    if (digest != there.digest) differing.push_back(there);  // a write that was under way may be here by now
  }
  return differing;
}

}  // namespace shoal
