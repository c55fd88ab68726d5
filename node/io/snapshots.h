// Snapshots: the copies of its data folder that a running node makes, lists and removes on request (the format:
// storage/snapshot.h).
//
//   create -> everything written so far goes into LMDB -> a reader of exactly that -> [thread] copy -> renamed into
//   place
//
// The node serves on meanwhile. One at a time; the thread also deletes what was removed, since large files take long.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "node/core/message.h"
#include "node/io/storage/disk_store.h"
#include "node/io/storage/snapshot.h"

namespace shoal {

// The one being made, or the last one if it failed.
struct SnapshotJob {
  Manifest manifest;
  CommitId wanted;
  std::uint64_t entries_expected = 0;
  bool copying = false;
  std::string trouble;  // not empty: it failed
};

class Snapshots {
 public:
  // `store` and `folder` outlive it.
  Snapshots(const DataFolder& folder, DiskStore& store);
  // Gives up the one being made.
  ~Snapshots();
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  SnapshotReply answer(const SnapshotRequest& request, WallTime now);
  // In every turn after the store's collect(): begins to copy when LMDB holds what it must.
  void turn();

 private:
  Status create(const std::string& name, WallTime now);
  Status remove(const std::string& name);
  [[nodiscard]] Status check_room() const;
  void begin_copy();
  void begin_sweep();
  bool is_busy();
  [[nodiscard]] SnapshotInfo describe_job() const;

  const DataFolder& folder_;
  DiskStore& store_;
  const std::filesystem::path dir_;
  std::optional<SnapshotJob> job_;

  // The thread's, until it says that it has ended.
  CopyProgress progress_;
  std::string outcome_;
  std::atomic<bool> ended_{true};
  std::thread thread_;
};

}  // namespace shoal
