#include "bench/sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "node/base/check.h"
#include "vclock/context.h"

namespace shoal::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::uint64_t kEventsMax = 5'000'000;  // a run that needs more has lost its way
constexpr std::uint64_t kOperatorHandle = 0;

DiskOptions disk_options(const Options& options) {
  return DiskOptions{.sync = microseconds(options.sync_usec), .slow_sync_per_million = options.slow_sync_per_million};
}

void set_call(Message& message, CallId call) {
  std::visit(
      [&](auto& m) {
        if constexpr (requires { m.call; }) m.call = call;
      },
      message);
}

std::optional<CallId> call_of(const Message& message) {
  return std::visit(
      [](const auto& m) -> std::optional<CallId> {
        if constexpr (requires { m.call; }) return m.call;
        return std::nullopt;
      },
      message);
}

}  // namespace

World::World(const Options& options, Recorder* recorder)
    : options_(options),
      recorder_(recorder),
      root_(options.seed),
      nemesis_(root_.fork("nemesis")),
      laws_(root_.fork("laws")),
      network_(options.delays, root_.fork("network")) {
  ledger_.set_relaxed(options_.relaxed);
  Rng ids = root_.fork("ids");
  for (std::uint32_t i = 0; i < options_.nodes; ++i) {
    Process::Identity identity{.index = i,
                               .id = NodeId{ids.next()},
                               .name = fmt::format("n{}", i),
                               .address = fmt::format("10.0.0.{}:7400", i + 1),
                               .zone = fmt::format("z{}", i % options_.zones),
                               .weight = options_.weights[i],
                               .sync = !has(options_.relaxed, i),
                               .hint_bytes_max = options_.hint_bytes_max,
                               .waiting_for_disk_max = options_.waiting_for_disk_max};
    ids_.push_back(identity.id);
    processes_.push_back(std::make_unique<Process>(std::move(identity), disk_options(options_),
                                                   root_.fork(fmt::format("node {}", i)), ledger_, marks_));
  }
}

// ---- the loop --------------------------------------------------------------------------------------------------

bool World::step(Instant until) {
  if (queue_.empty() || queue_.next() > until || events_ >= kEventsMax) return false;
  Event event = queue_.pop();
  now_ = event.at;
  fingerprint_.mix(event);
  if (recorder_ != nullptr) {
    if (recorder_->describe_event == events_) recorder_->description = describe(event);
    recorder_->hashes.push_back(fingerprint_.value());
  }
  events_ += 1;
  handle(std::move(event));
  return true;
}

bool World::run_while_not(const std::function<bool()>& done, Instant until) {
  while (!done())
    if (!step(until)) {
      now_ = std::max(now_, until);
      if (events_ >= kEventsMax) violations_.push_back("liveness: the run does not come to rest");
      return done();
    }
  return true;
}

void World::run_until(Instant until) {
  run_while_not([] { return false; }, until);
}

void World::handle(Event event) {
  switch (event.kind) {
    case EventKind::message_to_node: return deliver_to_node(std::move(event));
    case EventKind::message_to_client: return deliver_to_client(event);
    case EventKind::node_wakes: return wake_node(event.target, event.life);
    case EventKind::client_wakes: return wake_client(event.target);
    case EventKind::fault_begins: return begin_fault(event.target);
    case EventKind::fault_ends: return end_fault(event.target);
    case EventKind::node_restarts: return restart(event.target, event.life);
    case EventKind::node_resumes: return resume(event.target, event.life);
  }
}

void World::after(Duration delay, EventKind kind, std::uint32_t target, std::uint64_t life) {
  queue_.push(Event{.at = now_ + delay, .kind = kind, .target = target, .life = life});
}

// ---- nodes -----------------------------------------------------------------------------------------------------

void World::deliver_to_node(Event event) {
  Process& to = process(event.target);
  if (const auto* sender = std::get_if<NodeId>(&event.envelope->peer)) {
    if (network_.is_cut(index_of(*sender), event.target, now_)) return;
  }
  if (event.life != 0 && event.life != to.starts()) return;
  if (to.state() == ProcessState::paused) return to.backlog.push_back({std::move(*event.envelope), now_});
  if (!to.is_up()) return;
  to.receive(*event.envelope, now_);
  finish_turn(event.target);
}

void World::wake_node(std::uint32_t node, std::uint64_t life) {
  Process& woken = process(node);
  if (!woken.runs() || woken.starts() != life) return;
  if (woken.wakes_at <= now_) woken.wakes_at = kNever;
  if (!woken.is_up()) return;
  woken.tick(now_);
  finish_turn(node);
}

void World::finish_turn(std::uint32_t node) {
  Process& p = process(node);
  std::vector<Envelope> outbox = p.finish_turn(now_);
  if (!p.node().stop_reason().empty())
    violations_.push_back(fmt::format("node {} stopped: {}", node, p.node().stop_reason()));
  const bool crashes = p.crash_in_next_turn && !outbox.empty();
  if (crashes) outbox.resize(nemesis_.below(outbox.size() + 1));
  for (Envelope& envelope : outbox) send_from_node(node, std::move(envelope));
  if (crashes) {
    struck_ |= only(FaultKind::crash_mid_turn);
    return crash(node, p.crash_in_next_turn);
  }
  schedule(node);
}

void World::schedule(std::uint32_t node) {
  Process& p = process(node);
  const Instant due = std::max(p.next_deadline(), now_);
  if (due == kNever || due >= p.wakes_at) return;
  p.wakes_at = due;
  queue_.push(Event{.at = due, .kind = EventKind::node_wakes, .target = node, .life = p.starts()});
}

void World::send_from_node(std::uint32_t from, Envelope envelope) {
  if (const auto* client = std::get_if<ClientHandle>(&envelope.peer)) {
    note_receipt(*client, envelope.message);
    note_agreement(*client, envelope.message);
    const std::optional<Instant> arrival = network_.with_client(now_);
    if (!arrival) return;
    queue_.push(Event{
        .at = *arrival,
        .kind = EventKind::message_to_client,
        .target = static_cast<std::uint32_t>(client->value),
        .envelope = std::make_unique<Envelope>(Envelope{process(from).identity().id, std::move(envelope.message)})});
    return;
  }
  const std::uint32_t to = index_of(std::get<NodeId>(envelope.peer));
  if (to == nodes()) return;
  const std::vector<Instant> arrivals = network_.between_nodes(from, to, now_);
  const std::uint64_t life = arrivals.size() > 1 ? process(to).starts() : 0;
  for (const Instant arrival : arrivals) {
    last_arrival_ = std::max(last_arrival_, arrival);
    queue_.push(Event{.at = arrival,
                      .kind = EventKind::message_to_node,
                      .target = to,
                      .life = life,
                      .envelope = std::make_unique<Envelope>(Envelope{ids_[from], envelope.message})});
  }
}

std::uint32_t World::index_of(NodeId id) const {
  return static_cast<std::uint32_t>(std::ranges::find(ids_, id) - ids_.begin());
}

void World::start_process(std::uint32_t node, const Membership& document) {
  process(node).disk().install_document(document);
  process(node).start(now_);
  finish_turn(node);
}

void World::crash(std::uint32_t node, std::optional<Duration> restart_after) {
  Process& p = process(node);
  if (!p.runs()) return;
  p.crash();
  if (restart_after) after(*restart_after, EventKind::node_restarts, node, p.starts());
}

void World::restart(std::uint32_t node, std::uint64_t life) {
  Process& p = process(node);
  if (p.state() != ProcessState::down || p.starts() != life) return;
  p.start(now_);
  finish_turn(node);
}

// Wakes with old timers and everything that came meanwhile, in either order.
void World::resume(std::uint32_t node, std::uint64_t life) {
  Process& p = process(node);
  if (p.state() != ProcessState::paused || p.starts() != life) return;
  p.resume();
  const bool timers_first = nemesis_.chance(500'000);
  if (timers_first) p.tick(now_);
  for (auto backlog = std::exchange(p.backlog, {}); !backlog.empty(); backlog.pop_front()) {
    backlog.front().envelope.age = now_ - backlog.front().since;
    p.receive(backlog.front().envelope, now_);
    finish_turn(node);
    if (!p.is_up()) return;
  }
  if (!timers_first) p.tick(now_);
  finish_turn(node);
}

// ---- clients ---------------------------------------------------------------------------------------------------

void World::found() {
  Rng ids = root_.fork("cluster identity");
  Membership document;
  document.cluster = ClusterId{ids.next() | 1};
  for (unsigned char& byte : document.cluster_key.bytes) byte = static_cast<unsigned char>(ids.below(256));
  document.epoch = Epoch{1};
  document.partitions = kPartitionsMin;
  document.replicas = options_.replicas;
  document.founder = process(0).identity().id;
  document.voters = {document.founder};
  document.members = {process(0).as_member()};
  start_process(0, document);
}

void World::send_from_client(std::uint64_t handle, std::uint32_t node, Message message) {
  if (const auto* put = std::get_if<PutRequest>(&message)) puts_in_flight_[{handle, put->call}] = put->request;
  if (const auto* get = std::get_if<GetRequest>(&message); get != nullptr && get->level == Level::all) {
    const auto key = std::ranges::find(shared_.keys, get->key, &SimKey::key);
    // Of a strong key it shows what a majority agrees on, and the records follow.
    if (key->kind != Kind::strong)
      agreements_asked_[{handle, get->call}] = static_cast<std::uint32_t>(key - shared_.keys.begin());
  }
  const std::optional<Instant> arrival = network_.with_client(now_);
  if (!arrival) return;
  queue_.push(Event{.at = *arrival,
                    .kind = EventKind::message_to_node,
                    .target = node,
                    .envelope = std::make_unique<Envelope>(Envelope{ClientHandle{handle}, std::move(message)})});
}

std::optional<Message> World::ask(std::uint32_t node, Message request, Duration patience) {
  std::vector<Client::Outgoing> one;
  one.push_back({node, std::move(request)});
  return std::move(ask_all(std::move(one), patience).front());
}

std::vector<std::optional<Message>> World::ask_all(std::vector<Client::Outgoing> requests, Duration patience) {
  const std::uint64_t first = next_operator_call_;
  next_operator_call_ += requests.size();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    set_call(requests[i].message, CallId{first + i});
    send_from_client(kOperatorHandle, requests[i].node, std::move(requests[i].message));
  }
  operator_inbox_.clear();
  const auto answer = [&](std::size_t i) {
    return std::ranges::find(operator_inbox_, CallId{first + i}, &OperatorReply::first);
  };
  std::size_t answered = 0;
  run_while_not(
      [&] {
        while (answered < requests.size() && answer(answered) != operator_inbox_.end()) ++answered;
        return answered == requests.size();
      },
      now_ + patience);
  std::vector<std::optional<Message>> replies(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i)
    if (const auto found = answer(i); found != operator_inbox_.end()) replies[i] = std::move(found->second);
  return replies;
}

void World::deliver_to_client(const Event& event) {
  const Message& message = event.envelope->message;
  if (event.target == kOperatorHandle) {
    if (const auto call = call_of(message)) operator_inbox_.emplace_back(*call, message);
    return;
  }
  const std::uint32_t client = event.target - 1;
  clients_[client].client->receive(message, now_);
  schedule_client(client);
}

void World::wake_client(std::uint32_t client) {
  if (clients_[client].wakes_at <= now_) clients_[client].wakes_at = kNever;
  clients_[client].client->tick(now_);
  schedule_client(client);
}

void World::schedule_client(std::uint32_t client) {
  for (Client::Outgoing& outgoing : clients_[client].client->take_outbox())
    send_from_client(client + 1, outgoing.node, std::move(outgoing.message));
  if (clients_[client].client->dead()) {
    if (std::exchange(clients_[client].replaced, true)) return;
    add_client(now_ + shared_.think);
    return schedule_client(static_cast<std::uint32_t>(clients_.size()) - 1);
  }
  Seat& seat = clients_[client];
  const Instant due = seat.client->next_deadline();
  if (due == kNever || due >= seat.wakes_at) return;
  seat.wakes_at = std::max(due, now_);
  queue_.push(Event{.at = seat.wakes_at, .kind = EventKind::client_wakes, .target = client});
}

void World::add_client(Instant start) {
  Rng rng = root_.fork(fmt::format("client {}", clients_.size()));
  const std::uint64_t id = rng.next();
  clients_.push_back(Seat{.client = std::make_unique<Client>(id, shared_, history_, rng, start)});
}

void World::start_load(ClientWorld shared) {
  shared_ = std::move(shared);
  for (std::uint32_t i = 0; i < options_.load.clients; ++i) {
    add_client(now_ + milliseconds(i));
    schedule_client(i);
  }
}

bool World::load_is_over() const {
  return history_.operations().size() >= options_.load.operations &&
         std::ranges::all_of(clients_, [](const Seat& seat) { return seat.client->idle() || seat.client->dead(); });
}

void World::abandon_open_operations() {
  for (const Operation& operation : history_.operations())
    if (operation.outcome == Outcome::open) {
      Operation& open = *history_.find(operation.id);
      open.outcome = Outcome::info;
      open.ended = now_;
    }
}

// Compares what a receipt says with what the disks hold.
void World::note_receipt(ClientHandle client, const Message& message) {
  const auto* reply = std::get_if<PutReply>(&message);
  if (reply == nullptr || reply->outcome.code != Errc::ok) return;
  const auto request = puts_in_flight_.find({client.value, reply->call});
  if (request == puts_in_flight_.end()) return;
  const Operation* write = history_.find(request->second);
  if (write == nullptr) return;
  // A majority of acceptors holds it, before any record does.
  if (shared_.keys[write->key].kind == Kind::strong) return;
  NodeSet owners = 0;
  for (const std::uint32_t owner : shared_.keys[write->key].owners) owners |= only(owner);
  Receipt receipt{.request = write->id, .claims_durable = reply->durable};
  const auto count = static_cast<std::int32_t>(shared_.keys[write->key].owners.size());
  receipt.needed = std::max({quorum_size(shared_.least_quorum(*write), count), write->primaries, reply->outcome.acks});
  receipt.owners_needed = std::max(write->primaries, reply->outcome.acks - reply->stand_ins);
  for (const DotFacts* dot : ledger_.dots_of(write->id)) {
    const NodeSet held = dot->ever_held | dot->lost;
    receipt.holding = std::max(receipt.holding, std::popcount(held));
    receipt.owners_holding = std::max(receipt.owners_holding, std::popcount(held & owners));
    receipt.synced = std::max(receipt.synced, std::popcount(dot->ever_synced | (dot->lost & ~options_.relaxed)));
  }
  receipts_.push_back(receipt);
}

// Compares what a read at level all shows with what the owners' disks have held.
void World::note_agreement(ClientHandle client, const Message& message) {
  const auto* reply = std::get_if<GetReply>(&message);
  if (reply == nullptr || reply->outcome.code != Errc::ok) return;
  const auto asked = agreements_asked_.find({client.value, reply->call});
  if (asked == agreements_asked_.end()) return;
  const SimKey& key = shared_.keys[asked->second];
  NodeSet owners = 0;
  for (const std::uint32_t owner : key.owners) owners |= only(owner);
  Agreement agreement{.key = asked->second, .owners = std::popcount(owners), .holding = std::popcount(owners)};
  const Result<CausalContext> shown = decode_context(reply->context, shared_.cluster_key, key.slot);
  for (const auto& [name, facts] : ledger_.dots())
    if (shown && facts.slot == key.slot && shown->seen.covers(facts.dot))
      agreement.holding = std::min(agreement.holding, std::popcount((facts.ever_held | facts.lost) & owners));
  agreements_.push_back(agreement);
}

}  // namespace shoal::sim
