// LmdbEnv: one LMDB environment with our six tables, and owners for what the C API hands out.
//
//   records   16 bytes of slot, big-endian hi then lo  ->  encode_entry (node/wire/entry_codec.h)
//   hints     8 bytes of the owner's id, then the slot ->  encode_entry: the state that the owner has missed
//   acceptors 8 bytes of ones, then the slot           ->  encode_entry: what this node remembers as a voter
//   meta      "document"                               ->  encode_document: the newest membership document
//   meta      "about"                                  ->  u64 format, u64 node id, big-endian
//   meta      "checkpoint"                             ->  u64: everything up to this commit of the log is in here
//   meta      "restored"                               ->  the name of the snapshot, if it was restored from one
//   digests, deltas                                        the sums of records' digests (digest_table.h)
//
// LMDB never overwrites a page that the newest synced transaction can reach. A commit writes the new pages, syncs
// them, then writes one of two head pages through a synchronous descriptor. So the file is consistent at every moment,
// provided that no flag weakens this order: NOSYNC, NOMETASYNC, MAPASYNC and WRITEMAP stay off.
//
// The map is one large sparse reservation made at open. Growing it later would need every reader to stop.
//
// Opening heals what a crash or a failing disk can leave behind, or avoids it:
//  (1) The head pages are written again as they read, and the file is synced, so that what this process will believe is
//      what the disk holds. Without it: a head page whose synchronous write failed may be on the disk though the cache
//      shows the older one; the next commit would overwrite pages that the disk's head needs, and a power cut in the
//      middle would leave neither.
//  (2) A file shorter than its head says is refused (a copy that broke off), since reading beyond its end would kill
//      the process. The last few pages may honestly be missing, when they were taken and given back in one
//      transaction: the file is then extended.
//  (3) A first file is made whole and synced under another name: LMDB writes both head pages at once and syncs neither,
//      and a file whose heads are torn is damaged for good.
#pragma once

#include <lmdb.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "node/base/ids.h"
#include "node/base/result.h"
#include "node/core/store.h"

namespace shoal {

inline constexpr std::string_view kDocumentName = "document";
inline constexpr std::string_view kAboutName = "about";
inline constexpr std::string_view kCheckpointName = "checkpoint";
inline constexpr std::string_view kRestoredName = "restored";

// A transaction flushes its pages in one go, and the log's next sync waits behind them: small enough not to be felt,
// large enough that its own sync is shared by many entries. LMDB would keep up to 131,071 dirty pages.
inline constexpr std::size_t kTransactionEntriesMax = 4096;
inline constexpr std::size_t kTransactionBytesMax = std::size_t{4} << 20;

struct LmdbFree {
  void operator()(MDB_env* env) const { mdb_env_close(env); }
  void operator()(MDB_txn* txn) const { mdb_txn_abort(txn); }
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};
using LmdbTxn = std::unique_ptr<MDB_txn, LmdbFree>;  // aborts unless released to mdb_txn_commit
using LmdbCursor = std::unique_ptr<MDB_cursor, LmdbFree>;

struct LmdbEnv {
  std::filesystem::path dir;
  std::unique_ptr<MDB_env, LmdbFree> env;
  MDB_dbi records = 0;
  MDB_dbi hints = 0;
  MDB_dbi meta = 0;
  MDB_dbi digests = 0;    // 0: opened to read, and there is none
  MDB_dbi deltas = 0;     // the same
  MDB_dbi acceptors = 0;  // the same

  // Creates the folder, the file and its tables when they are missing. At most one process may do so: the caller holds
  // the lock of the data folder. `map_bytes` of 0: as the file says.
  static Result<LmdbEnv> open(const std::filesystem::path& dir, std::size_t map_bytes);

  // To look at, with everything left as it is. Errc::corrupt when the file is damaged, cut short or none of ours. No
  // process may be writing to it.
  static Result<LmdbEnv> open_to_read(const std::filesystem::path& dir);

  [[nodiscard]] MDB_dbi table_of(const Place& place) const {
    if (place.is_own()) return records;
    return place.is_hint() ? hints : acceptors;
  }

  // 0 or LMDB's code.
  int begin(unsigned flags, LmdbTxn& out) const;
  // A value of table meta, in a transaction of its own. 0 or LMDB's code.
  [[nodiscard]] int put_meta(std::string_view name, std::string_view value) const;
};

// What an LMDB or system code means for the store.
Errc lmdb_errc(int code);

// True when doing the same again can succeed: the disk's trouble, not the file's.
bool lmdb_can_retry(int code);

inline MDB_val lmdb_val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
inline std::string_view lmdb_view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

}  // namespace shoal
