#include "node/core/list_coordinator.h"

#include <algorithm>
#include <utility>

#include "node/base/limits.h"

namespace shoal {
namespace {

constexpr int kScanPatience = 4;  // times that of a read: a scan is more work
constexpr Duration kPauseMax = std::chrono::milliseconds(500);

bool matches(const FetchKeys& request, const Key& key) {
  return key.bucket == request.bucket && key.name.starts_with(request.prefix);
}

// The first place after the partition: of this owner's hints, or of the own copies.
Place end_of(NodeId owner, const PreferenceLists& ring, PartitionId partition) {
  if (partition.value + 1 < ring.document().partitions)
    return {owner, ring.first_slot(PartitionId{partition.value + 1})};
  return {NodeId{owner.value + 1}, Slot{}};
}

// One scan, of own copies (owner 0) or of the hints for `owner`. Entries that cannot be read are an error.
Result<std::vector<PlacedEntry>> scan_page(Store& store, const PreferenceLists& ring, const FetchKeys& request,
                                           NodeId owner) {
  const Place begin(owner, ring.first_slot(request.partition));
  const std::size_t limit = std::clamp<std::size_t>(request.limit, 1, kListLimitMax);
  // A place before the partition would show the keys of others.
  std::optional<Place> after;
  if (request.after && Place(owner, *request.after) >= begin) after = Place(owner, *request.after);
  Result<std::vector<PlacedEntry>> held = store.scan(begin, end_of(owner, ring, request.partition), after, limit);
  const auto unreadable = [](const PlacedEntry& item) { return item.entry == nullptr; };
  if (held && std::ranges::any_of(*held, unreadable)) return fail(Errc::corrupt, "a record cannot be read");
  return held;
}

std::optional<Slot> end_of_scan(const std::vector<PlacedEntry>& held, std::uint32_t limit) {
  if (held.size() < std::clamp<std::size_t>(limit, 1, kListLimitMax)) return std::nullopt;
  return held.back().place.slot;
}

std::optional<Slot> shorter(const std::optional<Slot>& a, const std::optional<Slot>& b) {
  return a && b ? std::min(a, b) : a ? a : b;
}

KeyState key_state(const PlacedEntry& item) {
  return {item.place.slot, item.entry->key.name, std::make_shared<const Record>(without_values(item.entry->record))};
}

bool selects(KeyFilter filter, const Record& record) {
  const std::size_t values = live_siblings(record).size();
  switch (filter) {
    case KeyFilter::live: return values > 0;
    case KeyFilter::conflicts: return values > 1;  // as a read counts them
    case KeyFilter::tombstones: return values == 0 && std::ranges::any_of(record.siblings, &Sibling::tombstone);
  }
  return false;
}

void join_into(KeyState& known, const PlacedEntry& item) {
  Record both = *known.state;
  merge(item.entry->kind, both, without_values(item.entry->record));
  known.state = std::make_shared<const Record>(std::move(both));
}

}  // namespace

KeysFetched scan_keys(Store& store, const PreferenceLists& ring, const FetchKeys& request) {
  KeysFetched reply{request.call, request.epoch, Errc::ok, {}, std::nullopt};
  const Result<std::vector<PlacedEntry>> held = scan_page(store, ring, request, NodeId{});
  if (!held) {
    reply.outcome = held.error().code;
    return reply;
  }
  for (const PlacedEntry& item : *held)
    if (matches(request, item.entry->key)) reply.keys.push_back(key_state(item));
  reply.next = end_of_scan(*held, request.limit);
  return reply;
}

KeysFetched scan_hints(Store& store, const PreferenceLists& ring, const FetchKeys& request) {
  KeysFetched reply{request.call, request.epoch, Errc::ok, {}, std::nullopt};
  std::map<Slot, KeyState> keys;
  for (const NodeId owner : ring.owners(request.partition)) {
    const Result<std::vector<PlacedEntry>> held = scan_page(store, ring, request, owner);
    if (!held) {
      reply.outcome = held.error().code;
      return reply;
    }
    for (const PlacedEntry& item : *held) {
      if (!matches(request, item.entry->key)) continue;
      const auto known = keys.find(item.place.slot);
      if (known != keys.end()) {
        join_into(known->second, item);
      } else {
        keys.emplace(item.place.slot, key_state(item));
      }
    }
    reply.next = shorter(reply.next, end_of_scan(*held, request.limit));
  }
  for (auto& [slot, key] : keys)
    if (!reply.next || slot <= *reply.next) reply.keys.push_back(std::move(key));
  return reply;
}

void ListCoordinator::on_request(const Address& asker, const ListRequest& request, Instant deadline, Now now) {
  const auto refuse = [&](const Error& error) {
    services_.reply(asker, ListReply{request.call, error, {}, std::nullopt});
  };
  const Ring& ring = services_.topology.ring();
  const std::span<const NodeId> owners = ring->owners(request.partition);
  const Bucket* bucket = ring->document().bucket(request.bucket);
  const Result<Wanted> asked = wanted(Level::quorum, request.r, 0, bucket != nullptr ? bucket->r : 0, owners.size());
  if (!asked) return refuse(asked.error());
  ReadSeats seats(owners, {}, services_.peers, *asked);
  std::vector<NodeId> up = services_.pace.fastest_first(seats.sitting(), services_.peers, ring->document(), now.mono);
  if (std::ssize(up) < asked->needed)
    return refuse({.code = Errc::unavailable,
                   .message = "only " + std::to_string(up.size()) + " of the partition's " +
                              std::to_string(owners.size()) + " owners are up and r is " +
                              std::to_string(asked->needed),
                   .acks = static_cast<int>(up.size()),
                   .needed = asked->needed});

  const std::vector<NodeId> stand_ins = stand_ins_for(owners, services_.fallbacks(request.partition), services_.peers);
  const auto split = up.begin() + asked->needed;
  const std::vector<NodeId> first(up.begin(), split);
  Duration patience{};
  for (const NodeId node : first) patience = std::max(patience, kScanPatience * services_.pace.timeout(node));
  const CallId call = services_.new_call();
  const Open& open = open_.add(call, std::min(deadline, now.mono + patience),
                               Open{.asker = asker,
                                    .request = request,
                                    .seats = std::move(seats),
                                    .unasked = {split, up.end()},
                                    .stand_ins = {stand_ins.begin(), stand_ins.end()},
                                    .heard = {},
                                    .keys = {},
                                    .scanned_to = std::nullopt,
                                    .deadline = deadline,
                                    .patience = patience});
  fetch(call, open, first, now);
  fetch(call, open, stand_ins, now);
}

template <class Nodes>
void ListCoordinator::fetch(CallId call, const Open& open, const Nodes& nodes, Now now) {
  const ListRequest& page = open.request;
  const Epoch epoch = services_.topology.document().epoch;
  for (const NodeId node : nodes)
    services_.outbox.send(node, FetchKeys{call, epoch, page.bucket, page.prefix, page.partition, page.after, page.limit,
                                          time_left(open.deadline, now)});
}

void ListCoordinator::merge_page(Open& open, const KeysFetched& reply) const {
  const Bucket* bucket = services_.topology.document().bucket(open.request.bucket);
  const Kind kind = bucket != nullptr ? bucket->kind : Kind::siblings;
  open.scanned_to = shorter(open.scanned_to, reply.next);
  for (const KeyState& key : reply.keys) {
    const auto [held, fresh] = open.keys.try_emplace(key.slot, Merged{key.name, *key.state});
    if (!fresh) merge(kind, held->second.record, *key.state);
  }
}

void ListCoordinator::on_keys_fetched(NodeId from, const KeysFetched& reply, Now now) {
  Open* open = open_.find(reply.call);
  if (open == nullptr || open->heard.contains(from)) return;
  const bool stands_in = open->stand_ins.erase(from) > 0;
  if (!stands_in && !open->seats.is_owner(from)) return;
  if (reply.outcome == Errc::ok) {
    open->heard.insert(from);
    if (stands_in && !reply.keys.empty()) services_.trace.mark(Mark::list_merged_hints);
    open->seats.acknowledge(from);
    merge_page(*open, reply);
  } else if (!stands_in) {
    open->seats.refuse(from);
    // Who refused is not asked again before the timer.
    fetch(reply.call, *open, std::exchange(open->unasked, {}), now);
  }
  settle(reply.call);
}

void ListCoordinator::settle(CallId call) {
  const Open& open = *open_.find(call);
  const ReadSeats::Verdict verdict = open.seats.verdict();
  const bool complete = verdict == ReadSeats::Verdict::enough && open.stand_ins.empty();
  if (complete || verdict == ReadSeats::Verdict::impossible) answer(call);
}

void ListCoordinator::answer(CallId call) {
  const Open done = open_.close(call);
  ListReply reply{done.request.call, {.code = Errc::ok, .message = {}}, {}, std::nullopt};
  reply.outcome.acks = done.seats.acks();
  reply.outcome.needed = done.seats.needed();
  if (done.seats.verdict() != ReadSeats::Verdict::enough) {
    reply.outcome.code = Errc::timeout;
    reply.outcome.message = "only " + std::to_string(done.seats.acks()) + " of " + std::to_string(done.seats.needed()) +
                            " replicas answered the listing";
  } else {
    for (const auto& [slot, merged] : done.keys)
      if ((!done.scanned_to || slot <= *done.scanned_to) && selects(done.request.filter, merged.record))
        reply.names.push_back(merged.name);
    reply.next = done.scanned_to;
    if (done.seats.acks() > 1) services_.trace.mark(Mark::list_merged);
  }
  services_.reply(done.asker, std::move(reply));
}

void ListCoordinator::tick(Now now) {
  for (const CallId call : open_.due(now.mono)) {
    Open& open = *open_.find(call);
    open.stand_ins.clear();  // they had their time
    if (now.mono >= open.deadline || open.seats.verdict() == ReadSeats::Verdict::enough) {
      answer(call);
      continue;
    }
    open.unasked.clear();
    fetch(call, open, open.seats.missing(), now);
    open.patience = std::min(kPauseMax, 2 * open.patience);
    open_.wake_at(call, std::min(open.deadline, now.mono + open.patience));
  }
}

}  // namespace shoal
