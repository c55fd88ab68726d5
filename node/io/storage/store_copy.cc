#include "node/io/storage/store_copy.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "node/base/bytes.h"
#include "node/io/storage/digest_table.h"
#include "node/io/storage/disk_trouble.h"
#include "node/io/storage/store_format.h"
#include "node/wire/entry_codec.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRestMax{100};

class Copy {
 public:
  Copy(const LmdbEnv& source, LmdbTxn reader, LmdbEnv target, CopyProgress& progress)
      : source_(source), reader_(std::move(reader)), target_(std::move(target)), progress_(progress) {}

  Result<CopyCount> run(NodeId owner) {
    const Result<std::uint64_t> records = copy_table(source_.records, target_.records);
    if (!records) return records.error();
    const Result<std::uint64_t> hints = copy_table(source_.hints, target_.hints);
    if (!hints) return hints.error();
    if (const Status copied = copy_document(); !copied) return copied.error();
    if (const Status claimed = claim_store(target_, owner, /*has_log=*/false); !claimed) return claimed.error();
    return CopyCount{.records = *records, .hints = *hints};
  }

 private:
  struct Reading {
    LmdbCursor cursor;
    MDB_val key{};
    MDB_val value{};
    int code = 0;
    std::uint64_t entries = 0;

    void move(MDB_cursor_op op) { code = mdb_cursor_get(cursor.get(), &key, &value, op); }
  };

  Result<std::uint64_t> copy_table(MDB_dbi from, MDB_dbi into) {
    Reading in;
    MDB_cursor* raw = nullptr;
    in.code = mdb_cursor_open(reader_.get(), from, &raw);
    in.cursor.reset(in.code == 0 ? raw : nullptr);
    if (in.code == 0) in.move(MDB_FIRST);
    while (in.code == 0) {
      if (progress_.stop) return fail(Errc::closed, "the node is shutting down");
      const Clock::time_point begun = Clock::now();
      LmdbTxn txn;
      if (const int begin = target_.begin(0, txn)) return write_error(begin);
      if (const Status copied = copy_some(txn.get(), into, in); !copied) return copied.error();
      if (const int committed = mdb_txn_commit(txn.release())) return write_error(committed);
      rest(Clock::now() - begun);
    }
    if (in.code != MDB_NOTFOUND)
      return fail(Errc::corrupt, "cannot read the store: " + std::string(mdb_strerror(in.code)));
    return in.entries;
  }

  Status copy_some(MDB_txn* txn, MDB_dbi into, Reading& in) {
    std::optional<DigestSums> sums;
    if (into == target_.records)
      if (const int code = open_sums(txn, sums)) return write_error(code);
    std::size_t bytes = 0;
    for (std::size_t n = 0; in.code == 0 && n < kTransactionEntriesMax && bytes < kTransactionBytesMax; ++n) {
      if (Status put = put_entry(txn, into, in, sums); !put) return put;
      bytes += in.value.mv_size;
      in.move(MDB_NEXT);
    }
    const int code = sums ? sums->finish() : 0;
    return code == 0 ? Status(Unit{}) : write_error(code);
  }

  // None when the source has none.
  int open_sums(MDB_txn* txn, std::optional<DigestSums>& sums) {
    std::uint32_t partitions = 0;
    if (const int code = sums_partitions(reader_.get(), source_, partitions)) return code;
    if (!std::has_single_bit(partitions)) return 0;
    if (const int code = fit_sums(txn, target_, partitions)) return code;
    return DigestSums::open(txn, target_, partitions, sums);
  }

  Status put_entry(MDB_txn* txn, MDB_dbi into, Reading& in, std::optional<DigestSums>& sums) {
    const std::optional<Place> place = place_from(lmdb_view(in.key));
    const Result<Entry> entry = decode_entry(place.value_or(Place()), lmdb_view(in.value));
    if (!place || !entry)
      return fail(Errc::corrupt, "the record at " + to_hex(lmdb_view(in.key)) + ": " +
                                     (entry ? "that is no place" : entry.error().message) +
                                     "; a snapshot of it would be no use");
    ++progress_.entries;
    ++in.entries;
    int code = mdb_put(txn, into, &in.key, &in.value, MDB_APPEND);
    if (code == 0 && sums) code = sums->change(place->slot, std::nullopt, entry->digest);
    return code == 0 ? Status(Unit{}) : write_error(code);
  }

  Status copy_document() {
    MDB_val key = lmdb_val(kDocumentName);
    MDB_val value{};
    int code = mdb_get(reader_.get(), source_.meta, &key, &value);
    if (code == MDB_NOTFOUND) return Unit{};
    if (code == 0) code = target_.put_meta(kDocumentName, lmdb_view(value));
    return code == 0 ? Status(Unit{}) : write_error(code);
  }

  static void rest(Clock::duration worked) { std::this_thread::sleep_for(std::min<Clock::duration>(worked, kRestMax)); }

  [[nodiscard]] Error write_error(int code) const {
    return fail(lmdb_errc(full_or_broken(code, target_.dir)),
                "cannot write to " + target_.dir.string() + ": " + mdb_strerror(code));
  }

  const LmdbEnv& source_;
  const LmdbTxn reader_;
  const LmdbEnv target_;
  CopyProgress& progress_;
};

}  // namespace

Result<CopyCount> copy_store(const LmdbEnv& source, LmdbTxn reader, NodeId owner, const std::filesystem::path& to,
                             CopyProgress& progress) {
  MDB_envinfo info{};
  mdb_env_info(source.env.get(), &info);
  Result<LmdbEnv> target = LmdbEnv::open(to, info.me_mapsize);
  if (!target) return target.error();
  return Copy(source, std::move(reader), *std::move(target), progress).run(owner);
}

}  // namespace shoal
