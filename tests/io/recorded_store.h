// RecordedStore: a store whose every disk operation is remembered, and what is left of it when the power goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/io/disk_image.h"
#include "tests/io/faulty_disk.h"
#include "tests/io/ledger.h"

namespace shoal::test {

struct Recording {
  struct Report {
    std::size_t ops;        // so many had been done
    std::uint64_t durable;  // when writes up to this number were said to be durable
  };
  StoreOptions options;
  std::vector<DiskOp> ops;
  std::vector<Report> reports;
  Ledger ledger;

  [[nodiscard]] std::uint64_t durable_at(std::size_t cut) const;
  // Makes the disk in an empty folder, as it may be when the power goes during operation `cut - 1`.
  StoreOptions cut_at(std::size_t cut, Unsynced unsynced, Rng& rng, const std::filesystem::path& to) const;
};

class RecordedStore {
 public:
  // Opens the store. What is in the folder is on the disk; of `ledger`'s writes those up to `durable` must be there.
  RecordedStore(const StoreOptions& options, const Ledger& ledger, std::uint64_t durable);

  void open();
  void crash() { store_.reset(); }  // as if the process was killed
  // Saves everything.
  void close();
  void reopen_with(std::size_t generation_bytes);
  // Leaves LMDB alone, as a store of the format before the log was.
  void forget_log();

  void fill(int writes, std::size_t value_bytes = 1500);
  // Writes and waits until that is durable.
  void batch(int writes, std::size_t value_bytes = 1500);
  // Writes until LMDB holds everything up to here.
  void reach_checkpoint();

  [[nodiscard]] DiskStore& store() { return *store_; }
  [[nodiscard]] FaultyDisk& disk() { return *disk_; }
  // Operations so far.
  [[nodiscard]] std::size_t mark() { return recording_.ops.size() + disk_->op_count(); }
  // Ends it.
  Recording end();

 private:
  void note();

  Recording recording_;  // its ops: those before
  std::optional<FaultyDisk> disk_;
  std::unique_ptr<DiskStore> store_;
  CommitId last_;
};

}  // namespace shoal::test
