// Committer: the thread that makes batches of writes durable, one after the other.
//
// The store hands over one batch at a time (`take`); while it is being synced the store fills the next one, so a slow
// disk makes larger batches and not more waiting. A batch becomes one LMDB transaction, its records in key order; a
// huge one becomes several, so that LMDB never has to spill pages in the middle of a transaction.
//
// When a commit fails, the batch stays here whole and is tried again after a pause, from the first byte. That is safe
// although a failed fsync forgets dirty pages (the kernel may mark them clean and answer the next fsync with success):
//  (1) An aborted transaction leaves no trace: its pages are reachable only through a head page, which is written
//      after the sync of everything else.
//  (2) The next attempt writes every one of its pages anew, so all of them are dirty again; it relies on nothing that
//      the failed attempt wrote.
//  (3) The pages that it does not write belong to transactions whose own sync succeeded.
// What does not satisfy (1) is a failed write of the head page itself. LMDB then refuses to go on (MDB_PANIC), and so
// do we: the error is fatal, and opening the store anew heals the head (lmdb_env.h).
//
// Invariants:
//  (a) durable() names a batch only after its last transaction and all before it were synced.
//  (b) A batch taken is never changed and never given up while the process lives, but by finish() or a fatal error.
//  (c) The event descriptor is readable whenever the report has changed since it was last asked for.
//
// The store's thread calls; the committer's own thread touches the batch, LMDB's writer and nothing else of the store.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "node/base/ids.h"
#include "node/core/store.h"
#include "node/io/lmdb_env.h"
#include "node/io/unique_fd.h"

namespace shoal {

struct WriteBatch {
  CommitId id;
  std::map<Place, EntryPtr> records;    // null: erase; own copies stand before hints
  std::optional<std::string> document;  // encoded
  std::size_t bytes = 0;                // about what it holds in memory

  [[nodiscard]] bool empty() const { return records.empty() && !document; }
};
using WriteBatchPtr = std::shared_ptr<const WriteBatch>;

struct CommitReport {
  CommitId durable;              // the newest batch on the disk; 0: none yet
  std::optional<Error> trouble;  // why the batch at hand is not: it will be tried again
  std::string fatal;             // not empty: the store has given up, and why
};

class Committer {
 public:
  struct Options {
    std::chrono::milliseconds gather{0};    // least time from one commit to the next
    std::chrono::milliseconds retry{1000};  // pause after a failed commit
  };

  // `env` outlives the committer.
  Committer(const LmdbEnv& env, Options options);
  // Ends after the transaction under way; a batch that waits is dropped.
  ~Committer();

  // Precondition: the batch taken before is reported as durable.
  void take(WriteBatchPtr batch);
  // Batches up to this one do not wait for others to gather.
  void hurry(CommitId id);
  // From now on nothing pauses, and the first attempt that fails is the last. Returns when nothing is at hand.
  void finish();

  // Drains the event descriptor.
  CommitReport report();
  [[nodiscard]] int event_fd() const { return event_.get(); }

 private:
  void run();
  void gather(std::unique_lock<std::mutex>& lock);
  bool commit_at_hand(std::unique_lock<std::mutex>& lock);
  void note_failure(int code);
  void signal();

  const LmdbEnv& env_;
  const Options options_;
  UniqueFd event_;

  std::mutex mutex_;
  std::condition_variable wake_;  // for the thread: work, hurry, finish, stop
  std::condition_variable done_;  // for finish()
  WriteBatchPtr at_hand_;
  CommitId hurried_;
  CommitReport report_;
  bool finishing_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  std::chrono::steady_clock::time_point next_commit_{};

  std::thread thread_;  // last: it starts when everything else is there
};

}  // namespace shoal
