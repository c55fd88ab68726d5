// The sums of the Merkle tree's leaves (merkle/tree.h) in LMDB, over the own copies that LMDB holds.
//
//   digests   4 bytes, number of the leaf (LeafId)                 ->  hi, lo, count: 8 bytes each
//   deltas    4 bytes of segment, 8 of how many deltas the segment
//             had before                                           ->  deltas: leaf (4 bytes), hi, lo, count; ...
//   meta      "partitions"                                         ->  u64: of how many partitions the leaves are
//
// A leaf's sum is its row in digests, if it has one, and all its deltas. Integers are big-endian.
//
// The idea: sums change by what is written. A sealed copy has its digest in its first bytes, so the transaction that
// replaces it takes the old one off and adds the new one. A transaction goes through its copies in the order of their
// slots, so its leaves come in order too.
//
// There are more leaves than pages of copies: a row rewritten for each copy would make transactions half as large
// again. So a transaction appends what changes, segment by segment (16384 leaves), and adds a segment's deltas up into
// its rows only when they are as many as those: each page of rows is then written once for many copies.
//
// Invariants:
//  (1) After every transaction each sum is that of the digests that LMDB's copies were written with, corrected as the
//      store was told (Store::correct): bytes that change on the disk by themselves change no sum.
//  (2) Sums of another number of partitions are made anew, from the copies, in the first transaction that needs them.
//  (3) A segment has at most twice as many deltas as kDeltasMin, or as the mean segment has rows.
//
// All codes are 0 or LMDB's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merkle/exchange.h"
#include "node/io/storage/lmdb_env.h"
#include "node/io/storage/overlay.h"

namespace shoal {

inline constexpr std::string_view kPartitionsName = "partitions";
inline constexpr unsigned kSegmentBits = 14;  // of a leaf's number: so many leaves share their deltas
inline constexpr std::size_t kDeltasMin = 512;

// Changes sums within one transaction. Destroyed before it is committed.
class DigestSums {
 public:
  static int open(MDB_txn* txn, const LmdbEnv& env, std::uint32_t partitions, std::optional<DigestSums>& out);

  // A copy was replaced; ascending slots are cheapest.
  int change(const Slot& slot, const std::optional<Hash128>& before, const std::optional<Hash128>& after);
  int add(std::uint32_t leaf, const Digest& delta);
  // Writes what is left.
  int finish();

 private:
  DigestSums(LmdbCursor rows, LmdbCursor deltas, std::size_t deltas_max, std::uint32_t partitions);
  int move_to(std::uint32_t leaf);
  void end_leaf();
  int count_deltas(std::uint64_t& count);
  int add_up();
  int take_deltas(std::vector<Digest>& sums);
  int add_to_row(std::uint32_t leaf, const Digest& delta);

  LmdbCursor rows_;
  LmdbCursor deltas_;
  std::size_t deltas_max_;  // of a segment
  unsigned shift_;          // of a slot's first half, to the number of its leaf
  std::uint32_t leaf_ = 0;
  Digest delta_;         // of that leaf
  std::string pending_;  // of the leaves before it in its segment
};

// Of how many partitions the sums are; 0: there have been none.
int sums_partitions(MDB_txn* txn, const LmdbEnv& env, std::uint32_t& partitions);

// Invariant (2).
int fit_sums(MDB_txn* txn, const LmdbEnv& env, std::uint32_t partitions);

// The sums, in an empty tree of their number of partitions. What is no row or delta is left out: the scrub finds it.
int load_sums(MDB_txn* txn, const LmdbEnv& env, Tree& tree);

// What reads see, LMDB's copies and the overlay on top of them, in an empty tree.
int load_visible(MDB_txn* txn, const LmdbEnv& env, const Overlay& overlay, Tree& tree);

}  // namespace shoal
