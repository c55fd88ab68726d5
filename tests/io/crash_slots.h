// Numbered writes over few slots: how crash_writer writes them and crash_test finds them.
#pragma once

#include <cstdlib>
#include <string>

#include "tests/io/store_kit.h"

namespace shoal::test {

inline constexpr std::uint64_t kCrashSlots = 500;

inline CommitId write_number(DiskStore& store, std::uint64_t number) {
  const std::string value = std::to_string(number) + std::string(number * 7919 % 5000, '.');
  return store.write(slot_at(number % kCrashSlots), entry_of("key", value));
}

// The number of the newest write that the slot of `number` holds; 0: none.
inline std::uint64_t number_at(DiskStore& store, std::uint64_t number) {
  return std::strtoull(value_at(store, slot_at(number % kCrashSlots)).c_str(), nullptr, 10);
}

}  // namespace shoal::test
