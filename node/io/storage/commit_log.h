// CommitLog: makes commits durable in the order of their numbers, by appending them to a file.
//
// The idea: LMDB's own sync flushes random pages; appending to a file that has its blocks already and syncing it is
// several times cheaper. The log keeps a commit until LMDB holds it (`release`), then its segment is used again.
//
//   store -> take(batch) -> [thread] draft, seal, write -> sync -> report -> store
//
// The store hands over one batch at a time; while it is written and synced, the store fills the next one, so a slow
// disk makes larger commits and not more waiting. With `sync_every` a batch is written at once and synced when the
// interval is over, or when somebody is in a hurry: a killed process loses nothing, a power cut at most the interval.
//
// When a write or a sync fails, nothing of the segment behind the last synced commit is believed: a failed sync may
// leave pages in the cache that look clean and are not on the disk, and the next sync says all is well (fsyncgate). All
// commits since then are written anew from memory, into another segment. A start does the same with what it has read
// and nothing proves to be synced.
//
// Invariants:
//  (1) durable names a commit only after it and all before it were synced.
//  (2) A segment gets its name only when it holds, synced, everything that was taken and is not synced elsewhere. From
//      then on an older segment counts up to the new one's first commit only: log_recovery relies on both. (Were it
//      named first and filled afterwards, a start that is killed in between would have hidden the last commit of the
//      life before, which had been reported as durable.)
//  (3) A block that was synced is never written again.
//  (4) A batch taken is never given up while the process lives, but by finish().
//  (5) The event descriptor is readable whenever the report has changed since it was last asked for.
//
// The store's thread calls; the log's own thread owns the segment being written.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "node/io/event_fd.h"
#include "node/io/storage/log_frame.h"
#include "node/io/storage/log_recovery.h"
#include "node/io/storage/log_segment.h"
#include "node/io/storage/spare_segments.h"

namespace shoal {

using LogBatchPtr = std::shared_ptr<const LogBatch>;

struct LogReport {
  CommitId written;              // taken and handed to the system: the next batch may come
  CommitId durable;              // on the disk, with all before it
  std::optional<Error> trouble;  // why what is at hand is not: it will be tried again
};

class CommitLog {
 public:
  struct Options {
    std::filesystem::path dir;
    NodeId owner;
    std::size_t segment_bytes = std::size_t{16} << 20;
    std::size_t spares_max = 16;
    std::size_t spares_ahead = 2;  // made ready before they are needed
    std::chrono::milliseconds sync_every{0};
    std::chrono::milliseconds retry{1000};  // pause after a failure
    std::function<int()> before_sync;       // for a laboratory: may wait, or fail with an errno
  };

  // Goes on where the log ended: what nothing proves to be synced is on the disk when this returns.
  static Result<std::unique_ptr<CommitLog>> open(const Options& options, RecoveredLog found);
  // Ends after the sync under way; what waits is dropped, as by a crash.
  ~CommitLog();

  // Precondition: the batch before is reported as written, and this one's id follows it.
  void take(LogBatchPtr batch);
  // Commits up to this one are synced as soon as they are written.
  void hurry(CommitId id);
  // Syncs everything at once. From now on the first failure is the last. Returns when nothing is at hand. An empty
  // batch as the last one marks a clean end.
  void finish();
  // Where every batch is synced: it is reported so much later, and the next one waits as long.
  void set_delay(std::chrono::microseconds delay) { delay_ = delay; }
  // LMDB holds everything up to this commit.
  void release(CommitId through);

  // Drains the event descriptor.
  LogReport report();
  [[nodiscard]] int event_fd() const { return event_.get(); }
  // Of the segments that are still needed.
  [[nodiscard]] std::uint64_t bytes();

 private:
  struct Unsynced {
    CommitId id;
    std::string frame;
  };
  using Clock = std::chrono::steady_clock;

  CommitLog(const Options& options, RecoveredLog found);

  Status start();
  void run();
  [[nodiscard]] bool sync_due() const;
  [[nodiscard]] Clock::time_point wake_at() const;
  bool save(std::unique_lock<std::mutex>& lock);
  void draft(const LogBatch& batch);
  void add_unsynced(CommitId id, std::string_view changes);
  int write_out(bool sync);
  int begin_segment();
  void put_in_place(const LiveSegment& segment);
  int sync_segment();
  void note_synced();
  void wait_delay(std::unique_lock<std::mutex>& lock);
  void note_saved();
  void note_failure(int code);

  const Options options_;
  std::atomic<std::chrono::microseconds> delay_{};
  EventFd event_;

  // The thread's own.
  std::optional<LogSegment> segment_;
  std::deque<Unsynced> unsynced_;
  std::size_t written_ = 0;  // of unsynced_, in segment_
  std::size_t unsynced_bytes_ = 0;
  Clock::time_point next_sync_{};
  CommitId synced_;

  std::mutex mutex_;
  std::condition_variable wake_;  // for the thread: work, hurry, finish, stop
  std::condition_variable done_;  // for finish()
  LogBatchPtr at_hand_;
  CommitId taken_;
  CommitId hurried_;
  LogReport report_;
  std::deque<LiveSegment> segments_;
  bool finishing_ = false;
  bool stopping_ = false;
  bool ended_ = false;

  SpareSegments spares_;
  std::thread thread_;  // last: it starts when everything else is there
};

}  // namespace shoal
