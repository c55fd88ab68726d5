#include "node/core/hints.h"

#include <utility>

namespace shoal {
namespace {

constexpr std::size_t kPage = 256;

Place first_place_of(NodeId owner) { return {owner, Slot{}}; }
Place behind_places_of(NodeId owner) { return {NodeId{owner.value + 1}, Slot{}}; }

}  // namespace

std::uint64_t hint_bytes(const Entry& entry) {
  std::uint64_t bytes = 64 + entry.key.bucket.size() + entry.key.name.size();
  bytes += entry.record.clock.entries().size() * 24;
  for (const Sibling& sibling : entry.record.siblings) bytes += 64 + sibling.value.size();
  return bytes;
}

Hints::Hints(NodeId self, const PreferenceLists& ring, Store& store, Replica& replica, Trace& trace,
             std::uint64_t bytes_max)
    : store_(store), replica_(replica), trace_(trace), bytes_max_(bytes_max) {
  count(self, ring);
}

void Hints::count(NodeId self, const PreferenceLists& ring) {
  std::optional<Place> after;
  const Place end(NodeId{~std::uint64_t{0}}, Slot{});
  while (true) {
    const Result<std::vector<PlacedEntry>> page = store_.scan(first_place_of(NodeId{1}), end, after, kPage);
    if (!page) return;  // what cannot be counted is delivered all the same
    for (const PlacedEntry& hint : *page) {
      add(hint.place.owner, hint.entry);
      if (hint.entry && ring.owns(self, ring.partition_of(hint.place.slot))) take_over(hint.place.slot, *hint.entry);
    }
    if (page->size() < kPage) return;
    after = page->back().place;
  }
}

// An own copy that cannot be read stays as it is.
void Hints::take_over(const Slot& slot, const Entry& hint) {
  const Result<EntryPtr> own = replica_.read(slot, hint.key);
  if (!own || (*own && (*own)->record.clock.descends(hint.record.clock))) return;
  if (replica_.merge(slot, hint.key, hint.kind, hint.record)) trace_.mark(Mark::hint_taken_over_by_owner);
}

void Hints::add(NodeId owner, const EntryPtr& entry) {
  Queue& queue = queues_[owner];
  const std::uint64_t bytes = entry ? hint_bytes(*entry) : 0;
  queue.hints += 1;
  queue.bytes += bytes;
  bytes_ += bytes;
}

void Hints::remove(NodeId owner, const EntryPtr& entry) {
  Queue& queue = queues_[owner];
  const std::uint64_t bytes = hint_bytes(*entry);
  queue.hints -= 1;
  queue.bytes -= bytes;
  bytes_ -= bytes;
}

// Counts the place before and after a change of it.
template <class Change>
auto Hints::changing(const Place& place, const Key& key, Mark mark, Change change) {
  const Result<EntryPtr> before = replica_.read(place, key);
  if (before && *before == nullptr && bytes_ >= bytes_max_) {
    trace_.mark(Mark::hint_refused_store_full);
    return decltype(change())(
        fail(Errc::overloaded, "this node keeps as many hints as it may; it cannot stand in for another owner"));
  }
  auto done = change();
  if (!done) return done;
  trace_.mark(mark);
  if (before && *before) remove(place.owner, *before);
  add(place.owner, replica_.read(place, key).value_or(nullptr));
  return done;
}

Result<CommitId> Hints::keep(NodeId owner, const Slot& slot, const Replicate& missed) {
  const Place place(owner, slot);
  return changing(place, missed.key, Mark::hint_kept,
                  [&] { return replica_.merge(place, missed.key, missed.kind, *missed.state); });
}

Result<Replica::Written> Hints::put(const Place& place, Kind kind, const PutRequest& request, const CausalContext& seen,
                                    WallTime wall) {
  return changing(place, request.key, Mark::put_coordinated_by_fallback,
                  [&] { return replica_.put(place, kind, request, seen, wall); });
}

void Hints::delivered(const Place& place, const Record& sent) {
  const Result<EntryPtr> held = store_.read(place);
  if (!held || *held == nullptr) return;
  queues_[place.owner].delivered += 1;
  if ((*held)->record != sent) return trace_.mark(Mark::hint_changed_while_delivered);
  remove(place.owner, *held);
  store_.erase(place);
  trace_.mark(Mark::hint_delivered);
}

Result<std::vector<PlacedEntry>> Hints::next(NodeId owner, std::optional<Place> after, std::size_t limit) {
  return store_.scan(first_place_of(owner), behind_places_of(owner), after, limit);
}

std::uint64_t Hints::waiting_for(NodeId owner) const {
  const auto queue = queues_.find(owner);
  return queue != queues_.end() ? queue->second.hints : 0;
}

}  // namespace shoal
