#include "node/io/storage/digest_table.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "node/base/bytes.h"
#include "node/wire/entry_codec.h"

namespace shoal {
namespace {

constexpr std::size_t kSumBytes = 24;
constexpr std::size_t kDeltaBytes = 4 + kSumBytes;
constexpr std::size_t kChunkBytes = 70 * kDeltaBytes;  // two of them fill a page of LMDB
constexpr unsigned kLeafBits = 8;
constexpr std::uint32_t kSegmentLeaves = 1U << kSegmentBits;

void append_u32(std::string& out, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}
std::uint32_t read_u32(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(0, 4)) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::string leaf_bytes(std::uint32_t leaf) {
  std::string bytes;
  append_u32(bytes, leaf);
  return bytes;
}

std::string deltas_key(std::uint32_t segment, std::uint64_t before) {
  std::string bytes;
  append_u32(bytes, segment);
  append_u64(bytes, before);
  return bytes;
}
bool is_deltas_key(std::string_view bytes) { return bytes.size() == 12; }

void append_sum(std::string& out, const Digest& digest) {
  for (const std::uint64_t lane : {digest.hi, digest.lo, digest.count}) append_u64(out, lane);
}
// What is no sum counts as none, for whoever reads and for whoever changes it.
Digest sum_from(std::string_view bytes) {
  if (bytes.size() != kSumBytes) return {};
  return {.hi = read_u64(bytes), .lo = read_u64(bytes.substr(8)), .count = read_u64(bytes.substr(16))};
}

// `take(leaf, delta)` for each.
void for_each_delta(std::string_view deltas, auto take) {
  for (; deltas.size() >= kDeltaBytes; deltas.remove_prefix(kDeltaBytes))
    take(read_u32(deltas), sum_from(deltas.substr(4, kSumBytes)));
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

// Every copy that LMDB holds, as its first bytes say, into an empty tree.
int add_up_copies(MDB_txn* txn, const LmdbEnv& env, Tree& tree) {
  return for_each_copy(txn, env, [&](const Slot& slot, const Hash128& digest) {
    tree.change(slot, std::nullopt, digest);
    return 0;
  });
}

int add_overlay(MDB_txn* txn, const LmdbEnv& env, const Overlay& overlay, Tree& tree) {
  LmdbCursor stored;
  if (const int code = open_cursor(txn, env.records, stored)) return code;
  for (OverlayCursor fresh(overlay, Place()); fresh.place() && fresh.place()->is_own(); fresh.next()) {
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

int DigestSums::open(MDB_txn* txn, const LmdbEnv& env, std::uint32_t partitions, std::optional<DigestSums>& out) {
  LmdbCursor rows;
  LmdbCursor deltas;
  MDB_stat stat{};
  if (const int code = open_cursor(txn, env.digests, rows)) return code;
  if (const int code = open_cursor(txn, env.deltas, deltas)) return code;
  if (const int code = mdb_stat(txn, env.digests, &stat)) return code;
  const std::size_t segments = std::max<std::size_t>(1, (std::size_t{partitions} << kLeafBits) / kSegmentLeaves);
  const std::size_t deltas_max = std::max(kDeltasMin, stat.ms_entries / segments);
  out = DigestSums(std::move(rows), std::move(deltas), deltas_max, partitions);
  return 0;
}

DigestSums::DigestSums(LmdbCursor rows, LmdbCursor deltas, std::size_t deltas_max, std::uint32_t partitions)
    : rows_(std::move(rows)),
      deltas_(std::move(deltas)),
      deltas_max_(deltas_max),
      shift_(64 - kLeafBits - static_cast<unsigned>(std::countr_zero(partitions))) {}

int DigestSums::change(const Slot& slot, const std::optional<Hash128>& before, const std::optional<Hash128>& after) {
  if (const int code = move_to(static_cast<std::uint32_t>(slot.hi >> shift_))) return code;
  if (before) delta_.remove(*before);
  if (after) delta_.add(*after);
  return 0;
}

int DigestSums::add(std::uint32_t leaf, const Digest& delta) {
  if (const int code = move_to(leaf)) return code;
  delta_ += delta;
  return 0;
}

int DigestSums::move_to(std::uint32_t leaf) {
  if (leaf == leaf_) return 0;
  end_leaf();
  if (leaf >> kSegmentBits != leaf_ >> kSegmentBits)
    if (const int code = finish()) return code;
  leaf_ = leaf;
  return 0;
}

void DigestSums::end_leaf() {
  if (delta_ == Digest{}) return;
  append_u32(pending_, leaf_);
  append_sum(pending_, std::exchange(delta_, {}));
}

int DigestSums::finish() {
  end_leaf();
  if (pending_.empty()) return 0;
  std::uint64_t before = 0;
  if (const int code = count_deltas(before)) return code;
  const std::uint32_t segment = leaf_ >> kSegmentBits;
  const std::size_t deltas_max = deltas_max_ + deltas_max_ * (segment % 8) / 8;  // not all in the same generation
  if (before + pending_.size() / kDeltaBytes > deltas_max) return add_up();
  std::string_view left = pending_;
  for (; !left.empty(); left.remove_prefix(std::min(left.size(), kChunkBytes)), before += kChunkBytes / kDeltaBytes) {
    const std::string place = deltas_key(segment, before);
    MDB_val key = lmdb_val(place);
    MDB_val value = lmdb_val(left.substr(0, kChunkBytes));
    if (const int code = mdb_cursor_put(deltas_.get(), &key, &value, 0)) return code;
  }
  pending_.clear();
  return 0;
}

// The last key of the segment tells.
int DigestSums::count_deltas(std::uint64_t& count) {
  const std::uint32_t segment = leaf_ >> kSegmentBits;
  const std::string behind = deltas_key(segment + 1, 0);
  MDB_val key = lmdb_val(behind);
  MDB_val value{};
  int code = mdb_cursor_get(deltas_.get(), &key, &value, MDB_SET_RANGE);
  if (code == 0 || code == MDB_NOTFOUND)
    code = mdb_cursor_get(deltas_.get(), &key, &value, code == 0 ? MDB_PREV : MDB_LAST);
  count = 0;
  if (code == 0 && is_deltas_key(lmdb_view(key)) && read_u32(lmdb_view(key)) == segment)
    count = read_u64(lmdb_view(key).substr(4)) + value.mv_size / kDeltaBytes;
  return code == MDB_NOTFOUND ? 0 : code;
}

// All deltas of the segment, those in hand as well, go into its rows.
int DigestSums::add_up() {
  const std::uint32_t first = leaf_ >> kSegmentBits << kSegmentBits;
  std::vector<Digest> sums(kSegmentLeaves);
  if (const int code = take_deltas(sums)) return code;
  for_each_delta(pending_, [&](std::uint32_t leaf, const Digest& delta) { sums[leaf % kSegmentLeaves] += delta; });
  pending_.clear();
  for (std::uint32_t i = 0; i < kSegmentLeaves; ++i)
    if (sums[i] != Digest{})
      if (const int code = add_to_row(first + i, sums[i])) return code;
  return 0;
}

int DigestSums::take_deltas(std::vector<Digest>& sums) {
  const std::uint32_t segment = leaf_ >> kSegmentBits;
  const std::string begin = deltas_key(segment, 0);
  while (true) {
    MDB_val key = lmdb_val(begin);
    MDB_val value{};
    const int code = mdb_cursor_get(deltas_.get(), &key, &value, MDB_SET_RANGE);
    const bool is_ours = code == 0 && is_deltas_key(lmdb_view(key)) && read_u32(lmdb_view(key)) == segment;
    if (!is_ours) return code == MDB_NOTFOUND ? 0 : code;
    for_each_delta(lmdb_view(value),
                   [&](std::uint32_t leaf, const Digest& delta) { sums[leaf % kSegmentLeaves] += delta; });
    if (const int erased = mdb_cursor_del(deltas_.get(), 0)) return erased;
  }
}

int DigestSums::add_to_row(std::uint32_t leaf, const Digest& delta) {
  const std::string bytes = leaf_bytes(leaf);
  MDB_val key = lmdb_val(bytes);
  MDB_val value{};
  const int found = mdb_cursor_get(rows_.get(), &key, &value, MDB_SET_KEY);
  if (found != 0 && found != MDB_NOTFOUND) return found;
  Digest sum = delta;
  if (found == 0) sum += sum_from(lmdb_view(value));
  if (sum == Digest{}) return found == 0 ? mdb_cursor_del(rows_.get(), 0) : 0;
  std::string row;
  append_sum(row, sum);
  key = lmdb_val(bytes);
  value = lmdb_val(row);
  return mdb_cursor_put(rows_.get(), &key, &value, found == 0 ? MDB_CURRENT : 0);
}

int sums_partitions(MDB_txn* txn, const LmdbEnv& env, std::uint32_t& partitions) {
  MDB_val key = lmdb_val(kPartitionsName);
  MDB_val value{};
  const int code = mdb_get(txn, env.meta, &key, &value);
  const bool is_number = code == 0 && value.mv_size == 8;
  partitions = is_number ? static_cast<std::uint32_t>(read_u64(lmdb_view(value))) : 0;
  return code == MDB_NOTFOUND ? 0 : code;
}

int fit_sums(MDB_txn* txn, const LmdbEnv& env, std::uint32_t partitions) {
  std::uint32_t found = 0;
  if (const int code = sums_partitions(txn, env, found)) return code;
  if (found == partitions) return 0;
  for (const MDB_dbi table : {env.digests, env.deltas})
    if (const int code = mdb_drop(txn, table, 0)) return code;
  std::optional<DigestSums> sums;
  if (const int code = DigestSums::open(txn, env, partitions, sums)) return code;
  const auto add = [&](const Slot& slot, const Hash128& digest) { return sums->change(slot, std::nullopt, digest); };
  if (const int code = for_each_copy(txn, env, add)) return code;
  if (const int code = sums->finish()) return code;
  std::string number;
  append_u64(number, partitions);
  MDB_val key = lmdb_val(kPartitionsName);
  MDB_val value = lmdb_val(number);
  return mdb_put(txn, env.meta, &key, &value, 0);
}

int load_sums(MDB_txn* txn, const LmdbEnv& env, Tree& tree) {
  const std::uint64_t leaves = std::uint64_t{tree.partitions()} << kLeafBits;
  const int code = for_each(txn, env.digests, [&](std::string_view key, std::string_view value) {
    const std::uint64_t leaf = key.size() == 4 ? read_u32(key) : leaves;
    if (leaf < leaves) tree.set_leaf(LeafId{static_cast<std::uint32_t>(leaf)}.node(), sum_from(value));
    return 0;
  });
  if (code != 0) return code;
  return for_each(txn, env.deltas, [&](std::string_view, std::string_view value) {
    for_each_delta(value, [&](std::uint32_t leaf, const Digest& delta) {
      if (leaf >= leaves) return;
      Digest sum = tree.at(LeafId{leaf}.node());
      tree.set_leaf(LeafId{leaf}.node(), sum += delta);
    });
    return 0;
  });
}

int load_visible(MDB_txn* txn, const LmdbEnv& env, const Overlay& overlay, Tree& tree) {
  std::uint32_t found = 0;
  if (const int code = sums_partitions(txn, env, found)) return code;
  if (const int code = found == tree.partitions() ? load_sums(txn, env, tree) : add_up_copies(txn, env, tree))
    return code;
  return add_overlay(txn, env, overlay, tree);
}

}  // namespace shoal
