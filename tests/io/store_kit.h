// What the store's tests are written with.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "node/io/storage/disk_store.h"

namespace shoal::test {

// A folder that goes away with its owner.
class TempFolder {
 public:
  // kInMemory: where syncs cost nothing, for tests that count on many; an ordinary folder where there is no such place.
  enum Place { kOnDisk, kInMemory };
  explicit TempFolder(Place place = kOnDisk);
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// A small store with a short retry pause. Every commit is moved into LMDB at once; a larger `generation_bytes` leaves
// that to the log. No segments are made ahead.
StoreOptions options_in(const std::filesystem::path& dir);
std::unique_ptr<DiskStore> open_store(const StoreOptions& options);

// Distinct slots, spread over the space and in no order.
Slot slot_at(std::uint64_t n);
// Its digest is of name and value.
EntryPtr entry_of(const std::string& name, const std::string& value);
// What a voter on that key remembers that accepted the value under that ballot.
EntryPtr voter_of(const std::string& name, std::uint64_t ballot, const std::string& value);
// The only value of an entry; "-" for none.
std::string value_of(const EntryPtr& entry);
// The same of a slot; the error's sentence when it cannot be read.
std::string value_at(DiskStore& store, const Place& place);

// Own copies, or hints when `begin` is one.
std::vector<PlacedEntry> scan_all(DiskStore& store, std::size_t page, const Place& begin = {});

// What is wrong with the tree, which must be the sums of what a scan finds; empty: nothing.
std::string fault_in_tree(DiskStore& store);

// Asks again and again until it holds. False after a generous while.
bool eventually(auto condition) {
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
       std::chrono::steady_clock::now() < end; std::this_thread::yield())
    if (condition()) return true;
  return false;
}

// Waits for the store's event. False after a generous while without one.
bool wait_for_event(DiskStore& store);
// Turns, as a driver makes them, until `id` is durable.
bool make_durable(DiskStore& store, CommitId id);
// Turns until LMDB holds everything up to `id`.
bool make_checkpoint(DiskStore& store, CommitId id);
// Turns until admit() refuses, or until it takes writes again.
bool reach_trouble(DiskStore& store);
bool reach_health(DiskStore& store);

}  // namespace shoal::test
