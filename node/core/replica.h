// Replica: what one node does to a copy of a record, its own or one that it keeps as a hint. The rules of vclock
// applied to a store.
//
// Invariants:
//  (1) A dot is minted once: the counter is node-wide, grows with every mint, and belongs to this incarnation alone.
//  (2) Full keys are compared at every write and merge: two keys of one slot never mix.
//  (3) What cannot be read is neither written nor merged over: "don't know" is not "absent".
#pragma once

#include <utility>
#include <vector>

#include "node/base/ids.h"
#include "node/base/time.h"
#include "node/core/message.h"
#include "node/core/store.h"
#include "node/core/trace.h"
#include "vclock/context.h"

namespace shoal {

class Replica {
 public:
  // `store` and `trace` outlive the replica.
  Replica(Incarnation incarnation, Store& store, Trace& trace);

  struct Written {
    EntryPtr entry;
    Dot dot;
    CommitId commit;
  };
  // A client's write. Refuses when the store takes no writes or the key has too many siblings: nothing is changed then.
  Result<Written> put(const Place& place, Kind kind, const PutRequest& request, const CausalContext& seen,
                      WallTime wall);

  // The same, but nothing is stored: the state is on its way to this replica as to the others (study_switches.h).
  Result<Written> propose(const Place& place, Kind kind, const PutRequest& request, const CausalContext& seen,
                          WallTime wall);

  // A peer's state. Limits do not apply: repair must always pass. The commit holds the merged state.
  Result<CommitId> merge(const Place& place, const Key& key, Kind kind, const Record& state);

  // The state takes the place of an own copy that cannot be read. All that this node ever minted for the record is
  // forgotten with it.
  CommitId restore(const Slot& slot, const Key& key, Kind kind, const Record& state);
  // Nothing does.
  CommitId erase(const Slot& slot);
  // An own copy could not be read, whoever tried; only damage counts, not a disk that fails.
  void note_damaged(const Slot& slot, const Error& error);
  // Own copies that somebody wanted to read or write, and that cannot be read.
  std::vector<Slot> take_damaged() { return std::exchange(damaged_, {}); }
  [[nodiscard]] bool has_damaged() const { return !damaged_.empty(); }

  // nullptr: nothing held.
  Result<EntryPtr> read(const Place& place, const Key& key);

  // Everything written so far is in this commit or an earlier one.
  [[nodiscard]] CommitId last_commit() const { return last_commit_; }

 private:
  struct Made {
    EntryPtr entry;
    Dot dot;
  };
  enum class Epoch : std::uint8_t { goes_on, fresh };
  Result<Made> make(const Place& place, Kind kind, const PutRequest& request, const CausalContext& seen, WallTime wall,
                    Epoch epoch);
  void count_losers(Entry& entry, std::size_t losers);
  Hlc next_hlc(WallTime wall, Hlc seen);

  Incarnation incarnation_;
  Store& store_;
  Trace& trace_;
  std::uint64_t counter_ = 0;
  Hlc hlc_;
  CommitId last_commit_;
  std::vector<Slot> damaged_;
};

}  // namespace shoal
