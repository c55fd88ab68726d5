// Snapshot: a copy of a node's data folder as it was at one moment.
//
//   SNAPSHOT/identity         the node's, as it was
//   SNAPSHOT/store/data.mdb   its records, hints and membership document, as a store without a log (store_format.h);
//                             not what it remembers as a voter
//   SNAPSHOT/snapshot         what it is, as text behind a checksum; written last:
//
//   shoal snapshot
//   format 2                  1: the same, without the word on acceptors
//   name nightly
//   created 1763899467000     milliseconds since 1970, by the node's clock
//   records 120000
//   hints 17
//   acceptors 0               none are in it, however many the node has
//   check 0f1e2d3c4b5a6978    XXH3-64 of everything above
//
// The idea: when LMDB holds everything written so far, one read transaction of it is the node at that moment. It is
// copied record by record, in order, into a store of its own. That costs more than copying pages; it verifies every
// checksum on the way, leaves no empty pages, and can rest in between. While it lasts, LMDB keeps the pages of that
// moment: the store may grow by what is written meanwhile.
//
// A restored node is an old copy of itself: it must not mint a dot that its later life has minted before, and its
// peers must believe it.
// Invariants:
//  (1) A restored node draws a new incarnation at its start, as every start does: its random bits alone keep its dots
//      apart from all others. No dot, clock or context of a snapshot is changed.
//  (2) Its start counter is raised beyond what the later life can have used, as long as that life started less often
//      than once in kSecondsPerStart; peers who have seen a higher one refuse it with a sentence, and restoring the
//      snapshot again (later) raises the counter further.
//  (3) What the node acknowledged after the snapshot is not here any more. It is with the other owners, who bring it
//      back; until they have, this copy is behind, as after any long absence.
//  (4) A restored node never votes with an old memory, nor as if it had none: what it promised before may have been
//      counted on. Its store is marked, and says of every acceptor that is not there that it cannot be read.
//  (5) A folder is a data folder only when everything of it is on the disk: 'restoring' goes last.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/time.h"
#include "node/io/storage/data_folder.h"
#include "node/io/storage/lmdb_env.h"
#include "node/io/storage/store_copy.h"

namespace shoal {

struct Manifest {
  std::string name;
  WallTime created;
  std::uint64_t records = 0;
  std::uint64_t hints = 0;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

std::string encode_manifest(const Manifest& manifest);
Result<Manifest> decode_manifest(std::string_view text);

// 1 to 64 letters, digits, '.', '_' and '-', not beginning with '.': it names a folder.
Status check_snapshot_name(std::string_view name);

struct SnapshotSource {
  const LmdbEnv& env;
  const Identity& identity;
};

// Copies what `reader` sees of the source into SNAPSHOTS/NAME; the entries of the manifest are counted here. Nothing of
// that name is there when it fails or is stopped. Errors as copy_store's.
Result<Manifest> write_snapshot(const SnapshotSource& source, LmdbTxn reader, Manifest manifest,
                                const std::filesystem::path& snapshots, CopyProgress& progress);

struct FoundSnapshot {
  Manifest manifest;
  std::uint64_t bytes = 0;  // on the disk
};
// The complete ones in this folder, by name.
std::vector<FoundSnapshot> find_snapshots(const std::filesystem::path& snapshots);

// Hides it as .NAME.shoal-draft; sweep_snapshots frees the space of all that have such a name, also of what a crash
// left behind of copies. The folder may be somebody else's: nothing else in it is touched.
Status remove_snapshot(const std::filesystem::path& snapshots, const std::string& name);
void sweep_snapshots(const std::filesystem::path& snapshots);

struct Restored {
  Manifest manifest;
  Identity identity;
};
// Makes an empty or missing `dir` the data folder of the node that `snapshot` was taken of, after reading all of it;
// the copy is compared with it.
Result<Restored> restore_snapshot(const std::filesystem::path& snapshot, const std::filesystem::path& dir,
                                  WallTime now);

}  // namespace shoal
