#include "bench/gossip/world.h"

#include <algorithm>

namespace shoal::gossip_sim {
namespace {

constexpr std::uint64_t kFrameBytes = 36;   // protocol, cluster, sender, incarnation, kind, tag
constexpr std::uint64_t kNumberBytes = 9;   // a random 64-bit number
constexpr std::uint64_t kRumourBytes = 22;  // array, two numbers, three small ones
constexpr std::uint64_t kAccuserBytes = 8;  // more, when there is one

std::uint64_t bytes_of(const std::vector<Rumour>& rumours) {
  std::uint64_t bytes = 3;
  for (const Rumour& rumour : rumours) bytes += kRumourBytes + (rumour.accuser == NodeId{} ? 0 : kAccuserBytes);
  return bytes;
}

std::uint64_t bytes_of(const Ping& m) { return kNumberBytes + bytes_of(m.rumours); }
std::uint64_t bytes_of(const Pong& m) { return kNumberBytes + bytes_of(m.rumours); }
std::uint64_t bytes_of(const PingRequest& m) { return 2 * kNumberBytes + bytes_of(m.rumours); }
std::uint64_t bytes_of(const Nack&) { return kNumberBytes; }
std::uint64_t bytes_of(const Gossip& m) { return bytes_of(m.rumours); }
std::uint64_t bytes_of(const StateDigest&) { return 2 * kNumberBytes; }
std::uint64_t bytes_of(const StateExchange& m) { return 1 + bytes_of(m.states); }

std::uint32_t index_of(NodeId id) { return static_cast<std::uint32_t>(id.value - 1); }

}  // namespace

std::uint64_t encoded_bytes(const GossipMessage& message) {
  return kFrameBytes + std::visit([](const auto& m) { return bytes_of(m); }, message);
}

World::World(const Options& options) : options_(options), rng_(options.seed), machines_(options.nodes) {
  for (std::uint32_t node = 0; node < options_.nodes; ++node) members_.push_back(id(node));
  for (std::uint32_t node = 0; node < options_.nodes; ++node) start(node);
}

bool World::later(const Event& a, const Event& b) { return std::pair(a.at, a.sequence) > std::pair(b.at, b.sequence); }

void World::push(Event event) {
  event.sequence = next_sequence_++;
  heap_.push_back(std::move(event));
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void World::run_until(Instant until) {
  while (!heap_.empty() && heap_.front().at <= until) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    now_ = event.at;
    handle(std::move(event));
  }
  now_ = until;
}

void World::handle(Event event) {
  Machine& machine = machines_[event.target];
  const bool wakes = event.message == nullptr;
  if (!machine.swim || (wakes && event.life != machine.life)) return;
  if (const Instant free = next_free(machine, wakes); free > now_) {
    event.at = free;
    return push(std::move(event));
  }
  if (wakes) {
    if (machine.wakes_at <= now_) machine.wakes_at = kNever;
    machine.swim->tick(now_);
  } else {
    machine.swim->receive(id(event.from), *event.message, now_);
  }
  finish_turn(event.target);
}

void World::finish_turn(std::uint32_t node) {
  Machine& machine = machines_[node];
  for (const Swim::Change& change : machine.swim->take_changes()) {
    machine.views[index_of(change.node)] = change.liveness;
    if (on_change) on_change(node, index_of(change.node), change.liveness);
  }
  for (Swim::Outgoing& out : machine.swim->take_outbox()) send(node, std::move(out));
  const Instant due = std::max(machine.swim->next_deadline(), now_);
  if (due == kNever || due >= machine.wakes_at) return;
  machine.wakes_at = due;
  push(Event{.at = due, .target = node, .life = machine.life});
}

void World::send(std::uint32_t from, Swim::Outgoing out) {
  const std::uint32_t to = index_of(out.to);
  traffic_.messages += 1;
  traffic_.bytes += encoded_bytes(out.message);
  if (on_sent) on_sent(from, to, out.message);
  if (rng_.chance(options_.links.loss_per_million) || (cut && cut(from, to))) return;
  const Instant leaves = next_free(machines_[from], false);
  push(Event{.at = drawn(leaves, options_.links.delay_min, options_.links.delay_max),
             .target = to,
             .from = from,
             .message = std::make_unique<GossipMessage>(std::move(out.message))});
}

Instant World::drawn(Instant from, Duration min, Duration max) {
  return from +
         Duration(rng_.between(static_cast<std::uint64_t>(min.count()), static_cast<std::uint64_t>(max.count())));
}

Instant World::next_free(Machine& machine, bool timers) {
  Instant free = std::max(now_, machine.stopped_until);
  if (!machine.slowness || (timers && !machine.slowness->stops_timers)) return free;
  const Slowness& slowness = *machine.slowness;
  while (machine.blocked_until <= now_) {
    machine.free_until = drawn(machine.blocked_until, slowness.free_min, slowness.free_max);
    machine.blocked_until = drawn(machine.free_until, slowness.blocked_min, slowness.blocked_max);
  }
  return now_ < machine.free_until ? free : std::max(free, machine.blocked_until);
}

void World::kill(std::uint32_t node) {
  machines_[node].swim.reset();
  machines_[node].wakes_at = kNever;
}

void World::start(std::uint32_t node) {
  Machine& machine = machines_[node];
  const Incarnation incarnation = Incarnation::of(++machine.life, rng_.next());
  machine.swim = std::make_unique<Swim>(Swim::Config{id(node), incarnation, options_.swim}, Rng(rng_.next()));
  machine.views.assign(options_.nodes, Liveness::alive);
  machine.swim->watch(members_, {id(0)}, now_);
  finish_turn(node);
}

void World::make_slow(std::uint32_t node, const Slowness& slowness) {
  machines_[node].slowness = std::make_unique<Slowness>(slowness);
  machines_[node].blocked_until = now_;
}

bool World::all_views_are_true() const {
  for (std::uint32_t observer = 0; observer < nodes(); ++observer) {
    if (!runs(observer)) continue;
    for (std::uint32_t subject = 0; subject < nodes(); ++subject)
      if (subject != observer && view(observer, subject) != (runs(subject) ? Liveness::alive : Liveness::dead))
        return false;
  }
  return true;
}

}  // namespace shoal::gossip_sim
