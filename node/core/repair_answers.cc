#include "node/core/repair_answers.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "node/core/leaf_records.h"
#include "node/core/repair_session.h"
#include "node/core/tree_walk.h"

namespace shoal {
namespace {

bool makes_sense(const CompareElements& question, const Tree& tree) {
  const auto there = [&](LeafId leaf) { return leaf.node().partition.value < tree.partitions(); };
  const bool ascending = std::ranges::adjacent_find(question.leaves, std::greater_equal()) == question.leaves.end();
  return question.leaves.size() <= Exchange::kLeavesMax && ascending && std::ranges::all_of(question.leaves, there);
}

// Each slot that one of the two holds differently, as it is held here.
std::vector<Element> differing(const std::vector<Element>& here, std::map<Slot, std::uint64_t> theirs) {
  std::vector<Element> found;
  for (const Element& element : here) {
    const auto same = theirs.find(element.slot);
    if (same == theirs.end() || same->second != element.digest) found.push_back(element);
    if (same != theirs.end()) theirs.erase(same);
  }
  for (const auto& [slot, digest] : theirs) found.push_back({slot, 0});
  return found;
}

KeyedState keyed(const EntryPtr& entry, bool bare) {
  return {entry->key, entry->kind,
          bare ? std::make_shared<const Record>(without_values(entry->record)) : RecordPtr(entry, &entry->record)};
}

}  // namespace

void RepairAnswers::on_question(NodeId from, const ComparePair& question, Now now) {
  PairCompared reply{question.call, Errc::refused, {}};
  if (same_document(question.epoch)) {
    const std::vector<PartitionId> shared = shared_partitions(*services_.topology.ring(), services_.self, from);
    reply.outcome = Errc::ok;
    reply.answer = answer(services_.store.tree(), shared, question.question);
    if (reply.answer.partitions.empty()) services_.coverage.proven(from, shared, now.mono);
  }
  services_.outbox.send(from, std::move(reply));
}

void RepairAnswers::on_question(NodeId from, const CompareBranches& question, Now) {
  BranchesCompared reply{question.call, Errc::refused, {}};
  if (std::optional<BranchAnswer> found = answer(services_.store.tree(), question.question);
      found && same_document(question.epoch)) {
    reply.outcome = Errc::ok;
    reply.answer = *std::move(found);
  }
  services_.outbox.send(from, std::move(reply));
}

void RepairAnswers::on_question(NodeId from, const CompareElements& question, Now) {
  ElementsCompared reply{question.call, Errc::refused, {}};
  if (!same_document(question.epoch) || !makes_sense(question, services_.store.tree()))
    return services_.outbox.send(from, std::move(reply));
  const Tree& tree = services_.store.tree();
  std::vector<Element> here;
  std::set<LeafId> compared;
  for (const LeafId leaf : question.leaves) {
    if (here.size() >= Exchange::kElementsMax) break;
    ++reply.covered;
    const Result<std::vector<Element>> held = leaf_elements(services_.store, leaf.node(), services_.trace);
    if (!held) continue;  // not known what it holds: nothing can be said of it
    compared.insert(leaf);
    here.insert(here.end(), held->begin(), held->end());
  }
  std::map<Slot, std::uint64_t> theirs;
  for (const Element& element : question.elements)
    if (compared.contains(LeafId::of(tree.leaf_of(element.slot)))) theirs.emplace(element.slot, element.digest);
  reply.outcome = Errc::ok;
  reply.differing = differing(here, std::move(theirs));
  services_.outbox.send(from, std::move(reply));
}

void RepairAnswers::on_question(NodeId from, const PullStates& question, Now) {
  StatesPulled reply{question.call, Errc::refused, 0, {}, {}};
  if (!same_document(question.epoch)) return services_.outbox.send(from, std::move(reply));
  reply.outcome = Errc::ok;
  std::uint64_t bytes = 0;
  for (const Slot& slot : question.slots) {
    if (reply.covered == RepairSession::kStatesAtOnce || bytes >= RepairSession::kBytesAtOnce) break;
    ++reply.covered;
    const Result<EntryPtr> held = services_.store.read(slot);
    if (!held) {
      reply.unreadable.push_back(slot);
      services_.replica.note_damaged(slot, held.error());
    }
    if (!held || *held == nullptr) continue;
    reply.states.push_back(keyed(*held, question.bare));
    bytes += state_bytes((*held)->record);
  }
  services_.outbox.send(from, std::move(reply));
}

void RepairAnswers::on_question(NodeId from, const PushStates& question, Now) {
  StatesPushed reply{question.call, Errc::refused};
  if (!same_document(question.epoch)) return services_.outbox.send(from, reply);
  reply.outcome = Errc::ok;
  if (const Status room = services_.store.admit_peers(); !room) {
    services_.trace.mark(Mark::peer_refused_by_store);
    reply.outcome = room.error().code;
    return services_.outbox.send(from, reply);
  }
  CommitId last;
  const HashKey& cluster_key = services_.topology.document().cluster_key;
  for (const KeyedState& state : question.states) {
    const Slot slot = slot_of(cluster_key, state.key);
    const Ring& ring = services_.topology.ring();
    if (!ring->owns(services_.self, ring->partition_of(slot))) continue;
    // What cannot be read here is not merged over: the quarantine asks all owners.
    if (const Result<CommitId> merged = services_.replica.merge(slot, state.key, state.kind, *state.state); merged)
      last = std::max(last, *merged);
  }
  services_.outbox.send_after(services_.sync ? last : CommitId{0}, from, reply);
}

}  // namespace shoal
