#include "node/core/quarantine.h"

#include <algorithm>
#include <utility>

#include "node/core/leaf_records.h"

namespace shoal {

void Quarantine::add(const Slot& slot, Now now) {
  if (!damaged_.try_emplace(slot).second) return;
  ++found_;
  services_.trace.mark(Mark::record_quarantined);
  if (damaged_.size() == 1)
    services_.events.add(now.wall, EventKind::record_damaged, {},
                         "a record on this node's disk is damaged: it is asked of the other owners; check the disk");
}

bool Quarantine::on_states_pulled(NodeId from, const StatesPulled& answer, Now now) {
  const auto found = questions_.find(answer.call);
  if (found == questions_.end() || found->second.owner != from) return false;
  const Question question = std::move(found->second);
  questions_.erase(found);
  if (answer.outcome != Errc::ok || answer.covered > question.slots.size()) {
    not_before_[from] = now.mono + kPause;
    return true;
  }
  for (std::uint32_t i = 0; i < answer.covered; ++i) hear(from, question.slots[i], answer);
  tick(now);
  return true;
}

void Quarantine::hear(NodeId from, const Slot& slot, const StatesPulled& answer) {
  const auto found = damaged_.find(slot);
  if (found == damaged_.end()) return;
  Damaged& damaged = found->second;
  damaged.heard.insert(from);
  if (std::ranges::find(answer.unreadable, slot) != answer.unreadable.end()) return;
  damaged.known = true;
  const HashKey& cluster_key = services_.formation.document().cluster_key;
  for (const KeyedState& state : answer.states)
    if (slot_of(cluster_key, state.key) == slot) merge_into(damaged.merged, state);
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
  for (const Member& owner : services_.formation.document().members) {
    const Result<EntryPtr> hint = services_.store.read(Place(owner.id, slot));
    if (!hint || *hint == nullptr) continue;
    merge_into(merged, {(*hint)->key, (*hint)->kind, RecordPtr(*hint, &(*hint)->record)});
  }
}

bool Quarantine::all_heard(const Slot& slot, const Damaged& damaged) const {
  const Ring& ring = services_.formation.ring();
  const auto heard = [&](NodeId owner) { return owner == services_.self || damaged.heard.contains(owner); };
  return std::ranges::all_of(ring->owners(ring->partition_of(slot)), heard);
}

void Quarantine::tick(Now now) {
  for (auto it = questions_.begin(); it != questions_.end();) {
    if (now.mono < it->second.answer_by) {
      ++it;
      continue;
    }
    not_before_[it->second.owner] = now.mono + kPause;
    it = questions_.erase(it);
  }
  end_those_heard(now);
  if (damaged_.empty()) return;
  for (const Member& member : services_.formation.document().members)
    if (member.id != services_.self) ask(member.id, now);
}

void Quarantine::ask(NodeId owner, Now now) {
  const auto open = [&](const auto& item) { return item.second.owner == owner; };
  if (!services_.peers.reachable(owner) || std::ranges::any_of(questions_, open)) return;
  if (const auto wait = not_before_.find(owner); wait != not_before_.end() && now.mono < wait->second) return;
  const Ring& ring = services_.formation.ring();
  std::vector<Slot> slots;
  for (const auto& [slot, damaged] : damaged_) {
    if (slots.size() == kSlotsAtOnce) break;
    if (!damaged.heard.contains(owner) && ring->owns(owner, ring->partition_of(slot))) slots.push_back(slot);
  }
  if (slots.empty()) return;
  const CallId call = services_.new_call();
  services_.outbox.send(owner, PullStates{call, ring->document().epoch, slots, false});
  questions_.emplace(call, Question{owner, std::move(slots), now.mono + kAnswerWithin});
}

void Quarantine::end_those_heard(Now now) {
  for (auto it = damaged_.begin(); it != damaged_.end();) {
    if (!all_heard(it->first, it->second)) {
      ++it;
      continue;
    }
    if (!it->second.known) {
      for (const NodeId owner : std::exchange(it->second.heard, {})) not_before_[owner] = now.mono + kPauseUnknown;
      ++it;
      continue;
    }
    end(it->first, it->second, now);
    it = damaged_.erase(it);
  }
}

void Quarantine::end(const Slot& slot, Damaged& damaged, Now now) {
  merge_own_hints(slot, damaged.merged);
  const Ring& ring = services_.formation.ring();
  const bool owner = ring->owns(services_.self, ring->partition_of(slot));
  const bool readable_again = static_cast<bool>(services_.store.read(slot));
  if (owner && damaged.merged) {
    const KeyedState& state = *damaged.merged;
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
  // The digest may have been damaged with its record.
  (void)read_leaf(services_.store, services_.store.tree().leaf_of(slot), services_.trace);
  if (damaged_.size() == 1)
    services_.events.add(
        now.wall, EventKind::records_restored, {},
        std::to_string(restored_) + " damaged records were restored from other owners since the start" +
            (given_up_ > 0 ? ", " + std::to_string(given_up_) + " that no owner holds were dropped" : ""));
}

Instant Quarantine::next_deadline() const {
  Instant next = kNever;
  for (const auto& [call, question] : questions_) next = std::min(next, question.answer_by);
  const Ring& ring = services_.formation.ring();
  for (const auto& [slot, damaged] : damaged_)
    for (const NodeId owner : ring->owners(ring->partition_of(slot))) {
      const auto open = [&](const auto& item) { return item.second.owner == owner; };
      if (owner == services_.self || damaged.heard.contains(owner) || !services_.peers.reachable(owner)) continue;
      if (std::ranges::any_of(questions_, open)) continue;
      const auto wait = not_before_.find(owner);
      next = std::min(next, wait != not_before_.end() ? wait->second : Instant{});
    }
  return next;
}

}  // namespace shoal
