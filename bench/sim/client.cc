#include "bench/sim/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "bench/sim/checkers.h"
#include "node/base/limits.h"
#include "node/core/register_record.h"
#include "vclock/context.h"

namespace shoal::sim {
namespace {

using std::chrono::milliseconds;

constexpr int kAttemptsMax = 3;
constexpr milliseconds kSlack{300};  // longer than the node's own deadline, so that its answer can arrive
constexpr std::uint64_t kPaddingMax = 40;
constexpr milliseconds kBucketPatience{1500};
constexpr std::uint32_t kTooEarlyPerMillion = 30'000;  // uses a bucket that it was not told of yet

bool is_write(Action action) {
  return action == Action::put_context || action == Action::put_blind || action == Action::put_token ||
         action == Action::del;
}

Function function_of(Action action) {
  switch (action) {
    case Action::get: return Function::get;
    case Action::put_context:
    case Action::put_blind:
    case Action::put_token: return Function::put;
    case Action::del: return Function::del;
    case Action::list: return Function::list;
    case Action::bad_input: return Function::bad_input;
    default: return Function::status;
  }
}

// The errors by which a node promises that nothing was written.
bool certainly_not_applied(Errc code) {
  constexpr Errc kCertain[] = {Errc::unavailable, Errc::overloaded, Errc::no_space, Errc::invalid,
                               Errc::bad_context, Errc::too_large,  Errc::refused,  Errc::conflict};
  return std::ranges::find(kCertain, code) != std::end(kCertain);
}

Action draw_action(const std::vector<std::uint32_t>& mix, Rng& rng) {
  std::uint64_t total = 0;
  for (const std::uint32_t weight : mix) total += weight;
  std::uint64_t at = rng.below(total);
  for (std::size_t i = 0; i < mix.size(); ++i) {
    if (at < mix[i]) return static_cast<Action>(i);
    at -= mix[i];
  }
  return Action::get;
}

template <class M>
CallId* call_of(M& message) {
  if constexpr (requires { message.call; }) return &message.call;
  return nullptr;
}

void set_call(Message& message, CallId call) {
  std::visit(
      [&](auto& m) {
        if (CallId* field = call_of(m)) *field = call;
      },
      message);
}

// Which all nodes refuse, whatever they know.
BucketRequest bad_bucket_request(Rng& rng) {
  BucketRequest request{CallId{}, Bucket{.name = "default"}, true};
  switch (rng.below(4)) {
    case 0: request.bucket.kind = Kind::lww; break;
    case 1: request.bucket.name = "no/name"; break;
    case 2: request.bucket.r = static_cast<std::int32_t>(rng.between(10, 1000)); break;
    default: request = BucketRequest{CallId{}, Bucket{.name = "nowhere"}, false}; break;
  }
  return request;
}

std::string in_words(const BucketRequest& request) {
  const Bucket& bucket = request.bucket;
  return fmt::format("{} {} kind={} r={} w={}", request.create ? "create" : "set", bucket.name, name_of(bucket.kind),
                     bucket.r, bucket.w);
}

}  // namespace

std::int32_t ClientWorld::least_quorum(const Operation& operation) const {
  const SimKey& key = keys[operation.key];
  const std::span<const Bucket> asked = buckets->asked(key.key.bucket);
  if (operation.quorum != 0 || asked.empty()) return operation.quorum;
  const auto owners = static_cast<std::int32_t>(key.owners.size());
  std::int32_t least = owners;
  for (const Bucket& bucket : asked)
    least = std::min(least, quorum_size(operation.function == Function::get ? bucket.r : bucket.w, owners));
  return least;
}

void record_read(const GetReply& reply, const SimKey& key, const HashKey& cluster_key, const History& history,
                 Operation& operation) {
  for (const Value& value : reply.values) {
    const std::optional<RequestId> writer = writer_of(value.bytes.view());
    const Operation* write = writer ? history.find(*writer) : nullptr;
    if (write == nullptr || write->value != value.bytes.view()) {
      operation.garbage.emplace_back(value.bytes.view());
    } else {
      operation.returned.push_back(*writer);
    }
  }
  if (reply.context.empty()) return;
  const Result<CausalContext> context = decode_context(reply.context, cluster_key, key.slot);
  if (context) {
    operation.context = context->seen;
  } else {
    operation.garbage.push_back(reply.context);
  }
}

Client::Client(std::uint64_t id, const ClientWorld& world, History& history, Rng rng, Instant start)
    : id_(id),
      world_(world),
      history_(history),
      rng_(rng),
      levels_(rng.fork("levels")),
      strong_(rng.fork("strong")),
      next_start_(start) {}

Instant Client::next_deadline() const {
  if (dead_) return kNever;
  if (open_) return open_->give_up;
  return history_.operations().size() < world_.load.operations ? next_start_ : kNever;
}

std::vector<Client::Outgoing> Client::take_outbox() { return std::exchange(outbox_, {}); }

void Client::tick(Instant now) {
  if (now < next_deadline()) return;
  if (!open_) return start(now);
  open_->unknown = true;
  try_again_or_end(Outcome::info, Errc::timeout, now);
}

void Client::start(Instant now) {
  if (const auto due = world_.buckets->take_due(now)) return start_bucket_change(*due, now);
  const Action action = draw_action(world_.load.mix, rng_);
  Operation operation = draw_operation(action, now);
  Message request = request_of(action, operation);
  open_ = Open{operation.id, std::move(request), {}, 0, false, now};
  history_.invoke(std::move(operation));
  send(now);
  if (is_write(action) && rng_.chance(world_.load.client_dies_per_million)) dead_ = true;
}

void Client::start_bucket_change(const BucketRequest& request, Instant now) {
  Operation operation;
  operation.id = RequestId{id_, next_sequence_++};
  operation.function = Function::bucket;
  operation.invoked = now;
  operation.bucket = in_words(request);
  open_ = Open{operation.id, request, {}, 0, false, now};
  history_.invoke(std::move(operation));
  send(now);
}

// Mostly of a bucket that is known to exist.
std::uint32_t Client::draw_key() {
  const bool hot = rng_.chance(world_.load.hot_key_per_million);
  const std::size_t count = world_.keys.size();
  std::size_t key = hot ? 0 : rng_.below(count);
  if (rng_.chance(kTooEarlyPerMillion)) return static_cast<std::uint32_t>(key);
  for (std::size_t tries = 0; tries < count && !world_.buckets->exists(world_.keys[key].key.bucket); ++tries)
    key = (key + 1) % count;
  return static_cast<std::uint32_t>(key);
}

Operation Client::draw_operation(Action action, Instant now) {
  Operation operation;
  operation.id = RequestId{id_, next_sequence_++};
  operation.function = function_of(action);
  operation.key = draw_key();
  operation.quorum = world_.load.quorums[rng_.below(world_.load.quorums.size())];
  operation.invoked = now;
  return operation;
}

Message Client::request_of(Action action, Operation& operation) {
  const SimKey& key = world_.keys[operation.key];
  const Millis timeout(rng_.between(50, 1500));
  switch (action) {
    case Action::get: return read_of(operation, timeout);
    case Action::list:
      operation.first_partition = key.partition.value;
      operation.prefix = rng_.chance(300'000) ? "odd-" : "";
      return ListRequest{CallId{},         key.key.bucket, operation.prefix,
                         key.partition,    std::nullopt,   static_cast<std::uint32_t>(rng_.between(1, 4)),
                         operation.quorum, timeout};
    case Action::status: return StatusRequest{};
    case Action::bad_input: return bad_input_of(operation);
    default: return write_of(action, operation);
  }
}

Message Client::read_of(Operation& operation, Millis timeout) {
  const SimKey& key = world_.keys[operation.key];
  GetRequest get{CallId{}, key.key, operation.quorum, timeout};
  get.level = operation.level = world_.load.levels[levels_.below(world_.load.levels.size())];
  // What the level says is recorded as if it had been asked.
  if (get.level == Level::all) operation.quorum = -1;
  if (get.level == Level::eventual) operation.quorum = get.r = 1;
  if (levels_.chance(100'000)) get.pr = operation.primaries = static_cast<std::int32_t>(levels_.between(1, 2));
  if (is_strong(operation)) make_strong(get, operation);
  if (get.level != Level::session) return get;
  const auto seen = seen_.find(operation.key);
  if (seen != seen_.end()) get.session = encode_context({.slot = key.slot, .seen = seen->second}, world_.cluster_key);
  return get;
}

const Client::Known* Client::context_for(Action action, std::uint32_t key) const {
  if (action == Action::put_blind) return nullptr;
  const auto& memory = action == Action::put_token ? tokens_ : reads_;
  const auto known = memory.find(key);
  return known != memory.end() ? &known->second : nullptr;
}

Message Client::write_of(Action action, Operation& operation) {
  PutRequest put;
  put.request = operation.id;
  put.key = world_.keys[operation.key].key;
  put.w = operation.quorum;
  const std::size_t owners = world_.keys[operation.key].owners.size();
  if (rng_.chance(100'000)) put.pw = operation.primaries = static_cast<std::int32_t>(1 + rng_.below(owners));
  put.timeout = Millis(rng_.between(50, 1500));
  put.tombstone = action == Action::del;
  if (!put.tombstone) operation.value = value_for(operation.id, rng_.below(kPaddingMax));
  put.value = Blob(operation.value);
  if (const Known* known = context_for(action, operation.key)) {
    put.context = known->context;
    operation.saw = known->saw;
  }
  if (is_strong(operation)) make_strong(put, operation);
  return put;
}

// ---- keys of a strong bucket --------------------------------------------------------------------------------------

bool Client::is_strong(const Operation& operation) const { return world_.keys[operation.key].kind == Kind::strong; }

// Half of the reads are linearizable, or more; of those nobody says how many replies they want.
void Client::make_strong(GetRequest& get, Operation& operation) {
  if (strong_.chance(500'000)) get.level = operation.level = Level::strong;
  if (!is_linearizable(operation.level)) return;
  get.r = operation.quorum = 0;
  get.pr = operation.primaries = 0;
}

// A blind write compares in half of the cases: with what the client read last, or with what nobody wrote.
void Client::make_strong(PutRequest& put, Operation& operation) {
  put.w = operation.quorum = 0;
  put.pw = operation.primaries = 0;
  if (strong_.chance(300'000)) put.level = Level::strong;
  if (!put.context.empty()) {
    const auto context = decode_context(put.context, world_.cluster_key, world_.keys[operation.key].slot);
    if (context) operation.expected_version = version_in(context->seen);
    return;
  }
  if (!strong_.chance(500'000)) return;
  const auto read = reads_.find(operation.key);
  const bool nothing = read == reads_.end() || read->second.saw.empty();
  const bool wrong = strong_.chance(200'000);
  put.condition = operation.condition = nothing && !wrong ? PutIf::absent : PutIf::value_is;
  if (operation.condition == PutIf::absent) return;
  if (!wrong) operation.compared = read->second.saw.front();
  put.expected = Blob(wrong ? "nobody's" : history_.find(operation.compared)->value);
}

Message Client::bad_input_of(Operation& operation) {
  PutRequest put = std::get<PutRequest>(write_of(Action::put_blind, operation));
  put.condition = operation.condition = PutIf::always;
  operation.value.clear();
  operation.expected = {Errc::unavailable, Errc::overloaded, Errc::no_space};
  const auto other = reads_.upper_bound(operation.key);
  const std::uint64_t how = rng_.below(6);
  // Whoever has not heard of the bucket says so before anything else.
  if (put.key.bucket != "default") operation.expected.push_back(Errc::invalid);
  if (how == 0) {
    put.key.name.clear();
    operation.expected.push_back(Errc::invalid);
  } else if (how == 1) {
    put.key.name.assign(kKeyBytesMax + 1, 'k');
    operation.expected.push_back(Errc::too_large);
    operation.expected.push_back(Errc::invalid);
  } else if (how == 2 && !is_strong(operation)) {
    put.w = static_cast<std::int32_t>(rng_.between(10, 1000));
    operation.expected.push_back(Errc::invalid);
  } else if (how == 5) {
    // What another bucket makes wrong the voters know best.
    operation.expected = {Errc::invalid, Errc::refused, Errc::unavailable};
    const BucketRequest request = bad_bucket_request(rng_);
    operation.bucket = in_words(request);
    return request;
  } else if (how == 3 && other != reads_.end() && !other->second.context.empty()) {
    put.context = other->second.context;  // of another key
    operation.expected.push_back(Errc::bad_context);
  } else {
    put.context = std::string(rng_.between(1, 200), '\x01');
    operation.expected.push_back(Errc::bad_context);
  }
  return put;
}

void Client::send(Instant now) {
  Open& open = *open_;
  const CallId call{next_call_++};
  open.calls.push_back(call);
  open.attempts += 1;
  set_call(open.request, call);
  if (auto* put = std::get_if<PutRequest>(&open.request)) put->retry = open.attempts > 1;
  const std::vector<std::uint32_t>& owners = world_.keys[history_.find(open.id)->key].owners;
  const bool ask_owner = rng_.chance(world_.load.ask_owner_per_million);
  const auto node =
      ask_owner ? owners[rng_.below(owners.size())] : static_cast<std::uint32_t>(rng_.below(world_.nodes));
  Duration patience = milliseconds(500);
  std::visit(
      [&](const auto& m) {
        if constexpr (requires { m.timeout; }) patience = m.timeout + kSlack;
      },
      open.request);
  if (std::holds_alternative<BucketRequest>(open.request)) patience = kBucketPatience;
  open.give_up = now + patience;
  outbox_.push_back(Outgoing{node, open.request});
}

void Client::try_again_or_end(Outcome outcome, Errc error, Instant now) {
  const bool pointless = history_.find(open_->id)->function == Function::bad_input || error == Errc::bad_context ||
                         error == Errc::conflict;
  if (!pointless && open_->attempts < kAttemptsMax && rng_.chance(600'000)) return send(now);
  end(open_->unknown ? Outcome::info : outcome, error, now);
}

// The key has forgotten us, and the only try that was made. The number is still our highest, since we ask one at a
// time.
void Client::ask_anew(std::uint64_t since, Instant now) {
  std::get<PutRequest>(open_->request).since = since;
  open_->attempts = 0;
  send(now);
}

void Client::end(Outcome outcome, Errc error, Instant now) {
  Operation& operation = *history_.find(open_->id);
  operation.outcome = outcome;
  operation.error = error;
  operation.ended = now;
  if (operation.function == Function::bucket)
    world_.buckets->ended(std::get<BucketRequest>(open_->request), outcome == Outcome::ok, now);
  open_.reset();
  next_start_ =
      now + Duration(static_cast<Duration::rep>(rng_.below(2 * static_cast<std::uint64_t>(world_.think.count()) + 1)));
}

void Client::receive(const Message& message, Instant now) {
  if (dead_ || !open_) return;
  std::visit(
      [&](const auto& reply) {
        if constexpr (requires { reply.call; }) {
          if (std::ranges::find(open_->calls, reply.call) != open_->calls.end()) on_reply(reply, now);
        }
      },
      message);
}

void Client::on_reply(const GetReply& reply, Instant now) {
  if (reply.outcome.code != Errc::ok) return try_again_or_end(Outcome::fail, reply.outcome.code, now);
  Operation& operation = *history_.find(open_->id);
  operation.stand_ins = reply.stand_ins;
  operation.quorum = world_.least_quorum(operation);
  record_read(reply, world_.keys[operation.key], world_.cluster_key, history_, operation);
  if (is_strong(operation)) operation.version = version_in(operation.context);
  reads_[operation.key] = Known{reply.context, operation.returned};
  seen_[operation.key].join(operation.context);
  end(Outcome::ok, Errc::ok, now);
}

void Client::on_reply(const PutReply& reply, Instant now) {
  const Errc code = reply.outcome.code;
  Operation& operation = *history_.find(open_->id);
  if (code != Errc::ok) {
    if (reply.since > 0) return ask_anew(reply.since, now);
    if (!certainly_not_applied(code)) open_->unknown = true;
    // A register remembers how a request ended: what it has refused once was not made by an earlier try either.
    if (code == Errc::conflict && is_strong(operation)) open_->unknown = false;
    return try_again_or_end(Outcome::fail, code, now);
  }
  operation.stand_ins = reply.stand_ins;
  operation.quorum = world_.least_quorum(operation);
  tokens_[operation.key] = Known{reply.context, {operation.id}};
  const Result<CausalContext> token =
      decode_context(reply.context, world_.cluster_key, world_.keys[operation.key].slot);
  if (token) operation.context = token->seen;
  if (is_strong(operation)) operation.version = version_in(operation.context);
  seen_[operation.key].join(operation.context);
  end(Outcome::ok, Errc::ok, now);
}

void Client::on_reply(const ListReply& reply, Instant now) {
  if (reply.outcome.code != Errc::ok) return try_again_or_end(Outcome::fail, reply.outcome.code, now);
  Operation& operation = *history_.find(open_->id);
  operation.names.insert(operation.names.end(), reply.names.begin(), reply.names.end());
  if (!reply.next) return end(Outcome::ok, Errc::ok, now);
  std::get<ListRequest>(open_->request).after = reply.next;
  open_->calls.clear();
  open_->attempts = 0;
  send(now);
}

void Client::on_reply(const StatusReply&, Instant now) { end(Outcome::ok, Errc::ok, now); }

void Client::on_reply(const BucketReply& reply, Instant now) {
  if (reply.outcome.code != Errc::ok) return try_again_or_end(Outcome::fail, reply.outcome.code, now);
  end(Outcome::ok, Errc::ok, now);
}

}  // namespace shoal::sim
