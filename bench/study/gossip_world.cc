#include "bench/study/gossip_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "node/core/gossip_messages.h"

namespace shoal::study {

GossipWorld::GossipWorld(const Scenario& scenario, std::uint64_t seed, Recording& recording, const Progress& progress)
    : scenario_(scenario),
      recording_(recording),
      progress_(progress),
      root_(seed),
      links_(scenario, root_.fork("links")),
      active_(scenario.faults.size(), false),
      span_of_(scenario.faults.size(), 0),
      machines_(scenario.cluster.nodes) {
  Rng ids = root_.fork("ids");
  for (std::uint32_t node = 0; node < machines_.size(); ++node) {
    machines_[node].id = NodeId{ids.next()};
    ids_.push_back(machines_[node].id);
    index_of_[machines_[node].id.value] = node;
    recording_.nodes.push_back(node_name(node));
  }
  for (std::uint32_t node = 0; node < machines_.size(); ++node) start(node);
  for (std::uint32_t i = 0; i < scenario_.faults.size(); ++i)
    queue_.push(sim::Event{.at = begin_ + duration_of_ms(scenario_.faults[i].at_s * 1000),
                           .kind = sim::EventKind::fault_begins,
                           .target = i});
}

void GossipWorld::start(std::uint32_t node) {
  Machine& machine = machines_[node];
  if (machine.swim) return;
  Rng rng = root_.fork(fmt::format("node {} start {}", node, ++machine.starts));
  const Incarnation life{machine.starts << 32 | node};
  machine.swim.emplace(Swim::Config{machine.id, life, {}}, rng);
  machine.swim->watch(ids_, {ids_.front()}, now_);
  machine.believes_alive.assign(machines_.size(), true);
  machine.wakes_at = kNever;
  finish_turn(node);
}

void GossipWorld::stop(std::uint32_t node) {
  machines_[node].swim.reset();
  machines_[node].backlog.clear();
  machines_[node].paused = false;
}

void GossipWorld::run() {
  run_until(begin_ + duration_of_ms(scenario_.seconds * 1000));
  for (std::uint32_t i = 0; i < scenario_.faults.size(); ++i) end_fault(i);
  if (recording_.healed >= recording_.samples.back().at) take_sample();
  recording_.seconds = scenario_.seconds;
  const Instant until = now_ + duration_of_ms(scenario_.settle_s * 1000);
  while (now_ < until && recording_.samples.back().behind > 0)
    run_until(std::min(until, now_ + duration_of_ms(scenario_.sample_ms)));
  recording_.event_hash = fingerprint_.value();
}

void GossipWorld::run_until(Instant until) {
  for (;;) {
    const Instant next = std::min(queue_.next(), next_sample_);
    if (next > until) break;
    now_ = std::max(now_, next);
    if (next_sample_ <= now_) {
      take_sample();
      continue;
    }
    sim::Event event = queue_.pop();
    fingerprint_.mix(event);
    recording_.events += 1;
    handle(std::move(event));
  }
  now_ = until;
}

void GossipWorld::handle(sim::Event event) {
  Machine& machine = machines_[std::min<std::size_t>(event.target, machines_.size() - 1)];
  switch (event.kind) {
    case sim::EventKind::message_to_node: {
      const std::uint32_t from = index_of_.at(std::get<NodeId>(event.envelope->peer).value);
      if (!machine.swim || links_.is_cut(from, event.target)) return;
      if (machine.paused) return machine.backlog.push_back(std::move(*event.envelope));
      return deliver(event.target, *event.envelope);
    }
    case sim::EventKind::node_wakes:
      if (machine.starts != event.life || !machine.swim) return;
      if (machine.wakes_at <= now_) machine.wakes_at = kNever;
      if (machine.paused) return;
      machine.swim->tick(now_);
      return finish_turn(event.target);
    case sim::EventKind::fault_begins: return begin_fault(event.target);
    case sim::EventKind::fault_ends: return end_fault(event.target);
    default: return;
  }
}

void GossipWorld::deliver(std::uint32_t node, const Envelope& envelope) {
  machines_[node].swim->receive(std::get<NodeId>(envelope.peer), *as_gossip(envelope.message), now_);
  finish_turn(node);
}

void GossipWorld::finish_turn(std::uint32_t node) {
  Machine& machine = machines_[node];
  for (const Swim::Change& change : machine.swim->take_changes())
    machine.believes_alive[index_of_.at(change.node.value)] = change.liveness != Liveness::dead;
  for (Swim::Outgoing& out : machine.swim->take_outbox()) {
    const std::uint32_t to = index_of_.at(out.to.value);
    const LinkModel::Arrivals arrivals = links_.between(node, to, Leg::other, now_);
    const Message message = to_message(std::move(out.message));
    for (const Instant at : {arrivals.first, arrivals.second})
      if (at != kNever)
        queue_.push(sim::Event{.at = at,
                               .kind = sim::EventKind::message_to_node,
                               .target = to,
                               .envelope = std::make_unique<Envelope>(Envelope{machine.id, message})});
  }
  const Instant due = std::max(machine.swim->next_deadline(), now_);
  if (due == kNever || due >= machine.wakes_at) return;
  machine.wakes_at = due;
  queue_.push(sim::Event{.at = due, .kind = sim::EventKind::node_wakes, .target = node, .life = machine.starts});
}

void GossipWorld::begin_fault(std::uint32_t index) {
  active_[index] = true;
  span_of_[index] = recording_.faults.size();
  const Fault& fault = scenario_.faults[index];
  recording_.faults.push_back(FaultSpan{.what = std::string(name_of(fault.word)),
                                        .where = where(fault),
                                        .begin = seconds_now(),
                                        .end = seconds_now() + fault.for_s});
  if (concerns_links(fault.word)) links_.begin(fault);
  if (fault.word == FaultWord::crash || fault.word == FaultWord::kill || fault.word == FaultWord::restart)
    for (const std::uint32_t node : fault.groups.front()) stop(node);
  if (fault.word == FaultWord::pause)
    for (const std::uint32_t node : fault.groups.front()) machines_[node].paused = machines_[node].swim.has_value();
  queue_.push(
      sim::Event{.at = now_ + duration_of_ms(fault.for_s * 1000), .kind = sim::EventKind::fault_ends, .target = index});
}

// Of one that is over, or has not begun, nothing.
void GossipWorld::end_fault(std::uint32_t index) {
  if (!active_[index]) return;
  active_[index] = false;
  const Fault& fault = scenario_.faults[index];
  recording_.healed = std::max(recording_.healed, seconds_now());
  recording_.faults[span_of_[index]].end = seconds_now();
  if (concerns_links(fault.word)) return links_.end(fault);
  for (const std::uint32_t node : fault.groups.front()) {
    Machine& machine = machines_[node];
    if (fault.word != FaultWord::pause) start(node);
    if (!std::exchange(machine.paused, false)) continue;
    for (auto backlog = std::exchange(machine.backlog, {}); !backlog.empty(); backlog.pop_front())
      deliver(node, backlog.front());
    machine.swim->tick(now_);
    finish_turn(node);
  }
}

void GossipWorld::take_sample() {
  Sample sample{.at = seconds_now()};
  sample.behind_by_node.assign(machines_.size(), 0);
  std::vector<bool> wrong_of(machines_.size(), false);
  for (std::uint32_t observer = 0; observer < machines_.size(); ++observer) {
    const Machine& machine = machines_[observer];
    if (!machine.swim || machine.paused) continue;
    for (std::uint32_t member = 0; member < machines_.size(); ++member) {
      const bool up = machines_[member].swim.has_value() && !machines_[member].paused;
      if (member == observer || machine.believes_alive[member] == up) continue;
      ++sample.behind_by_node[observer];
      ++sample.behind;
      wrong_of[member] = true;
    }
  }
  sample.keys_apart = static_cast<std::uint64_t>(std::ranges::count(wrong_of, true));
  recording_.samples.push_back(std::move(sample));
  next_sample_ += duration_of_ms(scenario_.sample_ms);
  if (progress_) progress_(std::min(1.0, seconds_now() / (scenario_.seconds + scenario_.settle_s)), "gossip");
}

}  // namespace shoal::study
