// What a store's folder says of itself, and whether this release may use it.
//
//   DIR/data.mdb, DIR/lock.mdb   LMDB (lmdb_env.h); its table meta holds about, checkpoint and document
//   DIR/log/                     the commit log (log_segment.h)
//
// Format 6. Format 5 is the same without acceptors, and the first start on it raises the number: a release that would
// lose what a voter has promised refuses the store. A store of format 4 has no log either: LMDB holds all of it, as in
// a snapshot, and the first start on it adds the log. Older ones have no digests and are refused.
//
// A store that was restored from a snapshot says so for ever. What it held of acceptors is lost, so what is not there
// may have been: it reads as damaged, never as absent, and whoever cannot read what it has promised does not vote.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "node/base/ids.h"
#include "node/base/result.h"
#include "node/io/storage/lmdb_env.h"
#include "node/ring/membership.h"

namespace shoal {

struct StoreHead {
  bool claimed = false;  // false: nobody's yet
  bool has_log = false;
  bool is_current = false;  // of this release's format
  std::string restored;     // from the snapshot of this name; empty: it never was
  CommitId checkpoint;      // LMDB holds everything up to this commit
  std::optional<Membership> document;
};

// Errc::refused: another node's, or a format that this release cannot use. Errc::corrupt: damaged.
Result<StoreHead> read_store_head(const LmdbEnv& env, NodeId owner);

// Makes the store the owner's. In this release's format only when its log is there.
Status claim_store(const LmdbEnv& env, NodeId owner, bool has_log);

// The store was restored from the snapshot of this name.
Status mark_restored(const LmdbEnv& env, const std::string& snapshot);

Error store_damaged(const std::filesystem::path& dir, const std::string& what);
// The node had records, and they are not there.
Error store_missing(const std::filesystem::path& dir);

}  // namespace shoal
