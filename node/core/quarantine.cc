#include "node/core/quarantine.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "node/core/leaf_records.h"

namespace shoal {

void Quarantine::add(const Slot& slot, Now now) {
  if (!damaged_.try_emplace(slot, now.mono).second) return;
  ++found_;
  look_at_ = std::min(look_at_, now.mono);
  services_.trace.mark(Mark::record_quarantined);
  if (damaged_.size() == 1)
    services_.events.add(now.wall, EventKind::record_damaged, {},
                         "a record on this node's disk is damaged: it is asked of the other owners; check the disk");
}

std::set<NodeId> Quarantine::other_owners(const Slot& slot) const {
  const Ring& ring = services_.topology.ring();
  const std::span<const NodeId> owners = ring->owners(ring->partition_of(slot));
  std::set<NodeId> others(owners.begin(), owners.end());
  others.erase(services_.self);
  return others;
}

// Round and round through all that is damaged, a bounded way at a time.
void Quarantine::choose_work(Now now) {
  if (now.mono < look_at_) return;
  look_at_ = now.mono + kLookEvery;
  auto next = looked_to_ ? damaged_.upper_bound(*looked_to_) : damaged_.begin();
  for (std::size_t looked = 0; looked < std::min(damaged_.size(), 4 * kAtOnce) && work_.size() < kAtOnce; ++looked) {
    if (next == damaged_.end()) next = damaged_.begin();
    const auto& [slot, due] = *next++;
    looked_to_ = slot;
    if (now.mono < due || work_.contains(slot)) continue;
    std::set<NodeId> others = other_owners(slot);
    const auto reachable = [&](NodeId owner) { return services_.peers.reachable(owner); };
    if (!others.empty() && std::ranges::all_of(others, reachable)) work_[slot].unheard = std::move(others);
  }
}

bool Quarantine::on_states_pulled(NodeId from, const StatesPulled& answer, Now now) {
  const auto found = questions_.find(answer.call);
  if (found == questions_.end() || found->second.owner != from) return false;
  Question question = std::move(found->second);
  questions_.erase(found);
  if (answer.outcome != Errc::ok || answer.covered == 0 || answer.covered > question.slots.size()) {
    not_before_[from] = now.mono + kPause;
    return true;
  }
  question.slots.resize(answer.covered);
  hear(from, question.slots, answer);
  tick(now);
  return true;
}

void Quarantine::hear(NodeId from, const std::vector<Slot>& slots, const StatesPulled& answer) {
  for (const Slot& slot : slots) {
    const auto work = work_.find(slot);
    if (work == work_.end()) continue;
    work->second.unheard.erase(from);
    if (std::ranges::find(answer.unreadable, slot) == answer.unreadable.end()) work->second.known = true;
  }
  const HashKey& cluster_key = services_.topology.document().cluster_key;
  for (const KeyedState& state : answer.states) {
    const Slot slot = slot_of(cluster_key, state.key);
    const auto work = work_.find(slot);
    if (work != work_.end() && std::ranges::find(slots, slot) != slots.end()) merge_into(work->second.merged, state);
  }
}

void Quarantine::merge_into(std::optional<KeyedState>& merged, const KeyedState& state) {
  if (!merged) {
    merged = state;
    return;
  }
  Record both = *merged->state;
  merge(state.kind, both, *state.state);
  merged->state = std::make_shared<const Record>(std::move(both));
}

// What this node keeps for others may be newer than what they hold.
void Quarantine::merge_own_hints(const Slot& slot, std::optional<KeyedState>& merged) {
  for (const Member& owner : services_.topology.document().members) {
    const Result<EntryPtr> hint = services_.store.read(Place(owner.id, slot));
    if (!hint || *hint == nullptr) continue;
    merge_into(merged, {(*hint)->key, (*hint)->kind, RecordPtr(*hint, &(*hint)->record)});
  }
}

void Quarantine::tick(Now now) {
  if (damaged_.empty()) return;
  drop_unanswered(now);
  end_those_heard(now);
  choose_work(now);
  ask(now);
}

void Quarantine::drop_unanswered(Now now) {
  std::erase_if(questions_, [&](const auto& item) {
    if (now.mono < item.second.answer_by) return false;
    not_before_[item.second.owner] = now.mono + kPause;
    return true;
  });
}

void Quarantine::ask(Now now) {
  std::map<NodeId, std::vector<Slot>> wanted;
  for (const auto& [slot, work] : work_)
    for (const NodeId owner : work.unheard) wanted[owner].push_back(slot);
  for (auto& [node, slots] : wanted) {
    const NodeId owner = node;
    const auto asked = [&](const auto& item) { return item.second.owner == owner; };
    const auto wait = not_before_.find(owner);
    if (std::ranges::any_of(questions_, asked) || (wait != not_before_.end() && now.mono < wait->second)) continue;
    const CallId call = services_.new_call();
    services_.outbox.send(owner, PullStates{call, services_.topology.document().epoch, slots, false});
    questions_.emplace(call, Question{owner, std::move(slots), now.mono + kAnswerWithin});
  }
}

void Quarantine::end_those_heard(Now now) {
  for (auto it = work_.begin(); it != work_.end();) {
    const auto unreachable = [&](NodeId owner) { return !services_.peers.reachable(owner); };
    const bool heard = it->second.unheard.empty();
    if (!heard && std::ranges::none_of(it->second.unheard, unreachable)) {
      ++it;
      continue;
    }
    if (heard && it->second.known) {
      damaged_.erase(it->first);
      end(it->first, it->second);
      tell_when_empty(now);
      look_at_ = now.mono;
    } else {
      damaged_[it->first] = now.mono + (heard ? kPauseUnknown : kPause);
    }
    it = work_.erase(it);
  }
}

void Quarantine::end(const Slot& slot, Work& work) {
  merge_own_hints(slot, work.merged);
  const Ring& ring = services_.topology.ring();
  const bool owner = ring->owns(services_.self, ring->partition_of(slot));
  const bool readable_again = static_cast<bool>(services_.store.read(slot));
  if (owner && work.merged) {
    const KeyedState& state = *work.merged;
    if (readable_again) {
      (void)services_.replica.merge(slot, state.key, state.kind, *state.state);
    } else {
      services_.replica.restore(slot, state.key, state.kind, *state.state);
    }
    services_.trace.mark(Mark::record_restored);
    ++restored_;
  } else if (!readable_again) {
    services_.replica.erase(slot);
    services_.trace.mark(Mark::damaged_record_dropped);
    ++given_up_;
  }
  // The digest may have been damaged with its record. Once for all damaged records of a leaf: with the last of them.
  const Tree& tree = services_.store.tree();
  const TreeNode leaf = tree.leaf_of(slot);
  const auto another = damaged_.lower_bound(tree.begin_of(leaf));
  if (another == damaged_.end() || tree.leaf_of(another->first) != leaf)
    (void)check_leaf(services_.store, leaf, services_.trace);
}

void Quarantine::tell_when_empty(Now now) {
  if (!damaged_.empty()) return;
  std::string text = std::to_string(restored_) + " damaged records were restored from other owners since the start";
  if (given_up_ > 0) text += ", " + std::to_string(given_up_) + " that no owner holds were dropped";
  services_.events.add(now.wall, EventKind::records_restored, {}, std::move(text));
}

Instant Quarantine::next_deadline() const {
  if (damaged_.empty()) return kNever;
  Instant next = look_at_;
  for (const auto& [call, question] : questions_) next = std::min(next, question.answer_by);
  return next;
}

}  // namespace shoal
