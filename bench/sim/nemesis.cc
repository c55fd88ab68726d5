// The part of the world that does harm: begins and ends the faults of the schedule, and heals.
#include <fmt/format.h>

#include <algorithm>

#include "bench/sim/world.h"

namespace shoal::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kFlipsMax = 3;

std::int64_t signed_amount(const Fault& fault) {
  const auto amount = static_cast<std::int64_t>(fault.amount);
  return amount % 2 == 0 ? amount : -amount;
}

// Nobody reads what an owner keeps as a hint, so the hint must not be all that is left of the key there.
bool may_lose(const SimStore& disk, const Slot& slot) { return !disk.keeps_hint_of(slot); }

// False: there is nothing that may be lost.
bool lose_partition(Process& p, const Slot& slot) {
  const Ring& ring = p.node().ring();
  bool lost = false;
  for (const Slot& other : p.disk().slots())
    if (ring->partition_of(other) == ring->partition_of(slot) && may_lose(p.disk(), other)) {
      p.disk().lose_record(other);
      lost = true;
    }
  return lost;
}

bool same_state(const Record& a, const Record& b) { return causal_bytes(a) == causal_bytes(b); }

}  // namespace

void World::unleash_faults() {
  faults_allowed_ = true;
  for (std::uint32_t i = 0; i < options_.faults.size(); ++i) after(options_.faults[i].at, EventKind::fault_begins, i);
}

void World::begin_fault(std::uint32_t index) {
  if (!faults_allowed_) return;
  const Fault& fault = options_.faults[index];
  check_merge_laws();
  if (concerns_links(fault.kind)) {
    network_.begin(fault, now_);
  } else {
    for (std::uint32_t node = 0; node < nodes(); ++node)
      if (has(fault.left, node)) begin_at_node(fault, index, node);
  }
  after(fault.lasts, EventKind::fault_ends, index);
}

void World::begin_at_node(const Fault& fault, std::uint32_t index, std::uint32_t node) {
  Process& p = process(node);
  if (p.state() == ProcessState::gone) return;
  const std::vector<Slot> slots = p.disk().slots();
  switch (fault.kind) {
    case FaultKind::crash:
    case FaultKind::crash_all:
      if (!p.runs()) return;
      crash(node, fault.lasts);
      break;
    case FaultKind::crash_mid_turn:
      if (p.is_up()) p.crash_in_next_turn = fault.lasts;
      return;  // strikes in a turn, or never
    case FaultKind::move:
      p.move();
      if (!p.runs()) return;
      crash(node, fault.lasts);
      break;
    case FaultKind::pause:
      if (!p.is_up()) return;
      p.pause();
      after(fault.lasts, EventKind::node_resumes, node, p.starts());
      break;
    case FaultKind::clock_step: p.clock().step(signed_amount(fault)); break;
    case FaultKind::clock_drift: p.clock().drift(signed_amount(fault), now_); break;
    case FaultKind::slow_disk: p.disk().set_extra_sync(milliseconds(fault.amount)); break;
    case FaultKind::full_disk: p.disk().set_full(true, now_); break;
    case FaultKind::record_lost:
      if (slots.empty() || !may_lose(p.disk(), slots[fault.amount % slots.size()])) return;
      p.disk().lose_record(slots[fault.amount % slots.size()]);
      break;
    case FaultKind::record_unreadable:
      if (slots.empty()) return;
      unreadable_[index] = Unreadable{node, slots[fault.amount % slots.size()]};
      p.disk().set_unreadable(unreadable_[index].slot, true);
      break;
    case FaultKind::partition_lost:
      if (slots.empty() || !p.runs() || !lose_partition(p, slots[fault.amount % slots.size()])) return;
      break;
    case FaultKind::bit_flips:
      if (slots.empty()) return;
      for (std::size_t i = 0; i < std::min(slots.size(), kFlipsMax); ++i)
        p.disk().set_unreadable(slots[(fault.amount + i) % slots.size()], true);
      break;
    case FaultKind::digests_wrong:
      if (slots.empty()) return;
      for (std::size_t i = 0; i < std::min(slots.size(), kFlipsMax); ++i)
        p.disk().spoil_digest(slots[(fault.amount + i) % slots.size()]);
      break;
    case FaultKind::disk_lost:
      if (!p.runs()) return;
      p.lose_disk();
      break;
    default: break;
  }
  struck_ |= only(fault.kind);
}

void World::end_fault(std::uint32_t index) {
  const Fault& fault = options_.faults[index];
  check_merge_laws();
  if (concerns_links(fault.kind)) return network_.end(fault);
  for (std::uint32_t node = 0; node < nodes(); ++node) {
    if (!has(fault.left, node)) continue;
    Process& p = process(node);
    if (fault.kind == FaultKind::slow_disk) p.disk().set_extra_sync({});
    if (fault.kind == FaultKind::full_disk) p.disk().set_full(false, now_);
    if (fault.kind == FaultKind::full_disk && p.runs()) schedule(node);
  }
  mend_record(index);
}

// The record can be read again, or the repair drops it.
void World::mend_record(std::uint32_t fault) {
  const auto found = unreadable_.find(fault);
  if (found == unreadable_.end()) return;
  const auto [node, slot] = found->second;
  SimStore& disk = process(node).disk();
  disk.set_unreadable(slot, false);
  if (options_.faults[fault].amount % 4 == 0 && may_lose(disk, slot)) disk.lose_record(slot);
  unreadable_.erase(found);
}

// A damaged copy stays unknown where nobody can read another, and until an owner that is gone for good was replaced.
void World::mend_what_nobody_restores(std::uint32_t node) {
  if (!process(node).runs()) return;
  const Ring& ring = process(node).node().ring();
  SimStore& disk = process(node).disk();
  const auto gone = [&](NodeId owner) { return process(index_of(owner)).state() == ProcessState::gone; };
  for (const Slot& slot : disk.slots()) {
    const std::span<const NodeId> owners = ring->owners(ring->partition_of(slot));
    const auto damaged = [&](NodeId owner) { return process(index_of(owner)).disk().is_unreadable(slot); };
    if (std::ranges::all_of(owners, damaged) || std::ranges::any_of(owners, gone)) disk.set_unreadable(slot, false);
  }
}

void World::heal() {
  faults_allowed_ = false;
  network_.heal();
  for (std::uint32_t i = 0; i < options_.faults.size(); ++i) mend_record(i);
  for (std::uint32_t node = 0; node < nodes(); ++node) {
    Process& p = process(node);
    p.crash_in_next_turn.reset();
    p.disk().set_extra_sync({});
    p.disk().set_full(false, now_);
    if (p.state() == ProcessState::paused) resume(node, p.starts());
    if (options_.restart_all_when_healed) crash(node, std::nullopt);
    if (p.state() == ProcessState::down) restart(node, p.starts());
    mend_what_nobody_restores(node);
    if (p.runs()) schedule(node);
  }
}

// Commutative, associative, idempotent, on the states that three disks really hold of one key.
void World::check_merge_laws() {
  if (shared_.keys.empty()) return;
  const SimKey& key = shared_.keys[laws_.below(shared_.keys.size())];
  std::vector<Record> states;
  for (const std::uint32_t owner : key.owners)
    if (const EntryPtr entry = process(owner).disk().peek(key.slot)) states.push_back(entry->record);
  if (states.size() < 2) return;
  const Record& a = states[0];
  const Record& b = states[1];
  const Record& c = states.back();
  const auto join = [&](Record one, const Record& other) {
    merge(key.kind, one, other);
    return one;
  };
  if (!same_state(join(a, b), join(b, a)) || !same_state(join(join(a, b), c), join(a, join(b, c))) ||
      !same_state(join(a, a), a) || !join(a, b).clock.descends(a.clock))
    violations_.push_back(fmt::format("merge laws do not hold for the states of key {}", key.key.name));
}

}  // namespace shoal::sim
