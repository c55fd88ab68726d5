// Copies what one read transaction of a store sees into a store of its own: records, hints and the document. What the
// node remembers as a voter stays behind, since a copy of it is old as soon as the node goes on (store_format.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>

#include "node/base/result.h"
#include "node/io/storage/lmdb_env.h"

namespace shoal {

// What the one who copies and the one who watches share.
struct CopyProgress {
  std::atomic<std::uint64_t> entries{0};
  std::atomic<bool> stop{false};
};

struct CopyCount {
  std::uint64_t records = 0;
  std::uint64_t hints = 0;
};

// Into the empty or missing folder `to`: a store without a log (store_format.h), durable when this returns. The sums of
// digests are those of the copies, also where the source's have gone wrong: a snapshot agrees with itself. Rests as
// long as it works, so that the node's own syncs find the disk free. Errc::corrupt: an entry is damaged;
// Errc::closed: it was told to stop; Errc::no_space, Errc::io: `to` cannot be written.
Result<CopyCount> copy_store(const LmdbEnv& source, LmdbTxn reader, NodeId owner, const std::filesystem::path& to,
                             CopyProgress& progress);

}  // namespace shoal
