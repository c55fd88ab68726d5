#include "tests/core/cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "node/core/topology_rules.h"

namespace shoal {
namespace {

constexpr int kStepsMax = 100'000;
constexpr std::uint32_t kPartitions = 256;

Member member_of(const Newcomer& newcomer) {
  return Member{.id = id_of(newcomer.node),
                .name = newcomer.name.empty() ? std::string(1, newcomer.node) : newcomer.name,
                .address = newcomer.address.empty() ? Cluster::address_of(newcomer.node) : newcomer.address};
}

Membership document_of(std::string_view names, const ClusterOptions& options) {
  Membership document;
  document.cluster = {77};
  document.cluster_key.bytes.fill(9);
  document.epoch = {1};
  document.partitions = kPartitions;
  document.replicas = options.replicas;
  document.founder = id_of(names.front());
  document.forming = options.forming;
  if (options.strong) document.buckets = {Bucket{.name = "default", .kind = Kind::strong}};
  for (const Name name : names) document.members.push_back(member_of({.node = name}));
  for (std::size_t i = 0; i < options.zones.size(); ++i) document.members[i].zone = options.zones[i];
  std::ranges::sort(document.members, {}, &Member::id);
  document.voters = choose_voters(document, [](NodeId) { return true; });
  return document;
}

}  // namespace

Cluster::Cluster(std::string_view names, ClusterOptions options)
    : options_(std::move(options)), founding_(document_of(names, options_)) {
  for (const Name name : names) {
    machines_[name].store.save_document(founding_);
    machines_[name].store.sync();
    boot(name, founding_, address_of(name));
  }
}

void Cluster::boot(Name name, const Membership& document, const std::string& address) {
  Machine& machine = machines_[name];
  const std::uint64_t life = ++machine.lives;
  machine.node = std::make_unique<Node>(NodeConfig{.id = id_of(name),
                                                   .incarnation = Incarnation::of(life, id_of(name).value),
                                                   .document = document,
                                                   .address = address,
                                                   .sync = options_.relaxed.find(name) == std::string::npos,
                                                   .open_requests_max = options_.open_requests_max,
                                                   .waiting_for_disk_max = options_.waiting_for_disk_max,
                                                   .hint_bytes_max = options_.hint_bytes_max,
                                                   .repair = options_.repair,
                                                   .trace = &machine.marks},
                                        machine.store, Rng(life * 1000 + id_of(name).value));
}

Now Cluster::now() const { return {now_, WallTime{wall_ms_}}; }

// ---- clients ------------------------------------------------------------------------------------------------------

CallId Cluster::ask(Name via, Message question) {
  const CallId call{next_call_++};
  std::visit(
      [&](auto& message) {
        if constexpr (requires { message.call; }) message.call = call;
      },
      question);
  node(via).receive(Envelope{ClientHandle{call.value}, std::move(question)}, now());
  collect();
  return call;
}

CallId Cluster::start_put(Name via, const Put& put) {
  PutRequest request;
  request.request = put.request != RequestId{} ? put.request : RequestId{1, next_request_++};
  request.key = {put.bucket, put.key};
  request.level = put.level;
  request.pw = put.pw;
  request.tombstone = put.tombstone;
  request.value = Blob(put.value);
  request.context = put.context;
  request.w = put.w;
  request.timeout = put.timeout;
  request.condition = put.condition;
  request.expected = Blob(put.expected);
  request.retry = put.retry;
  request.since = put.since;
  return ask(via, request);
}

CallId Cluster::start_get(Name via, const Get& get) {
  return ask(via, GetRequest{{}, {"default", get.key}, get.r, get.timeout, get.level, get.pr, get.session});
}

PutReply Cluster::put(Name via, const Put& put) {
  const CallId call = start_put(via, put);
  run();
  if (answered(call)) return reply<PutReply>(call);
  ADD_FAILURE() << "the put of " << put.key << " via " << via << " got no answer";
  return {};
}

PutReply Cluster::del(Name via, const std::string& key, const std::string& context) {
  return put(via, {.key = key, .value = "", .context = context, .tombstone = true});
}

GetReply Cluster::get(Name via, const Get& get) {
  const CallId call = start_get(via, get);
  run();
  if (answered(call)) return reply<GetReply>(call);
  ADD_FAILURE() << "the get of " << get.key << " via " << via << " got no answer";
  return {};
}

ListReply Cluster::list(Name via, ListRequest request) {
  request.bucket = "default";
  const CallId call = ask(via, std::move(request));
  run();
  if (answered(call)) return reply<ListReply>(call);
  ADD_FAILURE() << "the listing via " << via << " got no answer";
  return {};
}

std::vector<std::string> Cluster::list_all(Name via, const std::string& prefix, std::uint32_t limit) {
  std::vector<std::string> names;
  for (std::uint32_t partition = 0; partition < kPartitions; ++partition) {
    std::optional<Slot> after;
    do {
      const ListReply page =
          list(via, {.prefix = prefix, .partition = {partition}, .after = after, .limit = limit, .r = 2});
      EXPECT_EQ(page.outcome.code, Errc::ok) << page.outcome.message;
      names.insert(names.end(), page.names.begin(), page.names.end());
      after = page.next;
    } while (after);
  }
  return names;
}

// ---- the network --------------------------------------------------------------------------------------------------

void Cluster::take_reply(const Message& message) {
  std::visit(
      [&](const auto& answer) {
        if constexpr (requires { answer.call; }) {
          EXPECT_TRUE(replies_.emplace(answer.call, answer).second) << "two answers to one question";
        }
      },
      message);
}

void Cluster::collect() {
  for (auto& [name, machine] : machines_) {
    if (machine.node == nullptr) continue;
    for (Envelope& envelope : machine.node->take_outbox()) {
      if (const auto* to = std::get_if<NodeId>(&envelope.peer)) {
        flights_.push_back(Flight{name, name_of(*to), std::move(envelope.message)});
      } else {
        if (watch_) watch_(Flight{name, '*', envelope.message}, false);
        take_reply(envelope.message);
      }
    }
  }
}

void Cluster::deliver(const Flight& flight) {
  const auto to = machines_.find(flight.to);
  const bool lost = cut_.contains({flight.from, flight.to}) || to == machines_.end() || to->second.node == nullptr ||
                    std::ranges::any_of(losing_, [&](const auto& like) { return like(flight); });
  if (watch_) watch_(flight, lost);
  if (lost) return;
  ++delivered_[std::string{flight.from, flight.to}];
  for (int i = 0; i < (twice_ ? 2 : 1); ++i)
    to->second.node->receive(Envelope{id_of(flight.from), flight.message, age_}, now());
}

bool Cluster::sync_disks() {
  bool synced = false;
  for (auto& [name, machine] : machines_) {
    if (machine.node == nullptr || slow_.contains(name) || !machine.store.dirty()) continue;
    machine.node->durable(machine.store.sync(), now());
    synced = true;
  }
  return synced;
}

void Cluster::run() {
  for (int step = 0; step < kStepsMax; ++step) {
    collect();
    if (sync_disks()) continue;
    if (flights_.empty()) return;
    const Flight next = std::move(flights_.front());
    flights_.pop_front();
    deliver(next);
  }
  ADD_FAILURE() << "the nodes never fall silent";
}

void Cluster::isolate(Name node) {
  for (const auto& [other, machine] : machines_) {
    cut(node, other);
    cut(other, node);
  }
}

std::size_t Cluster::delivered(std::string_view link) const {
  const auto it = delivered_.find(link);
  return it != delivered_.end() ? it->second : 0;
}

// ---- disks, clocks, lives -----------------------------------------------------------------------------------------

void Cluster::fast_disk(Name name) {
  slow_.erase(name);
  run();
}

bool Cluster::tick_due() {
  bool ticked = false;
  for (auto& [name, machine] : machines_) {
    if (machine.node == nullptr || !machine.node->stop_reason().empty() || machine.node->next_deadline() > now_)
      continue;
    machine.node->tick(now());
    ticked = true;
  }
  return ticked;
}

void Cluster::advance(Duration span) {
  const Instant end = now_ + span;
  for (int step = 0; step < kStepsMax; ++step) {
    run();
    if (tick_due()) continue;
    if (now_ >= end) return;
    Instant next = end;
    for (auto& [name, machine] : machines_)
      if (machine.node != nullptr && machine.node->stop_reason().empty())
        next = std::min(next, machine.node->next_deadline());
    wall_ms_ += std::chrono::duration_cast<Millis>(next - now_).count();
    now_ = next;
  }
  ADD_FAILURE() << "time stands still";
}

void Cluster::kill(Name name) {
  collect();  // what it has sent is on its way
  machines_.at(name).node.reset();
  machines_.at(name).store.crash();
}

void Cluster::start(Name name, const std::string& address) {
  const std::optional<Membership>& document = machines_.at(name).store.document();
  boot(name, document ? *document : founding_, address.empty() ? address_of(name) : address);
}

void Cluster::believe(Name node, Liveness liveness) {
  for (auto& [name, machine] : machines_)
    if (machine.node != nullptr && name != node) machine.node->liveness(id_of(node), liveness, now());
}

void Cluster::keep_hint(Name keeper, Name owner, const std::string& key, Name from) {
  store(keeper).write(Place(id_of(owner), slot(key)), store(from).held(slot(key)));
  store(keeper).sync();
}

JoinReply Cluster::join(Name via, const Newcomer& newcomer) {
  JoinReply last;
  for (int i = 0; i < 5 && last.outcome.code != Errc::refused && !last.document; ++i) {
    const CallId call = ask(via, Join{{}, member_of(newcomer), newcomer.reset_identity});
    run();
    if (answered(call)) last = reply<JoinReply>(call);
  }
  if (!last.document) return last;
  MemoryStore& disk = machines_[newcomer.node].store;
  disk.save_document(*last.document);
  disk.sync();
  boot(newcomer.node, *last.document, member_of(newcomer).address);
  return last;
}

// ---- looking in ---------------------------------------------------------------------------------------------------

Slot Cluster::slot(const std::string& key) const { return slot_of(founding_.cluster_key, Key{"default", key}); }

std::string Cluster::owners(const std::string& key) const {
  const PreferenceLists lists(founding_);
  std::string names;
  for (const NodeId owner : lists.owners(lists.partition_of(slot(key)))) names.push_back(name_of(owner));
  return names;
}

std::string Cluster::fallbacks(const std::string& key) const {
  const PreferenceLists lists(founding_);
  std::string names;
  for (const NodeId node : lists.fallbacks(lists.partition_of(slot(key)))) names.push_back(name_of(node));
  return names;
}

EntryPtr Cluster::hint(Name holder, Name owner, const std::string& key) {
  return store(holder).held(Place(id_of(owner), slot(key)));
}

Record Cluster::record(Name name, const std::string& key) {
  const EntryPtr entry = store(name).held(slot(key));
  return entry != nullptr ? entry->record : Record{};
}

CausalContext Cluster::decode(const std::string& key, const std::string& context) const {
  const Result<CausalContext> decoded = decode_context(context, founding_.cluster_key, slot(key));
  if (decoded) return *decoded;
  ADD_FAILURE() << decoded.error().message;
  return {};
}

std::vector<std::string> values_of(const GetReply& reply) {
  std::vector<std::string> values;
  for (const Value& value : reply.values) values.emplace_back(value.bytes.view());
  std::ranges::sort(values);
  return values;
}

}  // namespace shoal
