// What a store's folder says of itself, and whether this release may use it.
//
//   DIR/data.mdb, DIR/lock.mdb   LMDB (lmdb_env.h); its table meta holds about, checkpoint and document
//   DIR/log/                     the commit log (log_segment.h)
//
// Format 5. A store of format 4 has no log: LMDB holds all of it, as in a snapshot, and the first start on it adds the
// log. Older ones have no digests and are refused.
#pragma once

#include <filesystem>
#include <optional>

#include "node/base/ids.h"
#include "node/base/result.h"
#include "node/io/storage/lmdb_env.h"
#include "node/ring/membership.h"

namespace shoal {

struct StoreHead {
  bool claimed = false;  // false: nobody's yet
  bool has_log = false;
  CommitId checkpoint;  // LMDB holds everything up to this commit
  std::optional<Membership> document;
};

// Errc::refused: another node's, or a format that this release cannot use. Errc::corrupt: damaged.
Result<StoreHead> read_store_head(const LmdbEnv& env, NodeId owner);

// Makes the store the owner's. In this release's format only when its log is there.
Status claim_store(const LmdbEnv& env, NodeId owner, bool has_log);

Error store_damaged(const std::filesystem::path& dir, const std::string& what);
// The node had records, and they are not there.
Error store_missing(const std::filesystem::path& dir);

}  // namespace shoal
