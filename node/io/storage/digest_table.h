// LMDB's table of digests: for each leaf of the Merkle tree (merkle/tree.h) the sum over the own copies that LMDB
// holds.
//
//   digests   4 bytes, number of the leaf: partition * 256 + leaf  ->  hi, lo, count: 8 bytes each
//   meta      "partitions"                                         ->  u64: of how many partitions the leaves are
//
// A leaf whose sum is zero has no row. Integers are big-endian.
//
// The idea: sums change by what is written. A sealed copy has its digest in its first bytes, so the transaction that
// replaces it takes the old one off and adds the new one. A transaction goes through its copies in the order of their
// slots: leaves come one after the other, and each row is written once.
//
// Invariants:
//  (1) After every transaction each row is the sum of the digests that LMDB's copies were written with, corrected
//      as the store was told (Store::correct): bytes that change on the disk by themselves change no row.
//  (2) Rows of another number of partitions are made anew, from the copies, in the first transaction that needs them.
//
// All codes are 0 or LMDB's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "merkle/tree.h"
#include "node/io/storage/lmdb_env.h"
#include "node/io/storage/overlay.h"

namespace shoal {

inline constexpr std::string_view kPartitionsName = "partitions";

std::uint32_t leaf_number(const TreeNode& leaf);
TreeNode leaf_from(std::uint32_t number);

// Changes rows within one transaction. Destroyed before it is committed.
class DigestRows {
 public:
  static int open(MDB_txn* txn, const LmdbEnv& env, std::uint32_t partitions, std::optional<DigestRows>& out);

  // A copy was replaced; ascending slots are cheapest.
  int change(const Slot& slot, const std::optional<Hash128>& before, const std::optional<Hash128>& after);
  int add(std::uint32_t leaf, const Digest& delta);
  // Writes what is left.
  int finish();

 private:
  DigestRows(LmdbCursor cursor, std::uint32_t partitions);
  int move_to(std::uint32_t leaf);

  LmdbCursor cursor_;
  unsigned shift_;  // of a slot's first half, to the number of its leaf
  std::uint32_t leaf_ = 0;
  Digest delta_;  // of that leaf, not written yet
};

// Of how many partitions the rows are; 0: there have been none.
int rows_partitions(MDB_txn* txn, const LmdbEnv& env, std::uint32_t& partitions);

// Invariant (2).
int fit_rows(MDB_txn* txn, const LmdbEnv& env, std::uint32_t partitions);

// Adds up every copy that LMDB holds, as its first bytes say, into an empty tree.
int add_up_copies(MDB_txn* txn, const LmdbEnv& env, Tree& tree);

// The rows, in an empty tree of their number of partitions. A row that is none is left out: the scrub finds it.
int load_rows(MDB_txn* txn, const LmdbEnv& env, Tree& tree);

// What reads see, LMDB's copies and the overlay on top of them, in an empty tree.
int load_visible(MDB_txn* txn, const LmdbEnv& env, const Overlay& overlay, Tree& tree);

}  // namespace shoal
