// Checkpointer: the thread that moves a frozen generation of the overlay into LMDB.
//
// The idea: transactions of bounded size, in key order, each fully synced; the last one also says up to which commit
// LMDB now holds everything. Between them it rests, the longer the less the overlay is in need, so that the log's syncs
// find the disk free and those who wait for them notice little. It says how far it has come, so that the store knows
// what is left to do at any moment (pace.h).
//
// A crash in the middle leaves some places newer than the checkpoint that LMDB names: replaying the log from there
// writes them again, in the old order, to the same end.
//
// When a transaction fails, it is tried again after a pause. That is safe although a failed fsync forgets dirty pages
// (the kernel may mark them clean and answer the next fsync with success):
//  (1) An aborted transaction leaves no trace: its pages are reachable only through a head page, which is written
//      after the sync of everything else.
//  (2) The next attempt writes every one of its pages anew, so all of them are dirty again; it relies on nothing that
//      the failed attempt wrote.
//  (3) The pages that it does not write belong to transactions whose own sync succeeded.
// What does not satisfy (1) is a failed write of the head page itself. LMDB then refuses to go on (MDB_PANIC), and so
// do we: the error is fatal, and opening the store anew heals the head (lmdb_env.h).
//
// Invariants:
//  (a) A report names a checkpoint only after its last transaction was synced.
//  (b) A generation taken is never given up while the process lives, but by a fatal error.
//  (c) The event descriptor is readable whenever the report has changed since it was last asked for.
//
// The store's thread calls; the checkpointer's own thread touches the generation, LMDB's writer and nothing else of the
// store.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "node/io/event_fd.h"
#include "node/io/storage/lmdb_env.h"
#include "node/io/storage/overlay.h"

namespace shoal {

struct CheckpointReport {
  CommitId through;              // the newest checkpoint of this life; 0: none yet
  std::optional<Error> trouble;  // why the generation at hand is not in LMDB: it will be tried again
  std::string fatal;             // not empty: the store has given up, and why
};

class Checkpointer {
 public:
  // `env` outlives the checkpointer. `retry`: pause after a failure.
  Checkpointer(const LmdbEnv& env, std::chrono::milliseconds retry);
  // Ends after the transaction under way.
  ~Checkpointer();

  // Precondition: the generation taken before is reported.
  void take(GenerationPtr generation);
  // Frees it here, where nobody waits: a generation has some hundred thousand entries.
  void discard(GenerationPtr generation);
  // How much the overlay needs the room: 0 not at all, 1 and more: no rest.
  void set_pressure(double pressure) { pressure_ = pressure; }
  // The share of the generation taken that is in LMDB.
  [[nodiscard]] double progress() const { return progress_; }

  // Drains the event descriptor.
  CheckpointReport report();
  [[nodiscard]] int event_fd() const { return event_.get(); }

 private:
  using Duration = std::chrono::steady_clock::duration;
  void run();
  bool move(std::unique_lock<std::mutex>& lock);
  void rest(std::unique_lock<std::mutex>& lock, Duration worked);
  void note_success();
  void note_failure(int code);
  void free_discarded(std::unique_lock<std::mutex>& lock);

  const LmdbEnv& env_;
  const std::chrono::milliseconds retry_;
  EventFd event_;
  std::atomic<double> pressure_{0};
  std::atomic<double> progress_{0};

  std::mutex mutex_;
  std::condition_variable wake_;  // work, stop
  GenerationPtr at_hand_;
  std::vector<GenerationPtr> discarded_;
  CheckpointReport report_;
  bool stopping_ = false;

  std::thread thread_;  // last: it starts when everything else is there
};

}  // namespace shoal
