// Writes a generation of the overlay into LMDB, in transactions of bounded size and in the order of the places: own
// copies with the digests of their leaves, then hints and acceptors; the last one says up to which commit LMDB holds
// everything.
#pragma once

#include <cstddef>

#include "node/io/storage/lmdb_env.h"
#include "node/io/storage/overlay.h"

namespace shoal {

class GenerationWriter {
 public:
  // Both outlive the writer.
  GenerationWriter(const LmdbEnv& env, const Generation& generation);

  // One transaction. Only when it is synced the writer moves on. 0 or LMDB's code.
  int write_some();
  // LMDB has all of it.
  [[nodiscard]] bool done() const { return done_; }
  // Places in LMDB.
  [[nodiscard]] std::size_t moved() const { return moved_; }

 private:
  struct Reached {
    PlaceMap::const_iterator next;
    std::size_t moved = 0;
  };
  int write_part(MDB_txn* txn, Reached& reached) const;
  int write_head(MDB_txn* txn) const;

  const LmdbEnv& env_;
  const Generation& generation_;
  PlaceMap::const_iterator next_;
  std::size_t moved_ = 0;
  bool done_ = false;
};

// All of it, at once. 0 or LMDB's code.
int write_generation(const LmdbEnv& env, const Generation& generation);

}  // namespace shoal
