#include "node/io/storage/generation_writer.h"

#include <optional>
#include <string>

#include "node/base/bytes.h"
#include "node/io/storage/digest_table.h"
#include "node/wire/entry_codec.h"

namespace shoal {
namespace {

int put(MDB_txn* txn, MDB_dbi table, std::string_view key, std::string_view value) {
  MDB_val k = lmdb_val(key);
  MDB_val v = lmdb_val(value);
  return mdb_put(txn, table, &k, &v, 0);
}

// 0 also when there was nothing to erase.
int erase(MDB_txn* txn, MDB_dbi table, std::string_view key) {
  MDB_val k = lmdb_val(key);
  const int code = mdb_del(txn, table, &k, nullptr);
  return code == MDB_NOTFOUND ? 0 : code;
}

// Puts own copies with their digests, in one transaction. Destroyed before it is committed.
class CopyWriter {
 public:
  int begin(MDB_txn* txn, const LmdbEnv& env, std::uint32_t partitions) {
    if (const int code = fit_sums(txn, env, partitions)) return code;
    MDB_cursor* raw = nullptr;
    if (const int code = mdb_cursor_open(txn, env.records, &raw)) return code;
    copies_.reset(raw);
    return DigestSums::open(txn, env, partitions, sums_);
  }

  // Null: erased.
  int write(const Slot& slot, const EntryPtr& entry, std::string_view key, std::string_view sealed) {
    MDB_val k = lmdb_val(key);
    MDB_val v{};
    const int found = mdb_cursor_get(copies_.get(), &k, &v, MDB_SET_KEY);
    if (found != 0 && found != MDB_NOTFOUND) return found;
    const std::optional<Hash128> before = found == 0 ? sealed_digest(lmdb_view(v)) : std::nullopt;
    if (const int code = entry ? put_here(found == 0, key, sealed) : erase_here(found == 0)) return code;
    return sums_->change(slot, before, entry ? std::optional(entry->digest) : std::nullopt);
  }

  int finish(const std::map<std::uint32_t, Digest>& corrections) {
    for (const auto& [leaf, delta] : corrections)
      if (const int code = sums_->add(leaf, delta)) return code;
    return sums_->finish();
  }

 private:
  int put_here(bool found, std::string_view key, std::string_view sealed) {
    MDB_val k = lmdb_val(key);
    MDB_val v = lmdb_val(sealed);
    return mdb_cursor_put(copies_.get(), &k, &v, found ? MDB_CURRENT : 0);
  }
  int erase_here(bool found) { return found ? mdb_cursor_del(copies_.get(), 0) : 0; }

  LmdbCursor copies_;
  std::optional<DigestSums> sums_;
};

}  // namespace

GenerationWriter::GenerationWriter(const LmdbEnv& env, const Generation& generation)
    : env_(env), generation_(generation), next_(generation.entries.begin()) {}

int GenerationWriter::write_some() {
  LmdbTxn txn;
  Reached reached{.next = next_, .moved = moved_};
  if (const int code = env_.begin(0, txn)) return code;
  if (const int code = write_part(txn.get(), reached)) return code;
  if (const int code = mdb_txn_commit(txn.release())) return code;
  next_ = reached.next;
  moved_ = reached.moved;
  done_ = next_ == generation_.entries.end();
  return 0;
}

// As many entries as one transaction may hold; with the last one what goes with the whole generation.
int GenerationWriter::write_part(MDB_txn* txn, Reached& reached) const {
  const bool with_digests = generation_.partitions != 0;
  CopyWriter copies;
  if (with_digests)
    if (const int code = copies.begin(txn, env_, generation_.partitions)) return code;
  const std::size_t moved_max = reached.moved + kTransactionEntriesMax;
  const auto end = generation_.entries.end();
  for (std::size_t bytes = 0; reached.next != end && reached.moved < moved_max && bytes < kTransactionBytesMax;
       ++reached.next, ++reached.moved) {
    const auto& [place, entry] = *reached.next;
    const std::string key = place_bytes(place);
    const std::string sealed = entry ? encode_entry(place, *entry) : std::string();
    const MDB_dbi table = env_.table_of(place);
    int code = 0;
    if (with_digests && place.is_own())
      code = copies.write(place.slot, entry, key, sealed);
    else
      code = entry ? put(txn, table, key, sealed) : erase(txn, table, key);
    if (code != 0) return code;
    bytes += sealed.size();
  }
  const bool last = reached.next == end;
  const std::map<std::uint32_t, Digest> none;
  if (with_digests)
    if (const int code = copies.finish(last ? generation_.corrections : none)) return code;
  return last ? write_head(txn) : 0;
}

int GenerationWriter::write_head(MDB_txn* txn) const {
  if (generation_.document)
    if (const int code = put(txn, env_.meta, kDocumentName, *generation_.document)) return code;
  std::string through;
  append_u64(through, generation_.through.value);
  return put(txn, env_.meta, kCheckpointName, through);
}

int write_generation(const LmdbEnv& env, const Generation& generation) {
  GenerationWriter writer(env, generation);
  while (!writer.done())
    if (const int code = writer.write_some()) return code;
  return 0;
}

}  // namespace shoal
