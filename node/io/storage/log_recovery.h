// Log recovery: what the segments of a commit log still hold, after whatever ended the process that wrote them.
//
// Commits are numbered without gaps and written in order. A segment begins only after all commits before its first one
// were synced, and every frame says up to where the log was synced when it was written. So there is proof that a commit
// had been synced: a later segment, or a later frame that says so.
//
//   torn tail   the first frame that is not valid, when nothing proves that its commit had been synced: the process or
//               the machine ended while it was being written, and nobody was told that it is durable. It and whatever
//               was written behind it count as never written.
//   damage      the same where there is proof: what was promised is lost. The store refuses to open. So it does when a
//               segment is shorter than its header says, and when the newest has no valid header: it got its name only
//               after its header was synced, and what it held nobody else can tell. An older one without is no segment,
//               or is missed.
//
// Invariants:
//  (1) All commits behind the checkpoint are replayed in order, without a gap, up to the end of the log.
//  (2) A commit is replayed whole or not at all.
//  (3) The last commits, whose sync nothing proves, are `unproven`: they may be readable and yet not be on the disk (a
//      failed sync leaves such pages in the cache). Whoever goes on writes them again, elsewhere.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "node/io/storage/log_frame.h"

namespace shoal {

struct UnprovenCommit {
  CommitId id;
  std::string changes;
};

struct LiveSegment {
  std::uint64_t number = 0;
  CommitId first;
  std::uint64_t bytes = 0;
};

struct RecoveredLog {
  std::vector<LiveSegment> segments;          // ascending by number
  std::vector<std::filesystem::path> spares;  // .log files that are none are among them
  CommitId newest;                            // of the log or the checkpoint
  std::deque<UnprovenCommit> unproven;        // up to `newest`
  std::uint64_t next_number = 1;              // above every number in use
};

// Takes a commit; `share` is the part of the log's bytes that has been read.
using Replay = std::function<Status(LogBatch batch, double share)>;

// `checkpoint`: LMDB holds everything up to this commit. Nothing is changed on the disk. Errc::corrupt: damage;
// Errc::refused: the log of another node or of a newer format; Errc::io; or what `replay` returns.
Result<RecoveredLog> recover_log(const std::filesystem::path& dir, NodeId owner, CommitId checkpoint,
                                 const Replay& replay);

}  // namespace shoal
