#include "bench/study/sim_world.h"

#include <algorithm>
#include <set>

#include "node/core/gossip_messages.h"

namespace shoal::study {
namespace {

constexpr double kReportEvery = 0.002;  // of the whole run

Leg leg_of(const Message& message) {
  if (std::holds_alternative<Replicate>(message)) return Leg::write;
  if (std::holds_alternative<Replicated>(message)) return Leg::ack;
  if (std::holds_alternative<Fetch>(message)) return Leg::read;
  if (std::holds_alternative<Fetched>(message)) return Leg::response;
  return Leg::other;
}

std::string note_of(const Message& message) {
  return std::visit(
      [](const auto& m) -> std::string {
        if constexpr (requires { m.key.name; }) return m.key.name;
        return {};
      },
      message);
}

}  // namespace

// ---- time --------------------------------------------------------------------------------------------------------

void SimWorld::run() {
  next_sample_ = begin_;
  run_until(begin_ + duration_of(scenario_.seconds));
  heal();
  recording_.seconds = scenario_.seconds;
  settle();
  finish();
}

void SimWorld::run_until(Instant until) {
  for (;;) {
    const Duration next_start = load_->next_start();
    const Instant starts = next_start == Load::kOver ? kNever : begin_ + next_start;
    const Instant next = std::min({queue_.next(), starts, next_sample_});
    if (next > until) break;
    now_ = std::max(now_, next);
    if (next_sample_ <= now_) take_sample();
    if (starts <= now_) start_operations();
    if (queue_.empty() || queue_.next() > now_) continue;
    sim::Event event = queue_.pop();
    fingerprint_.mix(event);
    recording_.events += 1;
    handle(std::move(event));
  }
  now_ = until;
}

void SimWorld::handle(sim::Event event) {
  switch (event.kind) {
    case sim::EventKind::message_to_node: return deliver_to_node(std::move(event));
    case sim::EventKind::message_to_client: {
      Connection& client = connections_[event.target];
      const std::uint32_t node = index_of_.at(std::get<NodeId>(event.envelope->peer).value);
      client.dispatcher->receive(machines_[node]->identity().address, std::move(event.envelope->message), now_);
      return turn_of_client(event.target);
    }
    case sim::EventKind::node_wakes: return wake_node(event.target, event.life);
    case sim::EventKind::client_wakes:
      if (connections_[event.target].wakes_at <= now_) connections_[event.target].wakes_at = kNever;
      return turn_of_client(event.target);
    case sim::EventKind::fault_begins: return begin_fault(event.target);
    case sim::EventKind::fault_ends: return end_fault(event.target);
    case sim::EventKind::node_restarts: return restart(event.target);
    case sim::EventKind::node_resumes: return resume(event.target);
  }
}

void SimWorld::take_sample() {
  Sample sample{.at = seconds_now()};
  divergence_->measure(sample);
  RepairTraffic spent = of_the_dead_;
  for (const auto& machine : machines_)
    if (machine->runs()) spent += machine->node().repair_traffic();
  sample.handoff_bytes = spent.handoff_bytes;
  sample.read_repair_bytes = spent.read_repair_bytes;
  sample.anti_entropy_bytes = spent.anti_entropy_bytes;
  recording_.samples.push_back(std::move(sample));
  next_sample_ += duration_of_ms(scenario_.sample_ms);
  report_progress();
}

void SimWorld::report_progress() {
  const double share = seconds_now() / (scenario_.seconds + scenario_.settle_s);
  if (!progress_ || share < reported_ + kReportEvery) return;
  reported_ = share;
  progress_(std::clamp(share, 0.0, 1.0), active_.empty() ? "" : active_.begin()->second.what);
}

// Without faults, until every operation has ended and all owners are equal; or as long as the scenario waits for it.
void SimWorld::settle() {
  const Instant until = now_ + duration_of(scenario_.settle_s);
  const auto at_rest = [&] { return load_->open() == 0 && divergence_->all_equal(); };
  while (now_ < until && !at_rest()) run_until(std::min(until, now_ + duration_of_ms(scenario_.sample_ms)));
  if (recording_.samples.back().at < seconds_now()) take_sample();
}

void SimWorld::finish() {
  for (std::size_t place = 0; place < recording_.operations.size(); ++place)
    if (recording_.operations[place].completed == 0 && load_->is_open(place))
      load_->ended(place, fail(Errc::indeterminate, "the study ended first"), now_ - begin_);
  std::set<std::uint32_t> keys;
  for (const Operation& operation : recording_.operations)
    if (operation.phase == Phase::load) keys.insert(operation.key);
  for (const std::uint32_t key : keys) {
    const Slot slot = slot_of(document_.cluster_key, load_->key(key));
    LastState last{.key = key};
    Record join;
    Kind kind = Kind::siblings;
    std::set<std::string> states;
    for (const std::uint32_t owner : owners_[ring_->partition_of(slot).value]) {
      if (machines_[owner]->state() == sim::ProcessState::gone) continue;
      const EntryPtr entry = machines_[owner]->disk().peek(slot);
      states.insert(entry ? causal_bytes(entry->record) : "");
      if (entry) merge(kind = entry->kind, join, entry->record);
    }
    last.equal = states.size() <= 1;
    last.known = !states.empty();
    for (const Sibling* sibling : live_siblings(join))
      if (const WriteId writer = writer_of(sibling->value.view()); writer != 0) last.values.push_back(writer);
    std::ranges::sort(last.values);
    recording_.finals.push_back(std::move(last));
  }
  for (std::size_t mark = 0; mark < static_cast<std::size_t>(Mark::count_); ++mark)
    if (const auto of = static_cast<Mark>(mark); marks_.of(of) > 0)
      recording_.counters[std::string(name_of(of))] = marks_.of(of);
  recording_.event_hash = fingerprint_.value();
}

// ---- nodes -------------------------------------------------------------------------------------------------------

void SimWorld::deliver_to_node(sim::Event event) {
  sim::Process& to = *machines_[event.target];
  if (const auto* sender = std::get_if<NodeId>(&event.envelope->peer))
    if (links_.is_cut(index_of_.at(sender->value), event.target)) return;
  if (to.state() == sim::ProcessState::paused) return to.backlog.push_back({std::move(*event.envelope), now_});
  if (!to.is_up()) return;
  to.receive(*event.envelope, now_);
  finish_turn(event.target);
}

void SimWorld::wake_node(std::uint32_t node, std::uint64_t life) {
  sim::Process& woken = *machines_[node];
  if (!woken.runs() || woken.starts() != life) return;
  if (woken.wakes_at <= now_) woken.wakes_at = kNever;
  if (!woken.is_up()) return;
  woken.tick(now_);
  finish_turn(node);
}

void SimWorld::finish_turn(std::uint32_t node) {
  sim::Process& p = *machines_[node];
  for (Envelope& envelope : p.finish_turn(now_)) send_from_node(node, std::move(envelope));
  schedule(node);
}

void SimWorld::schedule(std::uint32_t node) {
  sim::Process& p = *machines_[node];
  const Instant due = std::max(p.next_deadline(), now_);
  if (due == kNever || due >= p.wakes_at) return;
  p.wakes_at = due;
  queue_.push(sim::Event{.at = due, .kind = sim::EventKind::node_wakes, .target = node, .life = p.starts()});
}

void SimWorld::send_from_node(std::uint32_t from, Envelope envelope) {
  const NodeId sender = machines_[from]->identity().id;
  const auto push = [&](Instant at, sim::EventKind kind, std::uint32_t target, Message message) {
    queue_.push(sim::Event{.at = at,
                           .kind = kind,
                           .target = target,
                           .envelope = std::make_unique<Envelope>(Envelope{sender, std::move(message)})});
  };
  if (const auto* client = std::get_if<ClientHandle>(&envelope.peer)) {
    const auto connection = static_cast<std::uint32_t>(client->value - 1);
    const Instant at = links_.with_client(from, now_);
    trace(static_cast<std::int32_t>(from), -1 - static_cast<std::int32_t>(connection), envelope.message, at);
    return push(at, sim::EventKind::message_to_client, connection, std::move(envelope.message));
  }
  const auto to = index_of_.find(std::get<NodeId>(envelope.peer).value);
  if (to == index_of_.end()) return;
  const LinkModel::Arrivals arrivals = links_.between(from, to->second, leg_of(envelope.message), now_);
  trace(static_cast<std::int32_t>(from), static_cast<std::int32_t>(to->second), envelope.message, arrivals.first);
  if (arrivals.second != kNever) push(arrivals.second, sim::EventKind::message_to_node, to->second, envelope.message);
  if (arrivals.first != kNever)
    push(arrivals.first, sim::EventKind::message_to_node, to->second, std::move(envelope.message));
}

void SimWorld::trace(std::int32_t from, std::int32_t to, const Message& message, Instant arrives) {
  if (windows_.empty() || as_gossip(message)) return;
  for (Window& window : windows_) {
    if (window.left == 0 || now_ < window.begin || now_ > window.end) continue;
    --window.left;
    const double arrived = arrives == kNever ? MessageTrace::kLost : seconds_of(arrives - begin_);
    recording_.messages.push_back(
        {seconds_now(), arrived, from, to, std::string(sim::name_of(message)), note_of(message)});
    return;
  }
}

// ---- clients -----------------------------------------------------------------------------------------------------

void SimWorld::start_operations() {
  for (Load::Start& start : load_->take_due(now_ - begin_)) {
    const std::size_t operation = start.operation;
    connections_[start.connection].dispatcher->submit({.request = std::move(start.request),
                                                       .only = {},
                                                       .started = now_,
                                                       .deadline = now_ + start.timeout,
                                                       .done =
                                                           [this, operation](Result<client_detail::Reply> reply) {
                                                             ended_.push_back({operation, std::move(reply)});
                                                           }},
                                                      now_);
    turn_of_client(start.connection);
  }
}

void SimWorld::turn_of_client(std::uint32_t connection) {
  Connection& client = connections_[connection];
  client.dispatcher->tick(now_);
  hand_over(connection, client);
  for (Ended& ended : std::exchange(ended_, {})) load_->ended(ended.operation, ended.reply, now_ - begin_);
  const Instant due = std::max(client.dispatcher->next_deadline(), now_);
  if (due == kNever || due >= client.wakes_at) return;
  client.wakes_at = due;
  queue_.push(sim::Event{.at = due, .kind = sim::EventKind::client_wakes, .target = connection});
}

void SimWorld::hand_over(std::uint32_t connection, Connection& client) {
  for (const std::string& address : client.dispatcher->wanting()) {
    const std::uint32_t node = index_of_address_.at(address);
    if (!client.stands[node]) continue;
    for (Message& message : client.dispatcher->take(address, now_)) {
      load_->handed_over(message);
      const Instant at = links_.with_client(node, now_);
      trace(-1 - static_cast<std::int32_t>(connection), static_cast<std::int32_t>(node), message, at);
      queue_.push(sim::Event{
          .at = at,
          .kind = sim::EventKind::message_to_node,
          .target = node,
          .envelope = std::make_unique<Envelope>(Envelope{ClientHandle{connection + 1}, std::move(message)})});
    }
  }
}

// Every client hears that its connection to the node broke, or that there is one again.
void SimWorld::connect(std::uint32_t node, bool stands) {
  const std::string& address = machines_[node]->identity().address;
  for (std::uint32_t connection = 0; connection < connections_.size(); ++connection) {
    Connection& client = connections_[connection];
    if (client.stands[node] == stands) continue;
    client.stands[node] = stands;
    stands ? client.dispatcher->connected(address) : client.dispatcher->lost(address, now_);
    turn_of_client(connection);
  }
}

}  // namespace shoal::study
