#include "bench/sim/sim_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "bench/sim/sync_report.h"

namespace shoal::sim {

using std::chrono::milliseconds;

Result<EntryPtr> SimStore::read(const Slot& slot) {
  const auto cell = cells_.find(slot);
  if (cell == cells_.end()) return EntryPtr();
  if (cell->second.unreadable) return fail(Errc::corrupt, "the simulated disk cannot read this record");
  return cell->second.current;
}

Result<std::vector<SlotEntry>> SimStore::scan(const Slot& begin, const Slot& end, std::optional<Slot> after,
                                              std::size_t limit) {
  std::vector<SlotEntry> found;
  for (auto it = after ? cells_.upper_bound(*after) : cells_.lower_bound(begin);
       it != cells_.end() && it->first < end && found.size() < limit; ++it) {
    if (it->second.unreadable) return fail(Errc::corrupt, "the simulated disk cannot read a record of this range");
    found.push_back(SlotEntry{it->first, it->second.current});
  }
  return found;
}

Status SimStore::admit() {
  if (full_) return fail(Errc::no_space, "the simulated disk is full");
  if (filling_.size() + syncing_.size() >= options_.unsynced_max)
    return fail(Errc::overloaded, "the simulated disk is too slow");
  return Unit{};
}

CommitId SimStore::write(const Slot& slot, EntryPtr entry) {
  Cell& cell = cells_[slot];
  ledger_.wrote(node_, slot, cell.current ? &cell.current->record : nullptr, entry->record);
  cell.current = entry;
  filling_.push_back(Unsynced{slot, std::move(entry), std::nullopt});
  return filling_id_;
}

CommitId SimStore::save_document(const Membership& document) {
  filling_.push_back(Unsynced{Slot{}, nullptr, document});
  return filling_id_;
}

Duration SimStore::draw_sync() {
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

void SimStore::settle(const Unsynced& write) {
  if (write.document) durable_document_ = write.document;
  if (write.entry == nullptr) return;
  cells_[write.slot].durable = write.entry;
  ledger_.synced(node_, write.slot, write.entry->record);
}

void SimStore::end_sync() {
  for (const Unsynced& write : syncing_) settle(write);
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
}

Instant SimStore::next_event() const { return std::min(synced_at_, reported_at_); }

std::optional<CommitId> SimStore::take_report() { return std::exchange(report_, std::nullopt); }

void SimStore::crash(Rng& chance) {
  const std::uint32_t kept_per_million[] = {0, 500'000, 500'000, 1'000'000};
  const std::uint32_t share = kept_per_million[chance.below(4)];
  std::set<Slot> touched;
  for (std::vector<Unsynced>* writes : {&syncing_, &filling_}) {
    for (const Unsynced& write : *writes) {
      if (write.entry != nullptr) touched.insert(write.slot);
      if (!chance.chance(share)) continue;
      if (write.entry != nullptr) cells_[write.slot].durable = write.entry;
      if (write.document) durable_document_ = write.document;
    }
    writes->clear();
  }
  for (const Slot& slot : touched) {
    const auto cell = cells_.find(slot);
    const EntryPtr left = cell != cells_.end() ? cell->second.durable : nullptr;
    ledger_.survived_crash(node_, slot, left ? &left->record : nullptr);
  }
  for (auto& [slot, cell] : cells_) cell.current = cell.durable;
  std::erase_if(cells_, [](const auto& item) { return item.second.current == nullptr; });
  synced_at_ = reported_at_ = kNever;
  report_.reset();
}

// Waiting writes become empty but stay in their commits, which must still be reported: messages wait for them.
void SimStore::drop_waiting(const Slot& slot) {
  for (std::vector<Unsynced>* writes : {&syncing_, &filling_})
    for (Unsynced& write : *writes)
      if (write.slot == slot) write.entry = nullptr;
}

void SimStore::lose_record(const Slot& slot) {
  const auto cell = cells_.find(slot);
  if (cell == cells_.end()) return;
  ledger_.destroyed(node_, slot, cell->second.current->record);
  drop_waiting(slot);
  cells_.erase(cell);
}

void SimStore::lose_everything() {
  for (const auto& [slot, cell] : cells_) ledger_.destroyed(node_, slot, cell.current->record);
  cells_.clear();
  syncing_.clear();
  filling_.clear();
  synced_at_ = reported_at_ = kNever;
  durable_document_.reset();
}

void SimStore::set_unreadable(const Slot& slot, bool unreadable) {
  const auto cell = cells_.find(slot);
  if (cell != cells_.end()) cell->second.unreadable = unreadable;
}

void SimStore::set_full(bool full, Instant now) {
  full_ = full;
  if (full) synced_at_ = reported_at_ = kNever;  // the sync in flight fails; its writes stay and are tried again
  pump(now);
}

std::vector<Slot> SimStore::slots() const {
  std::vector<Slot> slots;
  for (const auto& [slot, cell] : cells_) slots.push_back(slot);
  return slots;
}

EntryPtr SimStore::peek(const Slot& slot) const {
  const auto cell = cells_.find(slot);
  return cell != cells_.end() ? cell->second.current : nullptr;
}

}  // namespace shoal::sim
