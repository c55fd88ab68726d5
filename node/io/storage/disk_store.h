// DiskStore: a node's records on its disk.
//
//   write() -> the batch being filled --flush()--> the batch being logged (CommitLog) --collect()--> durable
//          \-> overlay, active --flush()--> overlay, frozen (Checkpointer) --collect()--> LMDB
//
// write() and save_document() touch memory only. The log makes writes durable, in the order in which they came; the
// overlay keeps them readable until LMDB has them. A read looks into the overlay, then into LMDB: a write is visible at
// once, and no read waits for a sync. When the overlay's active generation is large enough, or the log is, it is frozen
// between two batches, moved into LMDB when its last commit is durable, and the log's segments are used again.
//
// The driver's turn: collect() when event_fd() is readable, work, flush(). `sync` makes each batch durable as soon as
// the last one is. `relaxed` writes it at once and syncs twice an interval: a killed process loses next to nothing, and
// a power cut costs at most the last interval. What must be synced in every mode asks for it (hurry).
//
// Opening replays the log behind LMDB's checkpoint into the overlay. The tree is the sums that LMDB holds, and what the
// overlay changes in them.
//
// Invariants, beside those of Store:
//  (1) A record is in at least one of: the overlay's generations, LMDB as our reader sees it. collect() therefore drops
//      a generation and the reader's snapshot together.
//  (2) The reader's snapshot ends with the turn: it never pins pages that the writer could use again.
//  (3) What waits in memory is bounded twice: clients are refused at the overlay's bound and in any trouble, peers at
//      twice that bound only. (A replica whose disk is slower than the others' is sent more than it can write, and its
//      refusing its own clients slows nobody.)
//  (4) A segment is used again only when LMDB holds, synced, everything in it.
//
// Does not do: growing the map, knowing what a slot's key is.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "node/core/store.h"
#include "node/io/storage/checkpointer.h"
#include "node/io/storage/commit_log.h"
#include "node/io/storage/lmdb_env.h"
#include "node/io/storage/overlay.h"
#include "node/io/storage/pace.h"
#include "node/io/storage/store_format.h"
#include "node/ring/membership.h"

namespace shoal {

struct StoreOptions {
  std::filesystem::path dir;
  NodeId owner;        // whose records these are: another node's store is refused
  bool create = true;  // false: a missing store is an error
  bool sync = true;    // false: relaxed
  std::chrono::milliseconds relaxed_interval{1000};
  std::chrono::milliseconds retry_interval{1000};
  std::size_t overlay_bytes_max = std::size_t{256} << 20;  // over it clients are refused
  std::size_t generation_bytes = std::size_t{16} << 20;    // so much of it is moved into LMDB at a time
  std::size_t log_bytes_max = std::size_t{512} << 20;      // a start replays at most this, about
  std::size_t segment_bytes = std::size_t{16} << 20;
  std::size_t spares_ahead = 2;                    // segments that are made ready before they are needed
  std::function<void(double share)> replaying;     // told now and then while the log is replayed
  std::function<int()> before_sync;                // as CommitLog::Options has it
  std::size_t map_bytes = std::size_t{512} << 30;  // address space, not disk space
  bool keep_digests = true;                        // false: the tree stays empty, to measure what it costs

  // Larger generations touch fewer pages for each record; of more than 16 MiB, moving one is felt by clients.
  void bound_overlay(std::size_t bytes) {
    overlay_bytes_max = bytes;
    generation_bytes = std::min(bytes / 4, std::size_t{16} << 20);
  }
};

class DiskStore final : public Store {
 public:
  static Result<std::unique_ptr<DiskStore>> open(const StoreOptions& options);
  // Drops what is not durable yet, as a crash would; close() saves it.
  ~DiskStore() override = default;

  Result<EntryPtr> read(const Place& place) override;
  Result<std::vector<PlacedEntry>> scan(const Place& begin, const Place& end, std::optional<Place> after,
                                        std::size_t limit) override;
  Result<std::vector<PlacedDigest>> scan_digests(const Place& begin, const Place& end) override;
  Status admit() override;
  Status admit_peers() override;
  CommitId write(const Place& place, EntryPtr entry) override;
  CommitId erase(const Place& place) override;
  CommitId save_document(const Membership& document) override;
  void hurry(CommitId commit) override { log_->hurry(commit); }
  std::uint64_t records() override;
  [[nodiscard]] const Tree& tree() const override { return tree_; }
  void correct(const TreeNode& leaf, const Digest& digest) override;

  // The membership document as it was found at open; absent in a new store.
  [[nodiscard]] const std::optional<Membership>& document() const { return document_; }
  // The snapshot that the store was restored from; empty: none. It has forgotten its acceptors (store_format.h).
  [[nodiscard]] const std::string& restored() const { return restored_; }

  // Ends the turn: hands the filled batch over unless one is still being synced.
  void flush();
  // Readable when collect() has news: a commit or a checkpoint finished, or trouble came or went.
  [[nodiscard]] int event_fd() const { return events_.get(); }
  // The newest durable commit when it is newer than the caller has been told; what close() saved counts too.
  std::optional<CommitId> collect();
  // The newest one known; 0: none yet.
  [[nodiscard]] CommitId durable() const { return durable_; }
  // LMDB holds everything up to this commit.
  [[nodiscard]] CommitId checkpointed() const { return checkpointed_; }
  // A generation is on its way into LMDB.
  [[nodiscard]] bool checkpointing() const { return overlay_.frozen() != nullptr; }
  // Everything written so far goes into LMDB, however little it is: it is there when checkpointed() reaches the result.
  CommitId checkpoint_now();
  // LMDB as checkpointed() says, and nothing newer. Precondition: not checkpointing(), as after each collect() that
  // has news of a checkpoint. The reader may go to another thread, and pins its pages.
  Result<LmdbTxn> read_checkpoint() const;
  [[nodiscard]] const LmdbEnv& env() const { return env_; }
  // Not empty: the store cannot save anything any more, and why. The process should end.
  [[nodiscard]] const std::string& fatal() const { return fatal_; }
  // Saves everything. An error says that some of it could not be; the store then only reads.
  Status close();

  // Reads refused because bytes failed their checksum or their format.
  [[nodiscard]] std::uint64_t corrupt_reads() const { return corrupt_reads_; }

 private:
  struct Parts {
    LmdbEnv env;
    StoreHead head;
    Overlay overlay;
    std::unique_ptr<CommitLog> log;
    Tree tree{1};
  };
  // What the last read found: whoever writes has mostly read just before.
  struct LastRead {
    Place place;
    std::optional<Hash128> digest;  // absent: nothing is there
  };
  DiskStore(const StoreOptions& options, Parts parts);

  static Status open_log(const StoreOptions& options, Parts& parts);
  static Status replay(const StoreOptions& options, Parts& parts, const LogBatch& batch);
  void absorb_reports();
  static Status load_tree(const StoreOptions& options, Parts& parts);
  void fit_tree(std::uint32_t partitions);
  CommitId change(const Place& place, EntryPtr entry);
  [[nodiscard]] std::uint32_t partitions_kept() const { return options_.keep_digests ? tree_.partitions() : 0; }
  [[nodiscard]] std::optional<Hash128> digest_at(const Place& place);
  Result<std::optional<std::string_view>> stored(const Place& place);
  template <class Fresh, class Stored>
  Status walk(const Place& from, const Place& end, Fresh fresh_entry, Stored stored_value);
  Result<MDB_txn*> snapshot();
  void end_snapshot();
  Result<EntryPtr> decode(const Place& place, std::string_view bytes);
  Error read_error(int code);
  void hand_over();
  void checkpoint();
  [[nodiscard]] double left_to_move() const;
  [[nodiscard]] std::size_t waiting_bytes() const;
  Status save_rest();

  const StoreOptions options_;
  LmdbEnv env_;
  const std::optional<Membership> document_;
  const std::string restored_;  // from the snapshot of this name
  LmdbTxn reader_;
  bool reading_ = false;
  std::optional<LastRead> last_read_;

  Overlay overlay_;
  Tree tree_;  // of what reads see, own copies only
  std::shared_ptr<LogBatch> filling_;
  LogBatchPtr at_hand_;  // until it is written
  CommitId durable_;
  CommitId told_;  // the newest that collect() returned
  CommitId checkpointed_;
  CommitId wanted_;      // checkpoint_now() asked for it
  bool moving_ = false;  // the frozen generation is on its way into LMDB
  std::optional<Error> trouble_;
  std::string fatal_;
  bool closed_ = false;
  std::uint64_t corrupt_reads_ = 0;

  UniqueFd events_;  // of both threads
  std::unique_ptr<CommitLog> log_;
  Checkpointer checkpointer_;  // last: its thread uses env_
};

}  // namespace shoal
