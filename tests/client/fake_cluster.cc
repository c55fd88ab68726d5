#include "tests/client/fake_cluster.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <type_traits>
#include <utility>
#include <zmq.hpp>

#include "node/ring/lookup.h"

namespace shoal::test {

namespace {

constexpr std::int64_t kEpochMs = 1'704'067'200'000;  // 2024-01-01: printed times are the same in every run

Hlc written_at(std::uint64_t number) { return {(static_cast<std::uint64_t>(kEpochMs) + number * 1000) << 16}; }

}  // namespace

std::string FakeStore::context(const Key& key, std::uint64_t number, bool may_overwrite, std::uint64_t actor) {
  const CausalContext context{.slot = slot_of(HashKey{}, key),
                              .seen = VersionVector({{Actor{{actor}, 1}, number}}),
                              .hlc = {},
                              .may_overwrite = may_overwrite};
  return encode_context(context, HashKey{});
}

std::optional<std::uint64_t> FakeStore::number_in(const Key& key, const std::string& context) {
  if (context.empty()) return 0;
  const Result<CausalContext> decoded = decode_context(context, HashKey{}, slot_of(HashKey{}, key));
  if (!decoded) return std::nullopt;
  return decoded->seen.at(Actor{{1}, 1});
}

GetReply FakeStore::get(const Key& key) {
  const std::lock_guard lock(mutex_);
  GetReply reply;
  std::uint64_t seen = 0;
  for (const Version& version : records_[key]) {
    seen = std::max(seen, version.number);
    if (!version.tombstone) reply.values.push_back(Value{version.bytes, written_at(version.number)});
  }
  if (seen > 0) reply.context = context(key, seen);
  reply.outcome = Error{.code = Errc::ok, .message = {}, .acks = 2, .needed = 2};
  return reply;
}

PutReply FakeStore::receipt(const Key& key, const std::vector<Version>& versions, const RequestId& request) const {
  PutReply reply;
  reply.outcome = Error{.code = Errc::ok, .message = {}, .acks = 3, .needed = 2};
  reply.durable = true;
  reply.siblings = static_cast<std::uint32_t>(std::ranges::count(versions, false, &Version::tombstone));
  const auto own = std::ranges::find(versions, request, &Version::request);
  reply.context = context(key, own->number, versions.size() == 1);
  return reply;
}

PutReply FakeStore::put(const PutRequest& request) {
  const std::lock_guard lock(mutex_);
  std::vector<Version>& versions = records_[request.key];
  if (std::ranges::find(versions, request.request, &Version::request) != versions.end())
    return receipt(request.key, versions, request.request);
  const std::optional<std::uint64_t> seen = number_in(request.key, request.context);
  if (!seen) {
    PutReply reply;
    reply.outcome = fail(Errc::bad_context, "the context is damaged or of another key");
    return reply;
  }
  if (!request.context.empty() && request.context[1] == 0) {  // may not overwrite
    PutReply reply;
    reply.outcome = fail(Errc::conflict, "this token may not overwrite; read the key first");
    return reply;
  }
  std::erase_if(versions, [&](const Version& version) { return version.number <= *seen; });
  versions.push_back(Version{++last_, request.request, request.tombstone, request.value});
  return receipt(request.key, versions, request.request);
}

PutReply FakeStore::put_strong(const PutRequest& request) {
  const std::lock_guard lock(mutex_);
  std::vector<Version>& versions = records_[request.key];
  if (std::ranges::find(versions, request.request, &Version::request) != versions.end())
    return receipt(request.key, versions, request.request);
  const bool exists = !versions.empty() && !versions.back().tombstone;
  const std::uint64_t at = versions.empty() ? 0 : versions.back().number;
  bool holds = request.context.empty() || number_in(request.key, request.context) == at;
  if (request.condition == PutIf::absent) holds = !exists;
  if (request.condition == PutIf::value_is) holds = exists && versions.back().bytes == request.expected;
  if (!holds) {
    PutReply reply;
    reply.outcome = fail(Errc::conflict, "the key is not as expected; nothing was changed");
    return reply;
  }
  versions = {Version{++last_, request.request, request.tombstone, request.value}};
  return receipt(request.key, versions, request.request);
}

Record FakeStore::record(const Key& key) {
  const std::lock_guard lock(mutex_);
  Record record;
  for (const Version& version : records_[key]) {
    const Dot dot{Actor{{1}, 1}, version.number};
    record.clock.raise(dot);
    record.siblings.push_back(
        Sibling{dot, written_at(version.number), version.request, version.tombstone, version.bytes});
  }
  return record;
}

ListReply FakeStore::list(const ListRequest& request, const PreferenceLists& ring) {
  const std::lock_guard lock(mutex_);
  std::map<Slot, std::string> names;
  for (const auto& [key, versions] : records_) {
    const Slot slot = slot_of(ring.document().cluster_key, key);
    const auto values = std::ranges::count_if(versions, [](const Version& version) { return !version.tombstone; });
    const bool wanted = request.filter == KeyFilter::live        ? values > 0
                        : request.filter == KeyFilter::conflicts ? values > 1
                                                                 : values == 0 && !versions.empty();
    if (wanted && ring.partition_of(slot) == request.partition && key.name.starts_with(request.prefix))
      names[slot] = key.name;
  }
  ListReply reply;
  reply.outcome.code = Errc::ok;
  for (auto it = request.after ? names.upper_bound(*request.after) : names.begin(); it != names.end(); ++it) {
    reply.names.push_back(it->second);
    if (reply.names.size() < request.limit) continue;
    if (std::next(it) != names.end()) reply.next = it->first;
    break;
  }
  return reply;
}

std::size_t FakeStore::writes_applied() {
  const std::lock_guard lock(mutex_);
  return last_;
}

Script refuse_puts(Errc code, std::string sentence) {
  return [code, sentence = std::move(sentence)](const Message& message) {
    if (!std::holds_alternative<PutRequest>(message)) return Act::serve();
    PutReply reply;
    reply.outcome = fail(code, sentence);
    return Act::answer(reply);
  };
}

Script ignore_data() {
  return [](const Message& message) { return std::holds_alternative<Hello>(message) ? Act::serve() : Act::ignore(); };
}

Script swallow_puts() {
  return [](const Message& message) {
    return std::holds_alternative<PutRequest>(message) ? Act::serve_silently() : Act::serve();
  };
}

Script Heard::script() const {
  return [log = log_](const Message& message) {
    const std::lock_guard lock(log->mutex);
    if (const auto* get = std::get_if<GetRequest>(&message)) log->gets.push_back(*get);
    if (const auto* put = std::get_if<PutRequest>(&message)) log->puts.push_back(*put);
    if (const auto* list = std::get_if<ListRequest>(&message)) log->lists.push_back(*list);
    return Act::serve();
  };
}

std::vector<GetRequest> Heard::gets() const {
  const std::lock_guard lock(log_->mutex);
  return log_->gets;
}

std::vector<PutRequest> Heard::puts() const {
  const std::lock_guard lock(log_->mutex);
  return log_->puts;
}

std::vector<ListRequest> Heard::lists() const {
  const std::lock_guard lock(log_->mutex);
  return log_->lists;
}

class FakeNode {
 public:
  FakeNode(FakeStore& store, FakeDocument& document, NodeId id)
      : store_(store), document_(document), id_(id), router_(context_, zmq::socket_type::router) {
    router_.set(zmq::sockopt::linger, 0);
    router_.bind("tcp://127.0.0.1:*");
    stopper_.bind("inproc://stop");
  }
  ~FakeNode() { stop(); }

  [[nodiscard]] std::string address() const {
    return router_.get(zmq::sockopt::last_endpoint).substr(std::string("tcp://").size());
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    stopper_.send(zmq::str_buffer("stop"));
    thread_.join();
    router_.close();
  }

  void set_script(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }
  void set_store_trouble(std::string sentence) {
    const std::lock_guard lock(mutex_);
    store_trouble_ = std::move(sentence);
  }
  void set_edit(std::function<void(StatusReply&)> edit) {
    const std::lock_guard lock(mutex_);
    edit_ = std::move(edit);
  }

  std::atomic<std::size_t> frames{0};
  std::atomic<std::size_t> data_requests{0};

 private:
  void run() {
    zmq::socket_t stop(context_, zmq::socket_type::pair);
    stop.connect("inproc://stop");
    for (;;) {
      std::vector<zmq::pollitem_t> items{{router_.handle(), 0, ZMQ_POLLIN, 0}, {stop.handle(), 0, ZMQ_POLLIN, 0}};
      zmq::poll(items, std::chrono::milliseconds(-1));
      if ((items[1].revents & ZMQ_POLLIN) != 0) return;
      zmq::message_t from;
      zmq::message_t bytes;
      if (router_.recv(from) && router_.recv(bytes)) on_bytes(from.to_string(), bytes.to_string_view());
    }
  }

  void on_bytes(const std::string& from, std::string_view bytes) {
    FrameReader& reader = readers_.try_emplace(from, kClientAssemblyBytesMax).first->second;
    const auto frame = reader.read(bytes).value();
    if (!frame) return;
    ++frames;
    std::vector<Message> replies;
    for (const Message& message : frame->messages) {
      if (auto reply = react(message)) replies.push_back(*std::move(reply));
    }
    if (replies.empty()) return;
    const FrameHeader header{.cluster = document_.get()->document().cluster, .sender = id_, .incarnation = {1}};
    for (const std::string& piece : encode_frame(header, replies, ++transfers_)) {
      router_.send(zmq::buffer(from), zmq::send_flags::sndmore);
      router_.send(zmq::buffer(piece), zmq::send_flags::none);
    }
  }

  std::optional<Message> react(const Message& message) {
    if (std::holds_alternative<PutRequest>(message) || std::holds_alternative<GetRequest>(message)) ++data_requests;
    const Act act = act_on(message);
    if (act.kind == Act::Kind::ignore) return std::nullopt;
    Message reply = act.kind == Act::Kind::answer ? act.reply : serve(message);
    if (act.kind == Act::Kind::serve_silently) return std::nullopt;
    const CallId call = std::visit([](const auto& asked) { return call_of(asked); }, message);
    std::visit(
        [&](auto& answer) {
          if constexpr (requires { answer.call; }) answer.call = call;
        },
        reply);
    return reply;
  }

  Act act_on(const Message& message) {
    const std::lock_guard lock(mutex_);
    return script_ ? script_(message) : Act::serve();
  }

  template <class Asked>
  static CallId call_of(const Asked& asked) {
    if constexpr (requires { asked.call; }) {
      return asked.call;
    } else {
      return {};
    }
  }

  Message serve(const Message& message) {
    if (const auto* get = std::get_if<GetRequest>(&message)) return store_.get(get->key);
    if (const auto* put = std::get_if<PutRequest>(&message)) return write(*put);
    if (const auto* list = std::get_if<ListRequest>(&message)) return store_.list(*list, *document_.get());
    if (std::holds_alternative<StatusRequest>(message)) return status();
    if (const auto* bucket = std::get_if<BucketRequest>(&message)) return change(*bucket);
    if (const auto* voters = std::get_if<VotersRequest>(&message)) return change(*voters);
    if (const auto* explain = std::get_if<ExplainRequest>(&message)) return explanation(explain->key);
    if (const auto* events = std::get_if<EventsRequest>(&message)) return log(events->after);
    if (std::holds_alternative<HintsRequest>(message)) return HintsReply{.call = {}, .node = id_, .queues = {}};
    if (std::holds_alternative<SnapshotRequest>(message)) return no_snapshots();
    if (std::holds_alternative<RepairRequest>(message)) return RepairReply{.call = {}, .node = id_, .peers = {}};
    if (std::holds_alternative<DiffRequest>(message)) return no_difference();
    return Welcome{.call = {}, .node = id_, .document = document_.get()->document()};
  }

  PutReply write(const PutRequest& put) {
    const Ring ring = document_.get();
    const Bucket* bucket = ring->document().bucket(put.key.bucket);
    if (bucket != nullptr && bucket->kind == Kind::strong) return store_.put_strong(put);
    if (put.level != Level::strong) return store_.put(put);
    PutReply refused;
    refused.outcome = fail(Errc::invalid, "make it with: shoal bucket create NAME --kind strong");
    return refused;
  }

  [[nodiscard]] SnapshotReply no_snapshots() const {
    SnapshotReply reply;
    reply.node = id_;
    reply.outcome.code = Errc::ok;
    return reply;
  }

  [[nodiscard]] static DiffReply no_difference() {
    DiffReply reply;
    reply.outcome.code = Errc::ok;
    reply.partitions = kPartitionsMin;
    return reply;
  }

  BucketReply change(const BucketRequest& request) {
    Membership next = document_.get()->document();
    const auto at = std::ranges::lower_bound(next.buckets, request.bucket.name, {}, &Bucket::name);
    const bool known = at != next.buckets.end() && at->name == request.bucket.name;
    if (!known && !request.create) return {{}, fail(Errc::invalid, "there is no such bucket"), {}};
    if (known && request.create && *at != request.bucket)
      return {{}, fail(Errc::refused, "the bucket exists with other numbers"), {}};
    if (known && *at == request.bucket) return {{}, {.code = Errc::ok, .message = {}}, next};
    if (known) {
      *at = request.bucket;
    } else {
      next.buckets.insert(at, request.bucket);
    }
    next.epoch.value += 1;
    document_.set(std::make_shared<const PreferenceLists>(next));
    return {{}, {.code = Errc::ok, .message = {}}, next};
  }

  VotersReply change(const VotersRequest& request) {
    Membership next = document_.get()->document();
    next.voters_named = !request.voters.empty();
    next.voters = {id_};
    if (next.voters_named) next.voters.clear();
    for (const std::string& name : request.voters) {
      const Member* member = find_member(next, name);
      if (member == nullptr) return {{}, fail(Errc::invalid, "there is no member \"" + name + "\""), {}};
      next.voters.push_back(member->id);
    }
    std::ranges::sort(next.voters);
    next.epoch.value += 1;
    document_.set(std::make_shared<const PreferenceLists>(next));
    return {{}, {.code = Errc::ok, .message = {}}, next};
  }

  // Every owner holds the same, as if replication took no time.
  ExplainReply explanation(const Key& key) {
    const Ring ring = document_.get();
    const Record record = store_.record(key);
    ExplainReply reply;
    reply.outcome.code = Errc::ok;
    reply.partition = ring->partition_of(slot_of(HashKey{}, key));
    for (const NodeId node : ring->ranked(reply.partition)) {
      ReplicaView view{node, Liveness::alive, ring->owns(node, reply.partition), true, {}};
      if (view.owner && !record.siblings.empty()) {
        view.found.copy.state = std::make_shared<const Record>(without_values(record));
        view.found.copy.digest = hash128(HashKey{}, causal_bytes(record));
        for (const Sibling& sibling : record.siblings) view.found.copy.sizes.push_back(sibling.value.size());
      }
      reply.replicas.push_back(view);
    }
    return reply;
  }

  // Each node started, a second after the one before; then it saw n2 die.
  EventsReply log(std::uint64_t after) const {
    const auto wall = kEpochMs + static_cast<std::int64_t>(id_.value) * 1000;
    EventsReply reply{.call = {}, .node = id_, .incarnation = Incarnation::of(1, 0xabcdef), .events = {}};
    if (after < 1) reply.events.push_back({1, wall, EventKind::started, {}, "started"});
    if (after < 2) reply.events.push_back({2, wall + 60'000, EventKind::member_dead, {2}, "n2 is dead, was suspect"});
    return reply;
  }

  StatusReply status() {
    const std::lock_guard lock(mutex_);
    StatusReply reply{.call = {},
                      .node = id_,
                      .incarnation = Incarnation::of(1, 0xabcdef),
                      .document = document_.get()->document(),
                      .members = {},
                      .records = 7,
                      .requests_open = 0,
                      .store_trouble = store_trouble_,
                      .counters = {{"put_resent", 3}}};
    for (const Member& member : reply.document.members) reply.members.push_back({member.id, Liveness::alive});
    if (edit_) edit_(reply);
    return reply;
  }

  FakeStore& store_;
  FakeDocument& document_;
  NodeId id_;
  zmq::context_t context_{1};
  zmq::socket_t router_;
  zmq::socket_t stopper_{context_, zmq::socket_type::pair};
  std::thread thread_;
  std::mutex mutex_;
  Script script_;
  std::string store_trouble_;
  std::function<void(StatusReply&)> edit_;
  std::map<std::string, FrameReader> readers_;
  std::uint64_t transfers_ = 0;
};

FakeCluster::FakeCluster(std::size_t nodes, ClusterId cluster) {
  Membership document;
  document.cluster = cluster;
  document.epoch = {1};
  document.partitions = kPartitionsMin;
  document.founder = {1};
  for (std::size_t i = 0; i < nodes; ++i) {
    const NodeId id{i + 1};
    nodes_.push_back(std::make_unique<FakeNode>(store_, document_, id));
    addresses_.push_back(nodes_.back()->address());
    document.members.push_back(
        {.id = id, .name = "n" + std::to_string(i + 1), .address = addresses_.back(), .zone = ""});
  }
  document_.set(std::make_shared<const PreferenceLists>(document));
  for (const auto& node : nodes_) node->start();
}

FakeCluster::~FakeCluster() = default;

std::string FakeCluster::seeds() const {
  std::string all;
  for (const std::string& address : addresses_) all += (all.empty() ? "" : ",") + address;
  return all;
}

void FakeCluster::script(std::size_t node, Script script) { nodes_[node]->set_script(std::move(script)); }

void FakeCluster::script_all(const Script& script) {
  for (const auto& node : nodes_) node->set_script(script);
}

void FakeCluster::stop(std::size_t node) { nodes_[node]->stop(); }

std::vector<std::size_t> FakeCluster::owners(const std::string& key, const std::string& bucket) const {
  std::vector<std::size_t> indexes;
  const Ring ring = document_.get();
  const Slot slot = slot_of(ring->document().cluster_key, Key{bucket, key});
  for (const NodeId id : ring->owners(ring->partition_of(slot))) indexes.push_back(id.value - 1);
  return indexes;
}

std::size_t FakeCluster::frames(std::size_t node) const { return nodes_[node]->frames; }

std::size_t FakeCluster::data_requests() const {
  std::size_t sum = 0;
  for (const auto& node : nodes_) sum += node->data_requests;
  return sum;
}

void FakeCluster::edit_status(std::size_t node, std::function<void(StatusReply&)> edit) {
  nodes_[node]->set_edit(std::move(edit));
}

void FakeCluster::set_store_trouble(std::string sentence) {
  for (const auto& node : nodes_) node->set_store_trouble(sentence);
}

}  // namespace shoal::test
