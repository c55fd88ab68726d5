#include "bench/sim/tail_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "node/base/check.h"
#include "node/core/gossip_messages.h"
#include "node/core/topology_rules.h"

namespace shoal::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kKeys = 300;
constexpr std::uint32_t kCopies = 3;
constexpr std::size_t kValueBytes = 100;
constexpr std::uint32_t kStopped = 2;  // this node stops
constexpr milliseconds kDeadline{1000};
constexpr Duration kPatience = kDeadline / 3;
constexpr seconds kLonger{1};  // than the deadline, so that everything ends
constexpr std::uint32_t kNextRequest = 0;
constexpr const char* kBucket = "tail";  // of kind lww: values do not pile up, whoever writes them

Key key_of(std::uint32_t index) { return Key{kBucket, fmt::format("key-{}", index)}; }

Membership document_of(const std::vector<Member>& members, const HashKey& cluster_key) {
  Membership document;
  document.cluster = ClusterId{1};
  document.cluster_key = cluster_key;
  document.epoch = Epoch{1};
  document.partitions = kPartitionsMin;
  document.replicas = kCopies;
  document.founder = members.front().id;
  document.forming = false;
  document.members = members;
  document.buckets = {Bucket{.name = kBucket, .kind = Kind::lww}};
  std::ranges::sort(document.members, {}, &Member::id);
  document.voters = choose_voters(document, [](NodeId) { return true; });
  return document;
}

}  // namespace

TailWorld::TailWorld(const TailOptions& options)
    : options_(options),
      links_(Rng(options.seed).fork("links")),
      turns_(Rng(options.seed).fork("turns")),
      load_(Rng(options.seed).fork("load")) {
  SHOAL_CHECK(options.nodes >= kCopies && options.nodes <= kNodesMax);
  start_nodes();
}

void TailWorld::start_nodes() {
  const Rng root(options_.seed);
  Rng ids = root.fork("ids");
  std::vector<Member> members;
  for (std::uint32_t i = 0; i < options_.nodes; ++i) {
    Process::Identity identity{.index = i,
                               .id = NodeId{ids.next()},
                               .name = fmt::format("n{}", i),
                               .address = fmt::format("10.0.0.{}:7400", i + 1),
                               .zone = "z",
                               .hint_bytes_max = std::uint64_t{1} << 30,
                               .waiting_for_disk_max = 200'000};
    ids_.push_back(identity.id);
    processes_.push_back(std::make_unique<Process>(
        std::move(identity),
        DiskOptions{.sync = microseconds(600), .unsynced_max = 100'000, .peers_unsynced_max = 100'000},
        root.fork(fmt::format("node {}", i)), ledger_, marks_));
    members.push_back(processes_.back()->as_member());
  }
  HashKey cluster_key;
  for (unsigned char& byte : cluster_key.bytes) byte = static_cast<unsigned char>(ids.below(256));
  const Membership document = document_of(members, cluster_key);
  const PreferenceLists ring(document);
  for (std::uint32_t key = 0; key < kKeys; ++key) {
    owners_.emplace_back();
    for (const NodeId owner : ring.owners(ring.partition_of(slot_of(cluster_key, key_of(key)))))
      owners_.back().push_back(index_of(owner));
  }
  busy_until_.assign(options_.nodes, now_);
  for (std::uint32_t node = 0; node < options_.nodes; ++node) {
    processes_[node]->disk().install_document(document);
    processes_[node]->start(now_);
    finish_turn(node);
  }
}

// ---- time --------------------------------------------------------------------------------------------------------

std::vector<TailSample> TailWorld::run() {
  load_begins_ = now_;
  stop_at_ = load_begins_ + options_.warm_up + options_.healthy;
  load_ends_ = stop_at_ + options_.stop + options_.reacted + options_.afterwards;
  begin_request();
  while (!queue_.empty() && queue_.next() < load_ends_ + kDeadline + kLonger) {
    Event event = queue_.pop();
    now_ = event.at;
    if (!stopped_ && now_ >= stop_at_) stop();
    handle(std::move(event));
  }
  return std::move(samples_);
}

void TailWorld::stop() {
  stopped_ = true;
  if (options_.fault == TailFault::stops) processes_[kStopped]->pause();
}

// Nothing but gossip comes in or goes out.
bool TailWorld::hangs(std::uint32_t node) const {
  return stopped_ && node == kStopped && options_.fault == TailFault::hangs;
}

void TailWorld::handle(Event event) {
  switch (event.kind) {
    case EventKind::message_to_node: return deliver_to_node(std::move(event));
    case EventKind::message_to_client: return deliver_to_application(event);
    case EventKind::client_wakes: return application_wakes(event.target);
    case EventKind::node_wakes: break;
    default: return;
  }
  Process& woken = *processes_[event.target];
  if (woken.wakes_at <= now_) woken.wakes_at = kNever;
  if (!woken.is_up()) return;
  woken.tick(now_);
  finish_turn(event.target);
}

// Each doubling is a quarter as likely as the one before: half of all messages take some 0.15 ms, one in a thousand
// thirty times as long.
Duration TailWorld::link_delay() {
  const int doublings = std::min(std::countr_zero(links_.next()) / 2, 8);
  return microseconds(links_.between(80, 200) << doublings);
}

// What a message costs its receiver; now and then a page comes from the disk.
Duration TailWorld::turn_cost() {
  return microseconds(turns_.chance(500) ? turns_.between(1000, 4000) : turns_.between(5, 25));
}

void TailWorld::send(Duration delay, EventKind kind, std::uint32_t target, const Address& from, Message message) {
  queue_.push(Event{.at = now_ + delay,
                    .kind = kind,
                    .target = target,
                    .envelope = std::make_unique<Envelope>(Envelope{from, std::move(message)})});
}

// ---- nodes -------------------------------------------------------------------------------------------------------

std::uint32_t TailWorld::index_of(NodeId id) const {
  return static_cast<std::uint32_t>(std::ranges::find(ids_, id) - ids_.begin());
}

// A node does one thing after another; what comes meanwhile waits.
void TailWorld::deliver_to_node(Event event) {
  const std::uint32_t node = event.target;
  if (!processes_[node]->is_up() || (hangs(node) && !as_gossip(event.envelope->message))) return;
  if (busy_until_[node] > now_) {
    event.at = busy_until_[node];
    return queue_.push(std::move(event));
  }
  busy_until_[node] = now_ + turn_cost();
  processes_[node]->receive(*event.envelope, now_);
  finish_turn(node);
}

void TailWorld::finish_turn(std::uint32_t node) {
  Process& p = *processes_[node];
  for (Envelope& envelope : p.finish_turn(now_)) {
    if (hangs(node) && !as_gossip(envelope.message)) continue;
    const bool to_application = std::holds_alternative<ClientHandle>(envelope.peer);
    const std::uint32_t target = to_application ? 0 : index_of(std::get<NodeId>(envelope.peer));
    send(link_delay(), to_application ? EventKind::message_to_client : EventKind::message_to_node, target, ids_[node],
         std::move(envelope.message));
  }
  const Instant due = std::max(p.next_deadline(), now_);
  if (due == kNever || due >= p.wakes_at) return;
  p.wakes_at = due;
  queue_.push(Event{.at = due, .kind = EventKind::node_wakes, .target = node, .life = p.starts()});
}

// ---- the application ---------------------------------------------------------------------------------------------

TailPhase TailWorld::phase_of(Instant at) const {
  if (at < stop_at_) return TailPhase::healthy;
  if (at < stop_at_ + options_.stop) return TailPhase::stop;
  return at < stop_at_ + options_.stop + options_.reacted ? TailPhase::reacted : TailPhase::afterwards;
}

void TailWorld::application_wakes(std::uint32_t what) {
  if (what == kNextRequest) return begin_request();
  const auto request = open_.find(what);
  if (request == open_.end()) return;
  doubtful_.insert(request->second.asked.back());
  if (now_ >= request->second.intended + kDeadline) return end_request(what, false);
  ask(what);
}

// The first keys are written once each, so that there is something to read.
void TailWorld::begin_request() {
  if (now_ >= load_ends_) return;
  const std::uint64_t id = next_request_++;
  const bool first_time = id <= kKeys;
  const auto key = static_cast<std::uint32_t>(first_time ? id - 1 : load_.below(kKeys));
  open_.emplace(id, Request{key, first_time || load_.chance(options_.writes_per_million), now_, {}});
  ask(id);
  // Uniform gaps: requests come in small bunches, as they do from many users.
  const std::uint64_t mean_us = 1'000'000 / options_.rate;
  const Duration gap = microseconds(load_.below(2 * mean_us + 1));
  queue_.push(Event{.at = now_ + gap, .kind = EventKind::client_wakes, .target = kNextRequest});
}

std::uint32_t TailWorld::next_node(const Request& request) {
  std::vector<std::uint32_t> owners = owners_[request.key];
  if (!request.write)
    std::rotate(owners.begin(), owners.begin() + static_cast<std::ptrdiff_t>(load_.below(kCopies)), owners.end());
  std::stable_partition(owners.begin(), owners.end(), [&](std::uint32_t node) { return !doubtful_.contains(node); });
  const auto asked = [&](std::uint32_t node) { return std::ranges::find(request.asked, node) != request.asked.end(); };
  const auto next = std::ranges::find_if_not(owners, asked);
  return next != owners.end() ? *next : owners.front();
}

void TailWorld::ask(std::uint64_t id) {
  Request& request = open_.at(id);
  const std::uint32_t node = next_node(request);
  request.asked.push_back(node);
  const CallId call{next_call_++};
  attempts_[call] = id;
  const Duration left = request.intended + kDeadline - now_;
  const auto timeout = std::chrono::ceil<Millis>(left);
  if (request.write) {
    PutRequest put{.call = call, .request = {1, id}, .key = key_of(request.key)};
    put.value = Blob(std::string(kValueBytes, 'v'));
    put.timeout = timeout;
    send(link_delay(), EventKind::message_to_node, node, ClientHandle{1}, std::move(put));
  } else {
    send(link_delay(), EventKind::message_to_node, node, ClientHandle{1},
         GetRequest{.call = call, .key = key_of(request.key), .timeout = timeout});
  }
  queue_.push(Event{.at = now_ + std::min(kPatience, left),
                    .kind = EventKind::client_wakes,
                    .target = static_cast<std::uint32_t>(id)});
}

void TailWorld::deliver_to_application(const Event& event) {
  doubtful_.erase(index_of(std::get<NodeId>(event.envelope->peer)));
  const Message& message = event.envelope->message;
  if (const auto* get = std::get_if<GetReply>(&message)) on_answer(get->call, get->outcome.code);
  if (const auto* put = std::get_if<PutReply>(&message)) on_answer(put->call, put->outcome.code);
}

// The first answer counts.
void TailWorld::on_answer(CallId call, Errc outcome) {
  const auto attempt = attempts_.find(call);
  if (attempt == attempts_.end()) return;
  const std::uint64_t request = attempt->second;
  attempts_.erase(attempt);
  if (open_.contains(request)) end_request(request, outcome == Errc::ok);
}

void TailWorld::end_request(std::uint64_t id, bool ok) {
  const Request& request = open_.at(id);
  if (request.intended >= load_begins_ + options_.warm_up)
    samples_.push_back(TailSample{phase_of(request.intended), request.write, ok, now_ - request.intended});
  open_.erase(id);
}

}  // namespace shoal::sim
