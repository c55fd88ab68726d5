#include "tests/io/ledger.h"

#include <algorithm>
#include <cstdlib>

namespace shoal::test {

CommitId Ledger::write(DiskStore& store, std::size_t value_bytes) {
  const std::uint64_t number = writes_.size() + 1;
  const std::string value = std::to_string(number) + std::string(value_bytes, '.');
  const CommitId commit = store.write(slot_at(number % slots_), entry_of("key", value));
  writes_.push_back({.commit = commit, .life = life_});
  return commit;
}

std::uint64_t Ledger::note_durable(const DiskStore& store) {
  for (std::uint64_t number = writes_.size(); number > durable_; --number)
    if (writes_[number - 1].life == life_ && writes_[number - 1].commit <= store.durable()) durable_ = number;
  return durable_;
}

std::vector<std::uint64_t> Ledger::numbers_in(DiskStore& store) const {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t slot = 0; slot < slots_; ++slot)
    numbers.push_back(std::strtoull(value_at(store, slot_at(slot)).c_str(), nullptr, 10));
  return numbers;
}

bool Ledger::is_in(const Write& write, std::uint64_t newest) const {
  if (newest == 0 || newest > writes_.size()) return false;
  const Write& last = writes_[newest - 1];
  if (write.life != last.life) return write.life < last.life && !write.lost;
  return write.commit <= last.commit && (!write.lost || last.lost);
}

std::vector<std::uint64_t> Ledger::state_with(std::uint64_t newest) const {
  std::vector<std::uint64_t> numbers(slots_, 0);
  for (std::uint64_t number = 1; number <= writes_.size(); ++number)
    if (is_in(writes_[number - 1], newest)) numbers[number % slots_] = number;
  return numbers;
}

std::string Ledger::fault_in(DiskStore& store, std::uint64_t durable) const {
  const std::vector<std::uint64_t> found = numbers_in(store);
  const std::uint64_t newest = *std::ranges::max_element(found);
  if (newest < durable) return "durable up to " + std::to_string(durable) + ", found up to " + std::to_string(newest);
  const std::vector<std::uint64_t> expected = state_with(newest);
  for (std::uint64_t slot = 0; slot < slots_; ++slot)
    if (found[slot] != expected[slot])
      return "found up to " + std::to_string(newest) + ", but " + value_at(store, slot_at(slot)).substr(0, 40) +
             " where " + std::to_string(expected[slot]) + " should be";
  return fault_in_tree(store);
}

std::string Ledger::fault_in_running(DiskStore& store) const { return fault_in(store, writes_.size()); }

void Ledger::begin_life(DiskStore& store, std::uint64_t durable) {
  durable_ = durable;
  const std::vector<std::uint64_t> found = numbers_in(store);
  const std::uint64_t newest = *std::ranges::max_element(found);
  std::vector<Write> writes = writes_;
  for (Write& write : writes) write.lost = !is_in(write, newest);
  writes_ = std::move(writes);
  ++life_;
}

}  // namespace shoal::test
