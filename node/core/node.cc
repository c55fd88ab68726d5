#include "node/core/node.h"

#include <algorithm>
#include <string>
#include <utility>

#include "node/base/check.h"
#include "node/base/limits.h"
#include "node/core/held_state.h"
#include "node/core/observe.h"
#include "node/core/state_digest.h"
#include "node/ring/lookup.h"

namespace shoal {
namespace {

constexpr Millis kTimeoutMax = std::chrono::minutes(1);
constexpr std::size_t kParkedMax = 1024;

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

Millis timeout_of(const ClientRequest& request) {
  const Millis asked = std::visit([](const auto& r) { return r.timeout; }, request);
  return std::clamp(asked, Millis(1), kTimeoutMax);
}

Error too_many_open() { return fail(Errc::overloaded, "this node has too many requests open; try again later"); }
Error disk_is_behind() { return fail(Errc::overloaded, "this node's disk is far behind; try again later"); }

}  // namespace

Node::Node(NodeConfig config, Store& store, Rng rng)
    : config_(std::move(config)),
      store_(store),
      rng_(rng),
      trace_(config_.trace),
      watchman_(events_),
      outbox_(config_.id, config_.study.own_legs ? Outbox::Own::sent : Outbox::Own::loops_back),
      replica_(config_.incarnation, store, trace_),
      topology_({config_.id, config_.incarnation, config_.address}, config_.document, store, outbox_, peers_, trace_,
                rng_.fork("topology")),
      hints_(config_.id, *topology_.ring(), store, replica_, trace_, config_.hint_bytes_max),
      pace_(config_.id),
      services_{config_.id, config_.sync, config_.study, store_, replica_, hints_,  repair_marks_,   coverage_,
                topology_,  outbox_,      peers_,        pace_,  trace_,   events_, rng_.next() >> 1},
      puts_(services_),
      gets_(services_),
      lists_(services_),
      acceptors_(services_),
      strong_(services_, acceptors_, config_.incarnation, rng_.fork("strong")),
      forwards_(services_),
      explains_(services_),
      handoff_(services_, config_.handoff_bytes_per_second),
      repair_answers_(services_),
      anti_entropy_(services_, config_.repair),
      quarantine_(services_),
      scrub_(services_, quarantine_, config_.scrub_cycle, rng_.next()),
      diffs_(services_) {
  SHOAL_CHECK(topology_.document().find(config_.id) != nullptr);
}

void Node::receive(const Envelope& envelope, Now now) {
  if (!stop_reason().empty()) return;
  dispatch(envelope, now);
  drain_loopback(now);
}

void Node::drain_loopback(Now now) {
  for (std::vector<Envelope> own = outbox_.take_loopback(); !own.empty(); own = outbox_.take_loopback())
    for (const Envelope& envelope : own) dispatch(envelope, now);
  watchman_.document(topology_.document(), config_.id, now.wall);
}

void Node::dispatch(const Envelope& envelope, Now now) {
  if (std::holds_alternative<ClientHandle>(envelope.peer)) {
    hear_client(envelope.peer, envelope.message, now);
  } else {
    hear_peer(std::get<NodeId>(envelope.peer), envelope, now);
  }
  release_parked(now);
}

void Node::hear_client(const Address& from, const Message& message, Now now) {
  std::visit(Overloaded{[&](const Hello& m) {
                          outbox_.send(from, Welcome{m.call, config_.id, topology_.document()});
                        },
                        [&](const GetRequest& m) { on_request(from, m, now.mono + timeout_of(m), now); },
                        [&](const PutRequest& m) { on_request(from, m, now.mono + timeout_of(m), now); },
                        [&](const ListRequest& m) { on_request(from, m, now.mono + timeout_of(m), now); },
                        [&](const StatusRequest& m) { on_status(from, m); },
                        [&](const ExplainRequest& m) { on_explain(from, m, now); },
                        [&](const EventsRequest& m) { on_events(from, m); },
                        [&](const HintsRequest& m) { on_hints(from, m, now); },
                        [&](const RepairRequest& m) { on_repair(from, m, now); },
                        [&](const DiffRequest& m) { diffs_.on_request(from, m, now); },
                        [&](const ObserveRequest& m) { on_observe(from, m); },
                        [&](const BucketRequest& m) { topology_.on_bucket(from, m, now); },
                        [&](const VotersRequest& m) { topology_.on_voters(from, m, now); },
                        [&](const Join& m) { topology_.on_join(from, m, now); },
                        [](const auto&) {}},  // a client may not speak as a peer
             message);
}

void Node::hear_peer(NodeId peer, const Envelope& envelope, Now now) {
  std::visit(Overloaded{[&](const Replicate& m) { on_replicate(peer, m, envelope.age, now); },
                        [&](const Replicated& m) { on_replicated(peer, m, now); },
                        [&](const Fetch& m) { on_fetch(peer, m, envelope.age); },
                        [&](const Fetched& m) { gets_.on_fetched(peer, m, now); },
                        [&](const FetchKeys& m) { on_fetch_keys(peer, m, envelope.age); },
                        [&](const KeysFetched& m) { lists_.on_keys_fetched(peer, m, now); },
                        [&](const Prepare& m) { acceptors_.on_prepare(peer, m); },
                        [&](const Accept& m) { acceptors_.on_accept(peer, m); },
                        [&](const Poll& m) { acceptors_.on_poll(peer, m); },
                        [&](const Learn& m) { acceptors_.on_learn(m); },
                        [&](const Promise& m) { strong_.on_promise(peer, m, now); },
                        [&](const Accepted& m) { strong_.on_accepted(peer, m, now); },
                        [&](const Polled& m) { strong_.on_polled(peer, m, now); },
                        [&](const Forward& m) { on_forward(peer, m, envelope.age, now); },
                        [&](const Forwarded& m) { forwards_.on_forwarded(peer, m); },
                        [&](const ComparePair& m) {
                          if (anti_entropy_.goes_first(peer))
                            return outbox_.send(peer, PairCompared{m.call, Errc::overloaded, {}});
                          repair_answers_.on_question(peer, m, now);
                        },
                        [&](const CompareBranches& m) { repair_answers_.on_question(peer, m, now); },
                        [&](const CompareElements& m) { repair_answers_.on_question(peer, m, now); },
                        [&](const PullStates& m) { repair_answers_.on_question(peer, m, now); },
                        [&](const PushStates& m) { repair_answers_.on_question(peer, m, now); },
                        [&](const PairCompared& m) { on_repair_answer(peer, m, now); },
                        [&](const BranchesCompared& m) { on_repair_answer(peer, m, now); },
                        [&](const ElementsCompared& m) { on_repair_answer(peer, m, now); },
                        [&](const StatesPulled& m) {
                          if (!quarantine_.on_states_pulled(peer, m, now)) on_repair_answer(peer, m, now);
                        },
                        [&](const StatesPushed& m) { anti_entropy_.on_answer(peer, m, now); },
                        [&](const Inspect& m) { on_inspect(peer, m); },
                        [&](const Inspected& m) { explains_.on_inspected(peer, m); },
                        [&](const Join& m) { topology_.on_join(peer, m, now); },
                        [&](const CloseFormation& m) { topology_.on_close(peer, m, now); },
                        [&](const PrepareDocument& m) { topology_.on_prepare(peer, m); },
                        [&](const AcceptDocument& m) { topology_.on_accept(peer, m); },
                        [&](const PromiseDocument& m) { topology_.on_promise(peer, m, now); },
                        [&](const AcceptedDocument& m) { topology_.on_accepted(peer, m, now); },
                        [&](const DocumentDigest& m) { topology_.on_document_digest(peer, m, now); },
                        [&](const DocumentPush& m) { topology_.on_document(m, now); },
                        [](const auto&) {}},  // a peer may not speak as a client
             envelope.message);
}

Status Node::check_busy() {
  const bool many_open = open_requests() >= config_.open_requests_max;
  if (!many_open && outbox_.waiting() < config_.waiting_for_disk_max) return Unit{};
  trace_.mark(Mark::client_refused_overloaded);
  return many_open ? too_many_open() : disk_is_behind();
}

Status Node::check(const ClientRequest& request) {
  if (const Status busy = check_busy(); !busy) return busy;
  if (const auto* list = std::get_if<ListRequest>(&request)) {
    if (list->partition.value >= topology_.document().partitions)
      return fail(Errc::invalid, "there is no partition " + std::to_string(list->partition.value));
    return check_bucket(topology_.document(), list->bucket);
  }
  const auto* put = std::get_if<PutRequest>(&request);
  const Key& key = put != nullptr ? put->key : std::get<GetRequest>(request).key;
  if (const Status valid = check_key(key); !valid) return valid;
  if (const Status known = check_bucket(topology_.document(), key.bucket); !known) return known;
  if (const Status able = check_strong(request, topology_.document()); !able) return able;
  return put != nullptr ? check_value_size(put->value.size()) : Unit{};
}

bool Node::expired(Millis left, Duration age) {
  if (left == Millis{} || age < std::clamp(left, Millis(-1), kTimeoutMax)) return false;  // a peer may say anything
  trace_.mark(Mark::expired_work_dropped);
  return true;
}

void Node::on_forward(NodeId peer, const Forward& message, Duration age, Now now) {
  if (expired(message.left, age)) return;
  if (is_write(message.request) && !forwards_seen_.first_time(peer, message.call)) return;
  const Millis left = message.left != Millis{} ? std::min(message.left, kTimeoutMax) : timeout_of(message.request);
  on_request(peer, message.request, now.mono + left - (message.left != Millis{} ? age : Duration{}), now);
}

PartitionId Node::partition_of(const ClientRequest& request) const {
  const HashKey& key = topology_.document().cluster_key;
  return std::visit(Overloaded{[](const ListRequest& list) { return list.partition; },
                               [&](const auto& r) { return ring()->partition_of(slot_of(key, r.key)); }},
                    request);
}

void Node::on_request(const Address& asker, const ClientRequest& request, Instant deadline, Now now) {
  const Status valid = check(request);
  if (!valid) return services_.reply(asker, refusal_of(request, valid.error()));
  const auto* put = std::get_if<PutRequest>(&request);
  if (put != nullptr && topology_.forming()) {
    // Not even passed on: no write is accepted anywhere before formation is known to be over.
    if (parked_.size() >= kParkedMax) return services_.reply(asker, refusal_of(request, too_many_open()));
    parked_.push_back(Parked{asker, *put, deadline});
    return topology_.close(now);
  }
  route(asker, request, deadline, now);
}

void Node::route(const Address& asker, const ClientRequest& request, Instant deadline, Now now) {
  if (is_strong(request, topology_.document())) return route_strong(asker, request, deadline, now);
  const PartitionId partition = partition_of(request);
  if (coordinates(partition, asker)) {
    if (!is_write(request) && !ring()->owns(config_.id, partition)) trace_.mark(Mark::get_coordinated_by_fallback);
    return std::visit(Overloaded{[&](const GetRequest& r) { gets_.on_request(asker, r, deadline, now); },
                                 [&](const PutRequest& r) { puts_.on_request(asker, r, deadline, now); },
                                 [&](const ListRequest& r) { lists_.on_request(asker, r, deadline, now); }},
                      request);
  }
  std::vector<NodeId> able =
      peers_.reachable_of(config_.study.stand_ins() ? ring()->ranked(partition) : ring()->owners(partition));
  std::erase(able, config_.id);
  if (able.empty())
    return services_.reply(asker, refusal_of(request, fail(Errc::unavailable, "no node that may hold the key is up")));
  forwards_.forward(asker, request, std::move(able), deadline, now);
}

// One node at a time should work on a key: the first reachable owner, as it seems to whoever is asked. What a peer
// forwarded is coordinated here.
void Node::route_strong(const Address& asker, const ClientRequest& request, Instant deadline, Now now) {
  std::vector<NodeId> able = peers_.reachable_of(ring()->owners(partition_of(request)));
  if (able.empty() || able.front() == config_.id || std::holds_alternative<NodeId>(asker))
    return strong_.on_request(asker, request, deadline, now);
  forwards_.forward(asker, request, std::move(able), deadline, now);
}

// An owner does; a fallback when nobody who is ranked before it is up. What a peer forwarded is coordinated here in any
// case: the peer believes that nobody better is up, and a second hop could go in circles.
bool Node::coordinates(PartitionId partition, const Address& asker) const {
  if (ring()->owns(config_.id, partition) || std::holds_alternative<NodeId>(asker)) return true;
  if (!config_.study.stand_ins()) return false;
  const std::span<const NodeId> ranked = ring()->ranked(partition);  // owners first
  const auto able = [&](NodeId node) { return node == config_.id || peers_.reachable(node); };
  const auto first = std::ranges::find_if(ranked, able);
  return first != ranked.end() && *first == config_.id;
}

void Node::release_parked(Now now) {
  if (parked_.empty() || topology_.forming()) return;
  for (const Parked& parked : std::exchange(parked_, {})) route(parked.client, parked.request, parked.deadline, now);
}

// How busy this node is. An idle disk has no service time that anybody would have to wait for.
Load Node::load() const {
  const std::size_t queued = outbox_.waiting();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(service_time_.smoothed()).count();
  return {static_cast<std::uint32_t>(queued), queued > 0 ? static_cast<std::uint32_t>(us) : 0};
}

void Node::on_replicated(NodeId from, const Replicated& message, Now now) {
  if (handoff_.on_replicated(from, message, now)) return;
  puts_.on_replicated(from, message);
  gets_.on_replicated(from, message, now);
}

void Node::on_replicate(NodeId from, const Replicate& message, Duration age, Now now) {
  if (message.purpose == Purpose::write && expired(message.left, age)) return;
  if (const Status room = store_.admit_peers(); !room) {
    trace_.mark(Mark::peer_refused_by_store);
    return outbox_.send(from, Replicated{message.call, topology_.document().epoch, room.error().code, false, load()});
  }
  const Slot slot = slot_of(topology_.document().cluster_key, message.key);
  const bool stands_in = message.purpose == Purpose::hint && message.owner != config_.id;
  const Result<CommitId> merged = stands_in ? hints_.keep(message.owner, slot, message)
                                            : replica_.merge(slot, message.key, message.kind, *message.state);
  const bool sync = config_.sync || message.purpose == Purpose::handoff;  // the hint is dropped on our word
  Replicated reply{message.call, topology_.document().epoch, Errc::ok, sync, load()};
  if (!merged) {
    reply.outcome = merged.error().code;
    return outbox_.send(from, reply);
  }
  if (sync && !config_.sync) store_.hurry(*merged);
  service_time_.waits(*merged, now.mono);
  outbox_.send_after(sync ? *merged : CommitId{0}, from, reply);
}

void Node::on_fetch(NodeId from, const Fetch& message, Duration age) {
  if (expired(message.left, age)) return;
  const HashKey& cluster_key = topology_.document().cluster_key;
  const Slot slot = slot_of(cluster_key, message.key);
  const Result<RecordPtr> held = held_state(replica_, *ring(), config_.id, slot, message.key);
  Fetched reply{message.call, topology_.document().epoch, held ? Errc::ok : held.error().code, nullptr};
  reply.load = load();
  if (held && *held != nullptr) {
    reply.digest = state_digest(slot, **held);
    if (!message.digest_only) reply.state = *held;
  }
  const bool waits = message.durable_only && config_.sync;
  outbox_.send_after(waits ? replica_.last_commit() : CommitId{0}, from, std::move(reply));
}

void Node::on_fetch_keys(NodeId from, const FetchKeys& message, Duration age) {
  if (message.partition.value >= topology_.document().partitions || expired(message.left, age)) return;
  const bool owner = ring()->owns(config_.id, message.partition);
  outbox_.send(from, owner ? scan_keys(store_, *ring(), message) : scan_hints(store_, *ring(), message));
}

void Node::on_explain(const Address& asker, const ExplainRequest& request, Now now) {
  if (open_requests() < config_.open_requests_max) return explains_.on_request(asker, request, now);
  ExplainReply refused;
  refused.call = request.call;
  refused.outcome = too_many_open();
  outbox_.send(asker, std::move(refused));
}

void Node::on_inspect(NodeId from, const Inspect& message) { outbox_.send(from, inspect(services_, message)); }

void Node::on_events(const Address& asker, const EventsRequest& request) {
  outbox_.send(asker, EventsReply{request.call, config_.id, config_.incarnation, events_.after(request.after)});
}

void Node::on_status(const Address& asker, const StatusRequest& request) {
  StatusReply reply;
  reply.call = request.call;
  reply.node = config_.id;
  reply.incarnation = config_.incarnation;
  reply.document = topology_.document();
  for (const Member& member : reply.document.members)
    reply.members.push_back(MemberView{member.id, peers_.of(member.id), watchman_.since_ms(member.id)});
  reply.records = store_.records();
  reply.requests_open = open_requests();
  const Status admitted = store_.admit();
  if (!admitted) reply.store_trouble = admitted.error().message;
  reply.sync = config_.sync;
  reply.hint_bytes = hints_.bytes();
  reply.hint_bytes_max = hints_.bytes_max();
  reply.partitions_to_repair = repair_marks_.size();
  reply.study = deviations(config_.study);
  for (std::size_t i = 0; i < static_cast<std::size_t>(Mark::count_); ++i)
    if (const auto mark = static_cast<Mark>(i); trace_.of(mark) > 0)
      reply.counters.push_back(Counter{std::string(name_of(mark)), trace_.of(mark)});
  outbox_.send(asker, std::move(reply));
}

std::uint64_t Node::hints_held() const {
  std::uint64_t held = 0;
  for (const auto& [owner, queue] : hints_.queues()) held += queue.hints;
  return held;
}

void Node::on_observe(const Address& asker, const ObserveRequest& request) {
  ObserveReply reply = observe(store_, topology_.document().cluster_key, request);
  reply.node = config_.id;
  reply.hints = hints_held();
  reply.hint_bytes = hint_bytes();
  reply.traffic = repair_traffic();
  outbox_.send(asker, std::move(reply));
}

void Node::on_hints(const Address& asker, const HintsRequest& request, Now now) {
  if (request.deliver) handoff_.deliver_now(now);
  HintsReply reply{request.call, config_.id, hints_.bytes(), hints_.bytes_max(), {}};
  for (const auto& [owner, queue] : hints_.queues()) {
    const Instant next = handoff_.next_try(owner);
    const Duration left = std::max(next - now.mono, Duration::zero());
    const std::int64_t ms = next == kNever ? -1 : std::chrono::ceil<Millis>(left).count();
    reply.queues.push_back(HintQueue{owner, queue.hints, queue.bytes, queue.delivered, ms});
  }
  outbox_.send(asker, std::move(reply));
}

void Node::on_repair(const Address& asker, const RepairRequest& request, Now now) {
  if (request.start) anti_entropy_.start(now);
  if (request.scrub) scrub_.start(now);
  outbox_.send(asker, RepairReply{request.call, config_.id, anti_entropy_.report(now), scrub_.report(),
                                  std::chrono::ceil<Millis>(config_.repair.interval)});
}

template <class Answer>
void Node::on_repair_answer(NodeId from, const Answer& answer, Now now) {
  if (!anti_entropy_.on_answer(from, answer, now)) diffs_.on_answer(from, answer, now);
}

void Node::tick_repair(Now now) {
  for (const Slot& slot : replica_.take_damaged()) quarantine_.add(slot, now);
  scrub_.tick(now);
  quarantine_.tick(now);
  anti_entropy_.tick(now);
}

std::size_t Node::open_requests() const {
  return puts_.open() + gets_.open() + lists_.open() + strong_.open() + forwards_.open() + explains_.open() +
         diffs_.open() + parked_.size();
}

void Node::tick(Now now) {
  if (!stop_reason().empty()) return;
  puts_.tick(now);
  gets_.tick(now);
  lists_.tick(now);
  strong_.tick(now);
  forwards_.tick(now);
  explains_.tick(now);
  diffs_.tick(now);
  handoff_.tick(now);
  tick_repair(now);
  topology_.tick(now);
  release_parked(now);
  if (!parked_.empty()) topology_.close(now);
  expire_parked(now);
  watch(now);
  drain_loopback(now);
}

void Node::watch(Now now) {
  const Status admitted = store_.admit();
  watchman_.hints(topology_.document(), hints_, now.wall);
  watchman_.repair_marks(repair_marks_.size(), now.wall);
  watchman_.store(admitted ? Error{.code = Errc::ok, .message = {}} : admitted.error(), now.wall);
}

void Node::expire_parked(Now now) {
  const Error error = fail(Errc::unavailable,
                           "the cluster is still forming and no majority of its voters answers; nothing was written");
  const auto expired = [&](const Parked& parked) {
    if (parked.deadline > now.mono) return false;
    services_.reply(parked.client, refusal_of(parked.request, error));
    return true;
  };
  std::erase_if(parked_, expired);
}

void Node::durable(CommitId commit, Now now) {
  service_time_.durable(commit, now.mono);
  acceptors_.durable(commit);
  outbox_.durable(commit);
  drain_loopback(now);
}

void Node::liveness(NodeId node, Liveness state, Now now) {
  watchman_.document(topology_.document(), config_.id, now.wall);
  watchman_.liveness(topology_.document(), node, peers_.of(node), state, now.wall);
  peers_.set(node, state);
  handoff_.on_liveness(node, state, now);
  anti_entropy_.on_liveness(node, state, now);
  drain_loopback(now);
}

Instant Node::next_deadline() const {
  Instant next = std::min({puts_.next_deadline(), gets_.next_deadline(), lists_.next_deadline(),
                           strong_.next_deadline(), forwards_.next_deadline(), handoff_.next_deadline(),
                           explains_.next_deadline(), topology_.next_deadline(), diffs_.next_deadline(),
                           anti_entropy_.next_deadline(), quarantine_.next_deadline(), scrub_.next_deadline()});
  if (replica_.has_damaged()) next = Instant{};
  for (const Parked& parked : parked_) next = std::min({next, parked.deadline, topology_.next_close()});
  return next;
}

std::vector<Envelope> Node::take_outbox() { return outbox_.take(); }

}  // namespace shoal
