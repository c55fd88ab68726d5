#include "bench/sim/sim_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "bench/sim/sync_report.h"

namespace shoal::sim {

using std::chrono::milliseconds;

Result<EntryPtr> SimStore::read(const Place& place) {
  const auto cell = cells_.find(place);
  if (cell == cells_.end()) return EntryPtr();
  if (cell->second.unreadable) return fail(Errc::corrupt, "the simulated disk cannot read this record");
  return cell->second.current;
}

Result<std::vector<PlacedEntry>> SimStore::scan(const Place& begin, const Place& end, std::optional<Place> after,
                                                std::size_t limit) {
  std::vector<PlacedEntry> found;
  for (auto it = after ? cells_.upper_bound(*after) : cells_.lower_bound(begin);
       it != cells_.end() && it->first < end && found.size() < limit; ++it)
    if (it->second.current) found.push_back({it->first, it->second.unreadable ? nullptr : it->second.current});
  return found;
}

Result<std::vector<PlacedDigest>> SimStore::scan_digests(const Place& begin, const Place& end) {
  std::vector<PlacedDigest> found;
  for (auto it = cells_.lower_bound(begin); it != cells_.end() && it->first < end; ++it)
    if (it->second.current) found.push_back({it->first.slot, it->second.current->digest});
  return found;
}

std::uint64_t SimStore::records() { return slots().size(); }

Status SimStore::admit() {
  if (full_) return fail(Errc::no_space, "the simulated disk is full");
  if (filling_.size() + syncing_.size() >= options_.unsynced_max)
    return fail(Errc::overloaded, "the simulated disk is too slow");
  return Unit{};
}

Status SimStore::admit_peers() {
  if (filling_.size() + syncing_.size() < options_.peers_unsynced_max) return Unit{};
  return fail(Errc::overloaded, "the simulated disk is far too slow");
}

CommitId SimStore::write(const Place& place, EntryPtr entry) {
  if (place.is_hint()) hinted_.insert(place.owner);
  note_change(place, peek(place), entry);
  lose_if_unreadable(place);
  Cell& cell = cells_[place];
  witness_.wrote(node_, place, cell.current ? &cell.current->record : nullptr, entry->record);
  cell.current = entry;
  filling_.push_back(Unsynced{place, std::move(entry), std::nullopt});
  return filling_id_;
}

// What nobody can read is gone for good when something else takes its place.
void SimStore::lose_if_unreadable(const Place& place) {
  const auto cell = cells_.find(place);
  if (cell != cells_.end() && cell->second.unreadable) lose_record(place);
}

CommitId SimStore::erase(const Place& place) {
  note_change(place, peek(place), nullptr);
  lose_if_unreadable(place);
  const auto cell = cells_.find(place);
  if (cell != cells_.end() && cell->second.current) {
    if (place.is_hint()) witness_.dropped_hint(node_, place.owner, place.slot, cell->second.current->record);
    cell->second.current = nullptr;
  }
  filling_.push_back(Unsynced{place, nullptr, std::nullopt});
  return filling_id_;
}

void SimStore::note_change(const Place& place, const EntryPtr& before, const EntryPtr& after) {
  const auto digest = [](const EntryPtr& entry) { return entry ? std::optional(entry->digest) : std::nullopt; };
  if (place.is_own()) tree_.change(place.slot, digest(before), digest(after));
}

void SimStore::fit_tree(std::uint32_t partitions) {
  if (tree_.partitions() == partitions) return;
  tree_ = Tree(partitions);
  for (const auto& [place, cell] : cells_) note_change(place, nullptr, cell.current);
}

void SimStore::install_document(const Membership& document) {
  durable_document_ = document;
  fit_tree(document.partitions);
}

CommitId SimStore::save_document(const Membership& document) {
  fit_tree(document.partitions);
  filling_.push_back(Unsynced{std::nullopt, nullptr, document});
  return filling_id_;
}

Duration SimStore::draw_sync() {
  if (options_.draw_sync) return options_.draw_sync(rng_) + extra_sync_;
  const Duration ordinary =
      options_.sync +
      Duration(static_cast<Duration::rep>(rng_.below(static_cast<std::uint64_t>(options_.sync.count()) + 1)));
  const bool slow = rng_.chance(options_.slow_sync_per_million);
  return ordinary + extra_sync_ + (slow ? Duration(milliseconds(rng_.between(100, 2000))) : Duration{});
}

void SimStore::begin_sync(Instant now) {
  const Duration sync = draw_sync();
  synced_at_ = now + sync;
  reported_at_ = now + reported_after(sync);
}

std::optional<Record> SimStore::union_of(const Slot& slot, Layer layer) const {
  std::optional<Record> all;
  const auto add = [&](const Place& place) {
    const auto cell = cells_.find(place);
    if (cell == cells_.end()) return;
    const EntryPtr& entry = layer == Layer::durable ? cell->second.durable : cell->second.current;
    if (entry == nullptr) return;
    if (!all) all.emplace();
    merge(entry->kind, *all, entry->record);
  };
  add(slot);
  for (const NodeId owner : hinted_) add(Place(owner, slot));
  return all;
}

void SimStore::settle(const Unsynced& write) {
  if (write.document) durable_document_ = write.document;
  if (!write.place) return;
  cells_[*write.place].durable = write.entry;
  if (write.entry) return witness_.synced(node_, write.place->slot, write.entry->record);
  const std::optional<Record> left = union_of(write.place->slot, Layer::durable);
  witness_.erased(node_, write.place->slot, left ? &*left : nullptr);
  forget_if_empty(*write.place);
}

void SimStore::forget_if_empty(const Place& place) {
  const auto cell = cells_.find(place);
  if (cell != cells_.end() && !cell->second.current && !cell->second.durable) cells_.erase(cell);
}

void SimStore::end_sync() {
  for (Unsynced& write : syncing_) {
    if (lying_) {
      lied_about_.push_back(std::move(write));
    } else {
      settle(write);
    }
  }
  syncing_.clear();
  synced_at_ = kNever;
}

void SimStore::pump(Instant now) {
  if (now >= synced_at_) end_sync();
  if (now >= reported_at_) {
    report_ = syncing_id_;
    reported_at_ = kNever;
  }
  const bool busy = synced_at_ != kNever || reported_at_ != kNever;
  if (busy || full_ || (filling_.empty() && syncing_.empty())) return;
  if (syncing_.empty()) {
    syncing_ = std::exchange(filling_, {});
    syncing_id_ = filling_id_;
    filling_id_.value += 1;
  }
  begin_sync(now);
  if (synced_at_ <= now) pump(now);
}

Instant SimStore::next_event() const { return std::min(synced_at_, reported_at_); }

std::optional<CommitId> SimStore::take_report() { return std::exchange(report_, std::nullopt); }

void SimStore::crash(Rng& chance) {
  const std::uint32_t kept_per_million[] = {0, 500'000, 500'000, 1'000'000};
  const std::uint32_t share = kept_per_million[chance.below(4)];
  std::set<Slot> touched;
  std::set<Place> dropped;  // hints, by a write that may be lost
  std::set<Slot> erased;    // a hint was dropped there, and the disk got to hear of it: by the drop or what came after
  for (const Unsynced& write : lied_about_)
    if (write.place) touched.insert(write.place->slot);
  for (std::vector<Unsynced>* writes : {&syncing_, &filling_}) {
    for (const Unsynced& write : *writes) {
      if (write.place) touched.insert(write.place->slot);
      if (write.place && !write.entry) dropped.insert(*write.place);
      if (!chance.chance(share)) continue;
      if (write.place) cells_[*write.place].durable = write.entry;
      if (write.place && dropped.contains(*write.place)) erased.insert(write.place->slot);
      if (write.document) durable_document_ = write.document;
    }
    writes->clear();
  }
  for (const Slot& slot : touched) {
    const std::optional<Record> left = union_of(slot, Layer::durable);
    if (erased.contains(slot)) witness_.erased(node_, slot, left ? &*left : nullptr);
    witness_.survived_crash(node_, slot, left ? &*left : nullptr);
  }
  for (auto& [place, cell] : cells_) {
    note_change(place, cell.current, cell.durable);
    cell.current = cell.durable;
  }
  std::erase_if(cells_, [](const auto& item) { return item.second.current == nullptr; });
  forget_unsynced();
}

void SimStore::forget_unsynced() {
  lied_about_.clear();
  synced_at_ = reported_at_ = kNever;
  report_.reset();
}

void SimStore::survive_kill() {
  set_lying(false);
  for (std::vector<Unsynced>* writes : {&syncing_, &filling_})
    for (const Unsynced& write : std::exchange(*writes, {})) settle(write);
  forget_unsynced();
}

void SimStore::set_lying(bool lying) {
  lying_ = lying;
  if (lying) return;
  for (const Unsynced& write : std::exchange(lied_about_, {})) settle(write);
}

void SimStore::install(const Slot& slot, const EntryPtr& entry) {
  note_change(slot, nullptr, entry);
  cells_[slot] = Cell{.current = entry, .durable = entry, .unreadable = false};
}

// Waiting writes become empty but stay in their commits, which must still be reported: messages wait for them.
void SimStore::drop_waiting(const Place& place) {
  for (std::vector<Unsynced>* writes : {&syncing_, &filling_})
    for (Unsynced& write : *writes)
      if (write.place == place) write.place.reset();
}

void SimStore::lose_record(const Place& place) {
  const auto cell = cells_.find(place);
  if (cell == cells_.end() || !cell->second.current) return;
  const EntryPtr lost = cell->second.current;
  drop_waiting(place);
  cells_.erase(cell);
  const std::optional<Record> left = union_of(place.slot, Layer::durable);
  witness_.destroyed(node_, place.slot, lost->record, left ? &*left : nullptr);
}

void SimStore::lose_everything() {
  for (const auto& [place, cell] : cells_)
    if (cell.current) witness_.destroyed(node_, place.slot, cell.current->record, nullptr);
  cells_.clear();
  tree_ = Tree(tree_.partitions());
  syncing_.clear();
  filling_.clear();
  forget_unsynced();
  durable_document_.reset();
}

void SimStore::set_unreadable(const Place& place, bool unreadable) {
  const auto cell = cells_.find(place);
  if (cell != cells_.end()) cell->second.unreadable = unreadable;
}

void SimStore::spoil_digest(const Slot& slot) {
  const TreeNode leaf = tree_.leaf_of(slot);
  Digest wrong = tree_.at(leaf);
  wrong.lo += 1;
  tree_.set_leaf(leaf, wrong);
}

bool SimStore::is_unreadable(const Slot& slot) const {
  const auto cell = cells_.find(slot);
  return cell != cells_.end() && cell->second.unreadable;
}

void SimStore::set_full(bool full, Instant now) {
  full_ = full;
  if (full) synced_at_ = reported_at_ = kNever;  // the sync in flight fails; its writes stay and are tried again
  pump(now);
}

std::vector<Slot> SimStore::slots() const {
  std::vector<Slot> slots;
  for (const auto& [place, cell] : cells_)
    if (place.is_own() && cell.current) slots.push_back(place.slot);
  return slots;
}

std::vector<Place> SimStore::hints() const {
  std::vector<Place> hints;
  for (const auto& [place, cell] : cells_)
    if (place.is_hint() && cell.current) hints.push_back(place);
  return hints;
}

bool SimStore::keeps_hint_of(const Slot& slot) const {
  return std::ranges::any_of(hinted_, [&](NodeId owner) { return peek(Place(owner, slot)) != nullptr; });
}

EntryPtr SimStore::peek(const Place& place) const {
  const auto cell = cells_.find(place);
  return cell != cells_.end() ? cell->second.current : nullptr;
}

}  // namespace shoal::sim
