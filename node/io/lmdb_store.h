// LmdbStore: a node's records on its disk.
//
//   write() -> the batch being filled --flush()--> the batch being synced (Committer) --collect()--> LMDB
//
// write() and save_document() touch memory only. A read looks at the batch being filled, then at the one being synced,
// then into LMDB: so a write is visible at once, and no read waits for a sync. The two batches are the overlay; the one
// being synced is never changed, so the committer's thread and ours share it without a lock.
//
// The driver's turn: collect() when event_fd() is readable, work, flush(). `sync` hands a batch over as soon as the
// last one is durable. `relaxed` lets the writes of half an interval gather first: fewer syncs, each as safe as ever,
// and a power cut costs at most the last interval. A commit log later takes the committer's place behind this header.
//
// Invariants, beside those of Store:
//  (1) A record is in at least one of: the batch being filled, the one being synced, LMDB as our reader sees it.
//      collect() therefore drops a synced batch and the reader's snapshot together.
//  (2) The reader's snapshot ends with the turn: it never pins pages that the writer could use again.
//  (3) Trouble is refused at admit() alone. Merges, repair and hand-off are always taken: whoever sends them counts
//      on the overlay's bound being kept by refusing clients.
//
// Does not do: growing the map (ruling 17), knowing what a slot's key is.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "node/core/store.h"
#include "node/io/committer.h"
#include "node/io/lmdb_env.h"
#include "node/ring/membership.h"

namespace shoal {

struct StoreOptions {
  std::filesystem::path dir;
  NodeId owner;        // whose records these are: another node's store is refused
  bool create = true;  // false: a missing store is an error
  bool sync = true;    // false: relaxed
  std::chrono::milliseconds relaxed_interval{1000};
  std::chrono::milliseconds retry_interval{1000};
  std::size_t overlay_bytes_max = std::size_t{256} << 20;
  std::size_t map_bytes = std::size_t{512} << 30;  // address space, not disk space
};

class LmdbStore final : public Store {
 public:
  static Result<std::unique_ptr<LmdbStore>> open(const StoreOptions& options);
  // Drops what is not durable yet, as a crash would; close() saves it.
  ~LmdbStore() override = default;

  Result<EntryPtr> read(const Place& place) override;
  Result<std::vector<PlacedEntry>> scan(const Place& begin, const Place& end, std::optional<Place> after,
                                        std::size_t limit) override;
  Status admit() override;
  CommitId write(const Place& place, EntryPtr entry) override;
  CommitId erase(const Place& place) override;
  CommitId save_document(const Membership& document) override;
  std::uint64_t records() override;

  // The membership document as it was found at open; absent in a new store.
  [[nodiscard]] const std::optional<Membership>& document() const { return document_; }

  // Ends the turn: hands the filled batch over unless one is still being synced.
  void flush();
  // The same, and `relaxed` does not let it gather: for what must be synced in every mode.
  void flush_now();
  // Readable when collect() has news: a commit finished, or trouble came or went.
  [[nodiscard]] int event_fd() const { return committer_.event_fd(); }
  // The newest durable commit when it is newer than the caller has been told; what close() saved counts too.
  std::optional<CommitId> collect();
  // The newest one known; 0: none yet.
  [[nodiscard]] CommitId durable() const { return durable_; }
  // Not empty: the store cannot save anything any more, and why. The process should end.
  [[nodiscard]] const std::string& fatal() const { return fatal_; }
  // Saves everything. An error says that some of it could not be; the store then only reads.
  Status close();

  // Reads refused because bytes failed their checksum or their format.
  [[nodiscard]] std::uint64_t corrupt_reads() const { return corrupt_reads_; }

 private:
  LmdbStore(const StoreOptions& options, LmdbEnv env, std::optional<Membership> document);

  bool absorb_report();
  // Absent: LMDB knows. Null: erased.
  std::optional<EntryPtr> find_in_overlay(const Place& place) const;
  CommitId change(const Place& place, EntryPtr entry);
  Result<MDB_txn*> snapshot();
  void end_snapshot();
  Result<EntryPtr> decode(std::string_view bytes);
  Error read_error(int code);
  void hand_over();
  [[nodiscard]] std::size_t overlay_bytes() const;

  const StoreOptions options_;
  LmdbEnv env_;
  const std::optional<Membership> document_;
  LmdbTxn reader_;
  bool reading_ = false;

  std::shared_ptr<WriteBatch> filling_;
  WriteBatchPtr syncing_;
  CommitId durable_;
  CommitId told_;  // the newest that collect() returned
  std::optional<Error> trouble_;
  std::string fatal_;
  bool closed_ = false;
  std::uint64_t records_ = 0;
  std::uint64_t corrupt_reads_ = 0;

  Committer committer_;  // last: its thread uses env_
};

}  // namespace shoal
