// The part of a simulated study that does harm, and heals.
#include <algorithm>

#include "bench/study/sim_world.h"

namespace shoal::study {
namespace {

constexpr std::chrono::milliseconds kStartTakes{500};  // of a node that ends in order and comes back

bool destroys(FaultWord word) {
  return word == FaultWord::disk_lost || word == FaultWord::partition_lost || word == FaultWord::record_lost ||
         word == FaultWord::lost_sync || word == FaultWord::bit_flip;
}

template <class T>
std::vector<T> drawn_from(std::vector<T> all, std::size_t count, Rng& rng) {
  count = std::min(count, all.size());
  for (std::size_t i = 0; i < count; ++i) std::swap(all[i], all[i + rng.below(all.size() - i)]);
  all.resize(count);
  return all;
}

}  // namespace

void SimWorld::begin_fault(std::uint32_t index) {
  if (!faults_allowed_) return;
  const Fault& fault = scenario_.faults[index];
  active_[index] = FaultSpan{.what = std::string(name_of(fault.word)),
                             .where = where(fault),
                             .begin = seconds_now(),
                             .end = seconds_now() + fault.for_s,
                             .destroyed_copies = destroys(fault.word)};
  if (concerns_links(fault.word)) {
    links_.begin(fault);
  } else {
    for (const std::uint32_t node : fault.groups.front()) begin_at_node(fault, index, node);
  }
  queue_.push(sim::Event{.at = now_ + duration_of(fault.for_s), .kind = sim::EventKind::fault_ends, .target = index});
}

void SimWorld::begin_at_node(const Fault& fault, std::uint32_t index, std::uint32_t node) {
  sim::Process& p = *machines_[node];
  if (p.state() == sim::ProcessState::gone) return;
  Rng chance = root_.fork("fault " + std::to_string(index) + " at " + std::to_string(node));
  switch (fault.word) {
    case FaultWord::crash: return die(node, &sim::Process::crash);
    case FaultWord::kill: die(node, &sim::Process::kill); return connect(node, false);
    case FaultWord::restart:
      die(node, &sim::Process::kill);
      queue_.push(sim::Event{.at = now_ + kStartTakes, .kind = sim::EventKind::node_restarts, .target = node});
      return connect(node, false);
    case FaultWord::pause:
      if (p.is_up()) p.pause();
      return;
    case FaultWord::clock_jump: return p.clock().step(static_cast<std::int64_t>(fault.offset_ms));
    case FaultWord::clock_drift: return p.clock().drift(static_cast<std::int64_t>(fault.drift_ppm), now_);
    case FaultWord::disk_slow: return p.disk().set_extra_sync(fault.delay.draw(chance));
    case FaultWord::disk_full:
    case FaultWord::disk_error: return p.disk().set_full(true, now_);
    case FaultWord::lost_sync: return p.disk().set_lying(true);
    case FaultWord::disk_lost: die(node, &sim::Process::lose_disk); return connect(node, false);
    case FaultWord::partition_lost: return lose_partitions(fault, node, chance);
    case FaultWord::record_lost:
    case FaultWord::bit_flip: return damage_records(fault, node, chance);
    default: return;
  }
}

void SimWorld::damage_records(const Fault& fault, std::uint32_t node, Rng& chance) {
  sim::SimStore& disk = machines_[node]->disk();
  for (const Slot& slot : drawn_from(disk.slots(), fault.amount, chance)) {
    divergence_->changed(slot);
    fault.word == FaultWord::bit_flip ? disk.set_unreadable(slot, true) : disk.lose_record(slot);
  }
}

void SimWorld::lose_partitions(const Fault& fault, std::uint32_t node, Rng& chance) {
  sim::SimStore& disk = machines_[node]->disk();
  std::vector<std::uint32_t> owned;
  for (std::uint32_t partition = 0; partition < owners_.size(); ++partition)
    if (std::ranges::find(owners_[partition], node) != owners_[partition].end()) owned.push_back(partition);
  const std::vector<std::uint32_t> lost = drawn_from(std::move(owned), fault.amount, chance);
  for (const Slot& slot : disk.slots())
    if (std::ranges::find(lost, ring_->partition_of(slot).value) != lost.end()) disk.lose_record(slot);
}

void SimWorld::end_fault(std::uint32_t index) {
  const auto active = active_.find(index);
  if (active == active_.end()) return;
  active->second.end = seconds_now();
  const double lasted = active->second.end - active->second.begin;
  recording_.faults.push_back(std::move(active->second));
  active_.erase(active);
  recording_.healed = seconds_now();
  const Fault& fault = scenario_.faults[index];
  if (concerns_links(fault.word)) return links_.end(fault);
  for (const std::uint32_t node : fault.groups.front()) end_at_node(fault, node, lasted);
}

void SimWorld::end_at_node(const Fault& fault, std::uint32_t node, double lasted) {
  sim::Process& p = *machines_[node];
  switch (fault.word) {
    case FaultWord::crash:
    case FaultWord::kill:
    case FaultWord::restart: return restart(node);
    case FaultWord::pause: return resume(node);
    case FaultWord::clock_jump: return p.clock().step(-static_cast<std::int64_t>(fault.offset_ms));
    case FaultWord::clock_drift:
      p.clock().drift(0, now_);
      return p.clock().step(-static_cast<std::int64_t>(lasted * fault.drift_ppm / 1000));
    case FaultWord::disk_slow: return p.disk().set_extra_sync({});
    case FaultWord::disk_full:
    case FaultWord::disk_error: p.disk().set_full(false, now_); return p.runs() ? schedule(node) : void();
    case FaultWord::lost_sync:
      // What is not there is found out when power is cut.
      die(node, &sim::Process::crash);
      p.disk().set_lying(false);
      return restart(node);
    default: return;
  }
}

void SimWorld::die(std::uint32_t node, void (sim::Process::*how)()) {
  sim::Process& p = *machines_[node];
  if (p.runs()) of_the_dead_ += p.node().repair_traffic();
  if (p.runs() || how == &sim::Process::lose_disk) (p.*how)();
}

void SimWorld::restart(std::uint32_t node) {
  sim::Process& p = *machines_[node];
  if (p.state() != sim::ProcessState::down) return;
  connect(node, false);
  p.start(now_);
  finish_turn(node);
  connect(node, true);
}

// Wakes with everything that came meanwhile, then looks at its clock.
void SimWorld::resume(std::uint32_t node) {
  sim::Process& p = *machines_[node];
  if (p.state() != sim::ProcessState::paused) return;
  p.resume();
  for (auto backlog = std::exchange(p.backlog, {}); !backlog.empty(); backlog.pop_front()) {
    backlog.front().envelope.age = now_ - backlog.front().since;
    p.receive(backlog.front().envelope, now_);
    finish_turn(node);
  }
  p.tick(now_);
  finish_turn(node);
}

// Whatever is still wrong when the load ends, ends with it.
void SimWorld::heal() {
  faults_allowed_ = false;
  std::vector<std::uint32_t> left;
  for (const auto& [index, span] : active_) left.push_back(index);
  for (const std::uint32_t index : left) end_fault(index);
}

}  // namespace shoal::study
