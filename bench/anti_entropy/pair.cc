#include "bench/anti_entropy/pair.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "node/base/check.h"
#include "node/core/state_digest.h"
#include "node/core/topology_rules.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{600};
constexpr ClientHandle kOperator{1};
constexpr Incarnation kWriter{(std::uint64_t{1} << Incarnation::kRandomBits) + 7};

Now now() {
  const auto since = std::chrono::duration_cast<Duration>(Clock::now().time_since_epoch());
  return {Instant(since), WallTime{std::chrono::duration_cast<std::chrono::milliseconds>(since).count()}};
}

double thread_cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

Membership document_of_two() {
  Membership document;
  document.cluster = {1};
  document.cluster_key.bytes.fill(7);
  document.epoch = {1};
  document.replicas = 2;
  document.founder = {1};
  document.forming = false;
  for (const std::uint64_t id : {1U, 2U})
    document.members.push_back({.id = {id}, .name = fmt::format("n{}", id), .address = fmt::format("n{}:1", id)});
  document.voters = choose_voters(document, [](NodeId) { return true; });
  return document;
}

bool carries_states(const Message& message) {
  return std::holds_alternative<StatesPulled>(message) || std::holds_alternative<PushStates>(message);
}

bool is_question(const Message& message) {
  return std::holds_alternative<ComparePair>(message) || std::holds_alternative<CompareBranches>(message) ||
         std::holds_alternative<CompareElements>(message);
}

}  // namespace

Pair::Pair(const std::filesystem::path& dir, std::uint64_t records, std::size_t value_bytes)
    : records_(records), value_(value_bytes, 'v'), document_(document_of_two()) {
  for (std::size_t i = 0; i < sides_.size(); ++i) {
    Side& side = sides_[i];
    side.id = document_.members[i].id;
    StoreOptions options;
    options.dir = dir / fmt::format("n{}", side.id.value);
    options.owner = side.id;
    options.sync = false;
    Result<std::unique_ptr<DiskStore>> store = DiskStore::open(options);
    SHOAL_CHECK(store.has_value());
    side.store = *std::move(store);
    side.store->save_document(document_);
  }
}

Status Pair::write(std::initializer_list<Side*> to, std::uint64_t record, std::uint64_t version) {
  const Key key{"default", fmt::format("record:{:012}", record)};
  const Slot slot = slot_of(document_.cluster_key, key);
  Entry entry{.key = key};
  for (std::uint64_t v = 1; v <= version; v += std::max<std::uint64_t>(version - 1, 1))
    shoal::put(Kind::siblings, entry.record, entry.ownership,
               {.seen = entry.record.clock, .hlc = {v << 16}, .request = {1, v}, .value = Blob(value_)},
               {.incarnation = kWriter, .counter = record * 1'000'000 + v});
  entry.digest = state_digest(slot, entry.record);
  const auto shared = std::make_shared<const Entry>(std::move(entry));
  for (Side* side : to) {
    side->store->write(slot, shared);
    if (record % 4096 == 0)
      if (const Status settled = settle(*side); !settled) return settled;
  }
  return Unit{};
}

// Until the store takes writes again.
Status Pair::settle(Side& side) {
  const Clock::time_point until = Clock::now() + kPatience;
  for (;;) {
    side.store->collect();
    side.store->flush();
    const Status admitted = side.store->admit();
    if (admitted || Clock::now() > until) return admitted;
    pollfd waits{.fd = side.store->event_fd(), .events = POLLIN, .revents = 0};
    ::poll(&waits, 1, 100);
  }
}

Status Pair::load() {
  for (std::uint64_t record = 0; record < records_; ++record)
    if (const Status written = write({&sides_[0], &sides_[1]}, record, 1); !written) return written;
  for (Side& side : sides_) {
    if (const Status settled = settle(side); !settled) return settled;
    side.node = std::make_unique<Node>(
        NodeConfig{.id = side.id,
                   .incarnation = Incarnation::of(1, side.id.value),
                   .document = document_,
                   .address = document_.find(side.id)->address,
                   .sync = false,
                   .repair = {.interval = std::chrono::hours(1), .bytes_per_second = std::uint64_t{1} << 40},
                   .trace = &side.ear},
        *side.store, Rng(side.id.value));
  }
  return Unit{};
}

Status Pair::make_differ(std::uint64_t differences) {
  SHOAL_CHECK(differences <= records_);
  ++versions_;
  const std::uint64_t apart = differences > 0 ? records_ / differences : 1;
  for (std::uint64_t i = 0; i < differences; ++i)
    if (const Status written = write({&sides_[i % 2]}, i * apart, versions_); !written) return written;
  for (Side& side : sides_)
    if (const Status settled = settle(side); !settled) return settled;
  return Unit{};
}

void Pair::count(const Message& message, std::size_t bytes) {
  cost_.messages += 1;
  (carries_states(message) ? cost_.state_bytes : cost_.metadata_bytes) += bytes;
  if (is_question(message) && cost_.states == 0) cost_.round_trips += 1;
  if (const auto* pulled = std::get_if<StatesPulled>(&message)) cost_.states += pulled->states.size();
  if (const auto* pushed = std::get_if<PushStates>(&message)) cost_.states += pushed->states.size();
}

void Pair::carry(Side& from, Side& to, const std::vector<Envelope>& sent) {
  const double before = thread_cpu_seconds();
  FrameReader reader(kPeerAssemblyBytesMax);
  for (const Envelope& envelope : sent) {
    if (envelope.peer != Address(to.id)) continue;
    const FrameHeader header{kProtocolVersion, document_.cluster, from.id, Incarnation::of(1, from.id.value), 1};
    std::size_t bytes = 0;
    for (const std::string& frame : encode_frame(header, {&envelope.message, 1}, ++transfers_)) {
      bytes += frame.size();
      const Result<std::optional<Frame>> read = reader.read(frame);
      SHOAL_CHECK(read.has_value());
      if (!*read) continue;
      for (const Message& message : (*read)->messages)
        in_flight_[&to == sides_.data() ? 0 : 1].push_back(Envelope{from.id, message});
    }
    count(envelope.message, bytes);
  }
  from.cpu_seconds += thread_cpu_seconds() - before;
}

// True when there was something to do.
bool Pair::turn(Side& side, const std::vector<Envelope>& arrived) {
  const double before = thread_cpu_seconds();
  if (const std::optional<CommitId> durable = side.store->collect()) side.node->durable(*durable, now());
  for (const Envelope& envelope : arrived) side.node->receive(envelope, now());
  const bool due = side.node->next_deadline() <= now().mono;
  if (due) side.node->tick(now());
  const std::vector<Envelope> sent = side.node->take_outbox();
  side.store->flush();
  side.cpu_seconds += thread_cpu_seconds() - before;
  const bool worked = due || !arrived.empty() || !sent.empty();
  carry(side, sides_[side.id == sides_[0].id ? 1 : 0], sent);
  return worked;
}

Result<PairCost> Pair::repair() {
  cost_ = {};
  for (Side& side : sides_) side.cpu_seconds = 0;
  const std::uint64_t equal_before = sides_[0].ear.equal;
  const Clock::time_point begun = Clock::now();
  sides_[0].node->receive(Envelope{kOperator, RepairRequest{.start = true}}, now());
  while (sides_[0].ear.equal == equal_before) {
    bool worked = false;
    for (std::size_t i = 0; i < sides_.size(); ++i)
      worked = turn(sides_[i], std::exchange(in_flight_[i], {})) || worked;
    if (Clock::now() > begun + kPatience) return fail(Errc::timeout, "the pair does not become equal");
    if (worked) continue;
    pollfd waits[] = {{.fd = sides_[0].store->event_fd(), .events = POLLIN, .revents = 0},
                      {.fd = sides_[1].store->event_fd(), .events = POLLIN, .revents = 0}};
    ::poll(waits, 2, 1);
  }
  cost_.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  cost_.cpu_seconds = {sides_[0].cpu_seconds, sides_[1].cpu_seconds};
  return cost_;
}

}  // namespace shoal
