#include "node/core/replica.h"

#include <algorithm>
#include <string>

#include "node/base/limits.h"
#include "node/core/state_digest.h"

namespace shoal {
namespace {

Status check_siblings(Kind kind, const Record& record, const VersionVector& seen) {
  if (kind == Kind::lww) return Unit{};
  const auto survives = [&](const Sibling& sibling) { return !seen.covers(sibling.dot); };
  const auto kept = static_cast<std::size_t>(std::ranges::count_if(record.siblings, survives));
  if (kept + 1 <= kSiblingsMax) return Unit{};
  return fail(Errc::conflict,
              "the key has " + std::to_string(kept) +
                  " concurrent values, the most that are kept; read it and write back with its context");
}

// The client has seen a dot that we minted in this very life.
bool knows_incarnation(const VersionVector& seen, Incarnation incarnation) {
  return std::ranges::any_of(seen.entries(),
                             [&](const VersionVector::Entry& entry) { return entry.actor.incarnation == incarnation; });
}

}  // namespace

Replica::Replica(Incarnation incarnation, Store& store, Trace& trace)
    : incarnation_(incarnation), store_(store), trace_(trace) {}

Result<EntryPtr> Replica::read(const Place& place, const Key& key) {
  Result<EntryPtr> held = store_.read(place);
  if (!held) {
    trace_.mark(Mark::unreadable_record_answered_dont_know);
    if (place.is_own()) note_damaged(place.slot, held.error());
  } else if (*held && (*held)->key != key) {
    trace_.mark(Mark::slot_collision_refused);
    return fail(Errc::refused, "the key's hash is taken by another key; use another name");
  }
  return held;
}

void Replica::note_damaged(const Slot& slot, const Error& error) {
  const bool is_new = damaged_.empty() || damaged_.back() != slot;
  if (error.code == Errc::corrupt && is_new) damaged_.push_back(slot);
}

Hlc Replica::next_hlc(WallTime wall, Hlc seen) {
  const Hlc from_wall{static_cast<std::uint64_t>(std::max<std::int64_t>(wall.ms, 0)) << 16};
  hlc_ = std::max({Hlc{hlc_.value + 1}, from_wall, Hlc{seen.value + 1}});
  return hlc_;
}

Result<Replica::Written> Replica::put(const Place& place, Kind kind, const PutRequest& request,
                                      const CausalContext& seen, WallTime wall) {
  Result<Made> made = make(place, kind, request, seen, wall, Epoch::goes_on);
  if (!made) return made.error();
  last_commit_ = store_.write(place, made->entry);
  return Written{std::move(made->entry), made->dot, last_commit_};
}

// What was minted before may not have arrived, so the epoch that it was minted in cannot go on.
Result<Replica::Written> Replica::propose(const Place& place, Kind kind, const PutRequest& request,
                                          const CausalContext& seen, WallTime wall) {
  Result<Made> made = make(place, kind, request, seen, wall, Epoch::fresh);
  if (!made) return made.error();
  return Written{std::move(made->entry), made->dot, last_commit_};
}

Result<Replica::Made> Replica::make(const Place& place, Kind kind, const PutRequest& request, const CausalContext& seen,
                                    WallTime wall, Epoch epoch) {
  const Status admitted = store_.admit();
  if (!admitted) return trace_.mark(Mark::put_refused_by_store), admitted.error();
  const Result<EntryPtr> held = read(place, request.key);
  if (!held) return held.error();
  Entry entry = *held ? **held : Entry{.key = request.key, .record = {}, .ownership = {}, .kind = kind};
  const Status few = check_siblings(kind, entry.record, seen.seen);
  if (!few) return trace_.mark(Mark::put_refused_sibling_limit), few.error();

  if (epoch == Epoch::fresh) entry.ownership = {};
  const Ownership before = entry.ownership;
  const Hlc hlc = next_hlc(wall, std::max(seen.hlc, highest_hlc(entry.record)));
  const Write write{seen.seen, hlc, request.request, request.tombstone, request.value};
  const PutResult result = shoal::put(kind, entry.record, entry.ownership, write, Minter{incarnation_, ++counter_});
  count_losers(entry, result.losers);
  if (entry.ownership != before && knows_incarnation(seen.seen, incarnation_))
    trace_.mark(Mark::put_new_epoch_after_amnesia);
  entry.digest = state_digest(place.slot, entry.record);
  return Made{std::make_shared<const Entry>(std::move(entry)), result.dot};
}

void Replica::count_losers(Entry& entry, std::size_t losers) {
  entry.losers += losers;
  if (losers > 0) trace_.mark(Mark::lww_dropped_concurrent_value);
}

Result<CommitId> Replica::merge(const Place& place, const Key& key, Kind kind, const Record& state) {
  const Result<EntryPtr> held = read(place, key);
  if (!held) return held.error();
  Entry entry = *held ? **held : Entry{.key = key, .record = {}, .ownership = {}, .kind = kind};
  if (*held) {
    count_losers(entry, shoal::merge(kind, entry.record, entry.ownership, state));
  } else {
    entry.record = state;
  }
  if (*held && **held == entry) return last_commit_;  // nothing new: durable with what was written before
  entry.digest = state_digest(place.slot, entry.record);
  last_commit_ = store_.write(place, std::make_shared<const Entry>(std::move(entry)));
  return last_commit_;
}

CommitId Replica::restore(const Slot& slot, const Key& key, Kind kind, const Record& state) {
  Entry entry{.key = key, .record = state, .ownership = {}, .kind = kind};
  entry.digest = state_digest(slot, entry.record);
  last_commit_ = store_.write(slot, std::make_shared<const Entry>(std::move(entry)));
  return last_commit_;
}

CommitId Replica::erase(const Slot& slot) { return last_commit_ = store_.erase(slot); }

}  // namespace shoal
