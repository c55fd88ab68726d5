#include "bench/study/divergence.h"

#include <algorithm>

namespace shoal::study {
namespace {

std::size_t live_values(const Record& record) {
  return static_cast<std::size_t>(
      std::ranges::count_if(record.siblings, [](const Sibling& sibling) { return !sibling.tombstone; }));
}

std::int64_t bytes_of(const Record& record) {
  constexpr std::size_t kClockEntryBytes = 24;
  std::size_t bytes = record.clock.entries().size() * kClockEntryBytes;
  for (const Sibling& sibling : record.siblings) bytes += sibling.value.size();
  return static_cast<std::int64_t>(bytes);
}

}  // namespace

void Divergence::count(const Record* record, std::int64_t sign) {
  if (record == nullptr) return;
  const std::size_t values = live_values(*record);
  if (by_values_.size() <= values) by_values_.resize(values + 1);
  by_values_[values] += sign;
  clock_entries_ += sign * std::ssize(record->clock.entries());
}

void Divergence::count_hint(const Record* record, std::int64_t sign) {
  if (record == nullptr) return;
  hints_ += sign;
  hint_bytes_ += sign * bytes_of(*record);
}

void Divergence::wrote(std::uint32_t, const Place& place, const Record* before, const Record& after) {
  if (place.is_hint()) {
    count_hint(before, -1);
    return count_hint(&after, 1);
  }
  count(before, -1);
  count(&after, 1);
  unequal_.insert(place.slot);
}

void Divergence::dropped_hint(std::uint32_t, NodeId, const Slot&, const Record& hint) { count_hint(&hint, -1); }

void Divergence::lost(const Slot& slot) {
  unequal_.insert(slot);
  counts_are_off_ = true;
}

void Divergence::count_again() {
  counts_are_off_ = false;
  by_values_.clear();
  clock_entries_ = hints_ = hint_bytes_ = 0;
  for (const auto& machine : machines_) {
    for (const Slot& slot : machine->disk().slots()) count(&machine->disk().peek(slot)->record, 1);
    for (const Place& hint : machine->disk().hints()) count_hint(&machine->disk().peek(hint)->record, 1);
  }
}

std::uint32_t Divergence::behind(const Slot& slot, std::vector<std::uint32_t>& by_node) const {
  const std::vector<std::uint32_t>& owners = owners_[ring_.partition_of(slot).value];
  const auto clock_at = [&](std::uint32_t owner) -> const VersionVector* {
    const sim::SimStore& disk = machines_[owner]->disk();
    const EntryPtr entry = disk.is_unreadable(slot) ? nullptr : disk.peek(slot);
    return entry ? &entry->record.clock : nullptr;
  };
  VersionVector join;
  for (const std::uint32_t owner : owners)
    if (const VersionVector* clock = clock_at(owner)) join.join(*clock);
  std::uint32_t count = 0;
  for (const std::uint32_t owner : owners) {
    if (machines_[owner]->state() == sim::ProcessState::gone) continue;
    const VersionVector* clock = clock_at(owner);
    if (clock != nullptr ? *clock == join : join.empty()) continue;
    ++by_node[owner];
    ++count;
  }
  return count;
}

void Divergence::measure(Sample& sample) {
  if (counts_are_off_) count_again();
  sample.behind_by_node.assign(machines_.size(), 0);
  for (auto slot = unequal_.begin(); slot != unequal_.end();) {
    const std::uint32_t owners = behind(*slot, sample.behind_by_node);
    sample.behind += owners;
    sample.keys_apart += owners > 0 ? 1 : 0;
    slot = owners > 0 ? std::next(slot) : unequal_.erase(slot);
  }
  for (std::size_t values = 0; values < by_values_.size(); ++values) {
    if (by_values_[values] <= 0) continue;
    sample.siblings_max = values;
    sample.siblings_all += values * static_cast<std::uint64_t>(by_values_[values]);
  }
  sample.clock_entries = static_cast<std::uint64_t>(clock_entries_);
  sample.hints = static_cast<std::uint64_t>(hints_);
  sample.hint_bytes = static_cast<std::uint64_t>(hint_bytes_);
}

bool Divergence::all_equal() {
  Sample sample;
  measure(sample);
  return sample.behind == 0;
}

}  // namespace shoal::study
