#include "node/io/storage/digest_table.h"

#include <bit>
#include <utility>

#include "node/base/bytes.h"
#include "node/wire/entry_codec.h"

namespace shoal {
namespace {

constexpr std::size_t kRowBytes = 24;
constexpr unsigned kLeafBits = 8;

std::string leaf_bytes(std::uint32_t leaf) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(leaf >> shift);
  return bytes;
}

std::optional<std::uint32_t> leaf_at(std::string_view bytes) {
  if (bytes.size() != 4) return std::nullopt;
  std::uint32_t leaf = 0;
  for (const char byte : bytes) leaf = leaf << 8 | static_cast<unsigned char>(byte);
  return leaf;
}

std::string row_bytes(const Digest& digest) {
  std::string bytes;
  bytes.reserve(kRowBytes);
  for (const std::uint64_t lane : {digest.hi, digest.lo, digest.count}) append_u64(bytes, lane);
  return bytes;
}

// A row that is none counts as no row, for whoever reads and for whoever changes it.
Digest row_from(std::string_view bytes) {
  if (bytes.size() != kRowBytes) return {};
  return {.hi = read_u64(bytes), .lo = read_u64(bytes.substr(8)), .count = read_u64(bytes.substr(16))};
}

int open_cursor(MDB_txn* txn, MDB_dbi table, LmdbCursor& out) {
  MDB_cursor* raw = nullptr;
  const int code = mdb_cursor_open(txn, table, &raw);
  out.reset(code == 0 ? raw : nullptr);
  return code;
}

// `take(key, value)` for each row of the table, until it returns another code than 0.
int for_each(MDB_txn* txn, MDB_dbi table, auto take) {
  LmdbCursor cursor;
  MDB_val key{};
  MDB_val value{};
  int code = open_cursor(txn, table, cursor);
  while (code == 0 && (code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT)) == 0)
    code = take(lmdb_view(key), lmdb_view(value));
  return code == MDB_NOTFOUND ? 0 : code;
}

// `take(slot, digest)` for each own copy that says its digest.
int for_each_copy(MDB_txn* txn, const LmdbEnv& env, auto take) {
  return for_each(txn, env.records, [&](std::string_view key, std::string_view value) {
    const std::optional<Place> place = place_from(key);
    const std::optional<Hash128> digest = sealed_digest(value);
    return place && digest ? take(place->slot, *digest) : 0;
  });
}

int add_overlay(MDB_txn* txn, const LmdbEnv& env, const Overlay& overlay, Tree& tree) {
  LmdbCursor stored;
  if (const int code = open_cursor(txn, env.records, stored)) return code;
  for (OverlayCursor fresh(overlay, Place()); fresh.place() && !fresh.place()->is_hint(); fresh.next()) {
    const std::string bytes = place_bytes(*fresh.place());
    MDB_val key = lmdb_val(bytes);
    MDB_val value{};
    const int code = mdb_cursor_get(stored.get(), &key, &value, MDB_SET_KEY);
    if (code != 0 && code != MDB_NOTFOUND) return code;
    const std::optional<Hash128> before = code == 0 ? sealed_digest(lmdb_view(value)) : std::nullopt;
    const EntryPtr& entry = fresh.entry();
    tree.change(fresh.place()->slot, before, entry ? std::optional(entry->digest) : std::nullopt);
  }
  return 0;
}

}  // namespace

std::uint32_t leaf_number(const TreeNode& leaf) { return leaf.partition.value << kLeafBits | leaf.index; }

TreeNode leaf_from(std::uint32_t number) {
  return {.level = TreeNode::Level::leaf,
          .partition = {number >> kLeafBits},
          .index = static_cast<std::uint8_t>(number & 0xff)};
}

int DigestRows::open(MDB_txn* txn, const LmdbEnv& env, std::uint32_t partitions, std::optional<DigestRows>& out) {
  LmdbCursor cursor;
  if (const int code = open_cursor(txn, env.digests, cursor)) return code;
  out = DigestRows(std::move(cursor), partitions);
  return 0;
}

DigestRows::DigestRows(LmdbCursor cursor, std::uint32_t partitions)
    : cursor_(std::move(cursor)), shift_(64 - kLeafBits - static_cast<unsigned>(std::countr_zero(partitions))) {}

int DigestRows::change(const Slot& slot, const std::optional<Hash128>& before, const std::optional<Hash128>& after) {
  if (const int code = move_to(static_cast<std::uint32_t>(slot.hi >> shift_))) return code;
  if (before) delta_.remove(*before);
  if (after) delta_.add(*after);
  return 0;
}

int DigestRows::add(std::uint32_t leaf, const Digest& delta) {
  if (const int code = move_to(leaf)) return code;
  delta_ += delta;
  return 0;
}

int DigestRows::move_to(std::uint32_t leaf) {
  if (leaf == leaf_) return 0;
  if (const int code = finish()) return code;
  leaf_ = leaf;
  return 0;
}

int DigestRows::finish() {
  if (delta_ == Digest{}) return 0;
  const std::string leaf = leaf_bytes(leaf_);
  MDB_val key = lmdb_val(leaf);
  MDB_val value{};
  const int found = mdb_cursor_get(cursor_.get(), &key, &value, MDB_SET_KEY);
  if (found != 0 && found != MDB_NOTFOUND) return found;
  Digest sum = std::exchange(delta_, {});
  if (found == 0) sum += row_from(lmdb_view(value));
  if (sum == Digest{}) return found == 0 ? mdb_cursor_del(cursor_.get(), 0) : 0;
  const std::string row = row_bytes(sum);
  key = lmdb_val(leaf);
  value = lmdb_val(row);
  return mdb_cursor_put(cursor_.get(), &key, &value, found == 0 ? MDB_CURRENT : 0);
}

int rows_partitions(MDB_txn* txn, const LmdbEnv& env, std::uint32_t& partitions) {
  MDB_val key = lmdb_val(kPartitionsName);
  MDB_val value{};
  const int code = mdb_get(txn, env.meta, &key, &value);
  const bool is_number = code == 0 && value.mv_size == 8;
  partitions = is_number ? static_cast<std::uint32_t>(read_u64(lmdb_view(value))) : 0;
  return code == MDB_NOTFOUND ? 0 : code;
}

int fit_rows(MDB_txn* txn, const LmdbEnv& env, std::uint32_t partitions) {
  std::uint32_t found = 0;
  if (const int code = rows_partitions(txn, env, found)) return code;
  if (found == partitions) return 0;
  if (const int code = mdb_drop(txn, env.digests, 0)) return code;
  std::optional<DigestRows> rows;
  if (const int code = DigestRows::open(txn, env, partitions, rows)) return code;
  const auto add = [&](const Slot& slot, const Hash128& digest) { return rows->change(slot, std::nullopt, digest); };
  if (const int code = for_each_copy(txn, env, add)) return code;
  if (const int code = rows->finish()) return code;
  std::string number;
  append_u64(number, partitions);
  MDB_val key = lmdb_val(kPartitionsName);
  MDB_val value = lmdb_val(number);
  return mdb_put(txn, env.meta, &key, &value, 0);
}

int add_up_copies(MDB_txn* txn, const LmdbEnv& env, Tree& tree) {
  return for_each_copy(txn, env, [&](const Slot& slot, const Hash128& digest) {
    tree.change(slot, std::nullopt, digest);
    return 0;
  });
}

int load_rows(MDB_txn* txn, const LmdbEnv& env, Tree& tree) {
  const std::uint64_t leaves = std::uint64_t{tree.partitions()} << kLeafBits;
  return for_each(txn, env.digests, [&](std::string_view key, std::string_view value) {
    const std::optional<std::uint32_t> leaf = leaf_at(key);
    if (leaf && *leaf < leaves) tree.set_leaf(leaf_from(*leaf), row_from(value));
    return 0;
  });
}

int load_visible(MDB_txn* txn, const LmdbEnv& env, const Overlay& overlay, Tree& tree) {
  std::uint32_t rows = 0;
  if (const int code = rows_partitions(txn, env, rows)) return code;
  if (const int code = rows == tree.partitions() ? load_rows(txn, env, tree) : add_up_copies(txn, env, tree))
    return code;
  return add_overlay(txn, env, overlay, tree);
}

}  // namespace shoal
