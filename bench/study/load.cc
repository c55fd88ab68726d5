#include "bench/study/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "bench/study/distribution.h"
#include "node/base/bytes.h"
#include "node/core/register_record.h"
#include "vclock/context.h"

namespace shoal::study {
namespace {

using client_detail::Reply;
using client_detail::Request;

constexpr std::size_t kLanesLookedAt = 64;  // of those that are idle

Kind kind_of(const Membership& document, const std::string& bucket) {
  const Bucket* found = document.bucket(bucket);
  return found != nullptr ? found->kind : Kind::siblings;
}

Outcome outcome_of(Function function, Errc code) {
  if (code == Errc::ok) return Outcome::ok;
  return function != Function::get && code == Errc::indeterminate ? Outcome::info : Outcome::fail;
}

Function draw_function(const Workload& load, Rng& rng) {
  const std::array weights = {load.get, load.put, load.del, load.cas};
  std::uint64_t drawn = rng.below(std::accumulate(weights.begin(), weights.end(), std::uint64_t{0}));
  std::size_t function = 0;
  while (drawn >= weights[function]) drawn -= weights[function++];
  return static_cast<Function>(function);
}

bool is_blind(const Workload& load, Function function) {
  return load.contexts == Contexts::none && function != Function::cas;
}

// Whether what a client last saw of a key is what its writes go by.
bool goes_by_last_seen(const Workload& load) {
  return load.contexts == Contexts::last_seen || (load.contexts == Contexts::none && load.cas > 0);
}

Duration gap(double rate, Rng& rng) { return duration_of(-std::log(unit(rng)) / rate); }

}  // namespace

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }
Duration duration_of(double seconds) { return Duration(static_cast<Duration::rep>(seconds * 1e9)); }

std::string value_of(WriteId id, std::size_t bytes) {
  std::string value;
  append_u64(value, id);
  if (bytes > value.size()) value.append(bytes - value.size(), static_cast<char>('a' + id % 26));
  return value;
}

WriteId writer_of(std::string_view value) { return value.size() >= 8 ? read_u64(value) : 0; }

// ---- before it begins ----------------------------------------------------------------------------------------------

Load::Load(const Scenario& scenario, Rng rng, Recording& recording, const Membership& document)
    : scenario_(scenario), recording_(recording), document_(document) {
  for (const Workload& load : scenario.workloads) add_crowd(load, rng);
}

std::uint32_t Load::add_key(Key key, const Workload& load) {
  recording_.keys.push_back(key.bucket == "default" ? key.name : key.bucket + "/" + key.name);
  recording_.kinds.push_back(kind_of(document_, key.bucket));
  keys_.push_back(std::move(key));
  filled_.push_back(load.fill && load.choice != KeyChoice::fresh);
  fill_bytes_.push_back(load.value_min);
  return static_cast<std::uint32_t>(keys_.size() - 1);
}

// Workloads on one bucket have their keys in common.
std::uint32_t Load::common_key(const Workload& load, std::uint32_t number) {
  const auto known = common_keys_.find({load.bucket, number});
  if (known != common_keys_.end()) return known->second;
  const std::uint32_t added = add_key(Key{load.bucket, fmt::format("key-{:06}", number)}, load);
  return common_keys_[{load.bucket, number}] = added;
}

void Load::add_crowd(const Workload& load, const Rng& root) {
  const std::uint32_t keys = load.choice == KeyChoice::fresh ? 0 : load.keys;
  Crowd crowd{.load = &load,
              .keys = {},
              .chooser = KeyChooser(load, std::max(keys, 1u)),
              .first_connection = static_cast<std::uint32_t>(connections_.size()),
              .idle = {},
              .rng = root.fork(fmt::format("load {}", crowds_.size())),
              .next = duration_of(load.begin_s)};
  for (std::uint32_t i = 0; i < keys; ++i) crowd.keys.push_back(common_key(load, i));
  connections_.insert(connections_.end(), load.clients, Connection{load.near, load.retries});
  schedule_next(crowd);
  crowds_.push_back(std::move(crowd));
}

void Load::schedule_next(Crowd& crowd) {
  const double planned = crowd.load->end_s;
  const double ends = planned < 0 ? scenario_.seconds : std::min(scenario_.seconds, planned);
  crowd.next += gap(crowd.load->rate, crowd.rng);
  if (crowd.next > duration_of(ends)) crowd.next = kOver;
}

// ---- what starts ---------------------------------------------------------------------------------------------------

Duration Load::next_start() const {
  Duration next = later_.empty() ? kOver : later_.begin()->at;
  for (const Crowd& crowd : crowds_) next = std::min(next, crowd.next);
  return next;
}

std::uint32_t Load::take_lane(Crowd& crowd) {
  if (!crowd.idle.empty()) {
    const auto pick = std::next(
        crowd.idle.begin(),
        static_cast<std::ptrdiff_t>(crowd.rng.below(std::min<std::size_t>(crowd.idle.size(), kLanesLookedAt))));
    const std::uint32_t lane = *pick;
    crowd.idle.erase(pick);
    return lane;
  }
  lanes_[next_lane_];
  return next_lane_++;
}

std::uint32_t Load::fresh_key(Crowd& crowd) {
  crowd.keys.push_back(
      add_key(Key{crowd.load->bucket, fmt::format("{}-{:08}", crowd.load->name, crowd.keys.size())}, *crowd.load));
  return crowd.keys.back();
}

Load::Start Load::draw(std::uint32_t number) {
  Crowd& crowd = crowds_[number];
  const Workload& load = *crowd.load;
  const bool fresh = load.choice == KeyChoice::fresh;
  Operation operation;
  operation.function = draw_function(load, crowd.rng);
  const bool makes_key = fresh && (operation.function == Function::put || crowd.keys.empty());
  operation.key = makes_key ? fresh_key(crowd)
                  : fresh   ? crowd.keys[crowd.rng.below(crowd.keys.size())]
                            : crowd.keys[crowd.chooser.choose(crowd.rng)];
  operation.client = take_lane(crowd);
  Open open{number, std::nullopt};
  const bool knows = goes_by_last_seen(load) && lanes_.at(operation.client).known.contains(operation.key);
  if (operation.is_write() && !is_blind(load, operation.function) && !knows && !makes_key) {
    open.then = operation.function;
    operation.function = Function::get;
  }
  return start(open, std::move(operation), nullptr, crowd.next);
}

std::vector<Load::Start> Load::take_due(Duration now) {
  std::vector<Start> starts;
  for (Duration next = next_start(); next <= now; next = next_start()) {
    if (!later_.empty() && later_.begin()->at == next) {
      starts.push_back(take_later(now));
      continue;
    }
    const auto number = static_cast<std::uint32_t>(std::ranges::find(crowds_, next, &Crowd::next) - crowds_.begin());
    starts.push_back(draw(number));
    schedule_next(crowds_[number]);
  }
  return starts;
}

// A probe that is late asks at another distance than was planned.
Load::Start Load::take_later(Duration now) {
  Later next = std::move(later_.extract(later_.begin()).value());
  if (next.operation.phase == Phase::probe) {
    next.operation.client = take_lane(crowds_[next.open.crowd]);
    next.operation.since_write += seconds_of(now - next.at);
  }
  return start(next.open, std::move(next.operation), &next.known, next.at);
}

Load::Start Load::start(const Open& open, Operation operation, const Known* known, Duration planned) {
  Crowd& crowd = crowds_[open.crowd];
  const std::size_t place = recording_.operations.size();
  operation.invoked = seconds_of(std::max(planned, lanes_.at(operation.client).free));
  operation.in_session = crowd.load->sessions;
  if (operation.is_write()) operation.write = place + 1;
  Start begun{.operation = place,
              .connection = crowd.first_connection + operation.client % crowd.load->clients,
              .request = {},
              .timeout = duration_of(crowd.load->timeout_ms / 1000)};
  Open& opened = open_.emplace(place, open).first->second;
  if (operation.is_write()) {
    PutRequest put = put_request(crowd, operation, known);
    opened.written = put.value;
    begun.request = std::move(put);
  } else {
    begun.request = get_request(crowd, operation);
  }
  recording_.operations.push_back(std::move(operation));
  return begun;
}

GetRequest Load::get_request(const Crowd& crowd, Operation& operation) {
  GetRequest get{.key = keys_[operation.key], .r = crowd.load->r, .level = crowd.load->level};
  operation.linearizable = is_strong(operation.key) && get.level != Level::eventual && get.level != Level::session;
  const Lane& lane = lanes_.at(operation.client);
  const auto seen = lane.seen.find(operation.key);
  if (seen == lane.seen.end()) return get;
  operation.session = seen->second.newest;
  get.session = encode_context({.slot = slot_of(document_.cluster_key, get.key), .seen = seen->second.clock},
                               document_.cluster_key);
  return get;
}

PutRequest Load::put_request(Crowd& crowd, Operation& operation, const Known* known) {
  PutRequest put{.key = keys_[operation.key], .tombstone = operation.function == Function::del};
  put.w = crowd.load->w;
  put.level = crowd.load->level;
  if (!put.tombstone)
    put.value = Blob(value_of(operation.write, crowd.rng.between(crowd.load->value_min, crowd.load->value_max)));
  Lane& lane = lanes_.at(operation.client);
  const auto last = lane.known.find(operation.key);
  if (known == nullptr && last != lane.known.end()) known = &last->second;
  operation.linearizable = is_strong(operation.key);
  if (!is_blind(*crowd.load, operation.function)) expect(known != nullptr ? *known : Known{}, operation, put);
  return put;
}

// What is known, as what must still be so: in a strong bucket a context names a version, and a key that was never
// written has none. Elsewhere it is what a write replaces.
void Load::expect(const Known& known, Operation& operation, PutRequest& put) const {
  operation.replaces = known.writes;
  if (operation.function == Function::cas) {
    put.condition = known.value ? PutIf::value_is : PutIf::absent;
    put.expected = known.value.value_or(Blob());
    operation.expected = known.value ? writer_of(known.value->view()) : 0;
    return;
  }
  put.context = known.context;
  if (is_strong(operation.key) && !known.context.empty())
    operation.expected_version = version_in_context(known.context, operation.key);
}

std::uint64_t Load::version_in_context(const std::string& context, std::uint32_t key) const {
  const Slot slot = slot_of(document_.cluster_key, keys_[key]);
  const Result<CausalContext> decoded = decode_context(context, document_.cluster_key, slot);
  return decoded ? version_in(decoded->seen) : 0;
}

// ---- what comes back -----------------------------------------------------------------------------------------------

void Load::ended(std::size_t place, const Result<client_detail::Reply>& reply, Duration now) {
  const Open open = open_.extract(place).mapped();
  const Workload& load = *crowds_[open.crowd].load;
  Operation& operation = recording_.operations[place];
  Lane& lane = lanes_.at(operation.client);
  operation.completed = seconds_of(now);
  if (operation.is_write()) sent_.erase(operation.write);
  lane.free = now;
  operation.error = reply ? Errc::ok : reply.error().code;
  operation.outcome = outcome_of(operation.function, operation.error);
  Known known;
  if (reply && !operation.is_write()) {
    known = note_read(operation, std::get<GetReply>(*reply));
    remember(operation, load, known, true);
  } else if (reply) {
    const auto& put = std::get<PutReply>(*reply);
    known = note_write(operation, put, open.written);
    remember(operation, load, known, put.siblings <= 1);
  } else if (operation.lost()) {
    lane.known.erase(operation.key);  // it is out of date: to expect the same again would lose for ever
  }
  if (scenario_.history == Keep::all) operation.context = to_base64url(known.context);
  const std::uint32_t client = operation.client;
  if (follow_up(operation, open, std::move(known), now)) crowds_[open.crowd].idle.insert(client);
}

void Load::handed_over(const Message& message) {
  const auto* put = std::get_if<PutRequest>(&message);
  if (put == nullptr || put->tombstone) return;
  if (const WriteId id = writer_of(put->value.view()); id != 0) handed_over(id - 1);
}

void Load::handed_over(std::size_t place) {
  const WriteId id = recording_.operations[place].write;
  if (!recording_.operations[place].is_write()) return;
  if (!sent_.insert(id).second) recording_.operations[place].retried = true;
}

Load::Known Load::note_read(Operation& operation, const GetReply& reply) const {
  operation.stand_ins = reply.stand_ins;
  for (const Value& value : reply.values)
    if (const WriteId writer = writer_of(value.bytes.view()); writer != 0) operation.returned.push_back(writer);
  std::ranges::sort(operation.returned);
  Known known{.context = reply.context, .writes = operation.returned, .value = std::nullopt};
  if (!is_strong(operation.key)) return known;
  operation.version = version_in_context(reply.context, operation.key);
  if (!reply.values.empty()) known.value = reply.values.front().bytes;
  return known;
}

Load::Known Load::note_write(Operation& operation, const PutReply& reply, Blob written) const {
  operation.stand_ins = reply.stand_ins;
  Known known{.context = reply.context, .writes = {operation.write}, .value = std::nullopt};
  if (!is_strong(operation.key)) return known;
  operation.version = version_in_context(reply.context, operation.key);
  if (operation.has_value()) known.value = std::move(written);
  return known;
}

void Load::remember(const Operation& operation, const Workload& load, const Known& known, bool may_overwrite) {
  if (!load.sessions && !goes_by_last_seen(load)) return;
  Lane& lane = lanes_.at(operation.client);
  const Slot slot = slot_of(document_.cluster_key, keys_[operation.key]);
  const auto context = decode_context(known.context, document_.cluster_key, slot);
  if (load.sessions && context) {
    Seen& seen = lane.seen[operation.key];
    seen.clock.join(context->seen);
    seen.newest = known.writes;
  }
  if (!goes_by_last_seen(load)) return;
  if (may_overwrite) {
    lane.known[operation.key] = known;
  } else {
    lane.known.erase(operation.key);  // there are values that it never saw: it reads before it writes again
  }
}

bool Load::follow_up(const Operation& operation, const Open& open, Known known, Duration now) {
  if (operation.outcome == Outcome::ok && operation.has_value()) probe(operation, open.crowd, now);
  if (!open.then || operation.outcome != Outcome::ok) return true;
  Operation write{.client = operation.client, .function = *open.then, .key = operation.key};
  later_.insert(Later{now, next_sequence_++, Open{open.crowd, std::nullopt}, std::move(write), std::move(known)});
  return false;
}

void Load::probe(const Operation& write, std::uint32_t crowd, Duration now) {
  for (const double ms : crowds_[crowd].load->probes_ms) {
    Operation read{.function = Function::get, .phase = Phase::probe, .key = write.key, .write = write.write};
    read.since_write = ms / 1000;
    later_.insert(
        Later{now + duration_of(ms / 1000), next_sequence_++, Open{crowd, std::nullopt}, std::move(read), {}});
  }
}

}  // namespace shoal::study
