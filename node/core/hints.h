// Hints: what this node keeps for owners that could not be reached (the sloppy quorum's other half).
//
// A hint is the state of one key that one owner has missed: at most one per owner and slot, replaced by merge, as
// durable as data, since it counted towards a write's w. Their bytes are bounded; a node that is full refuses to stand
// in, and the coordinator asks the next fallback.
//
// Invariants:
//  (1) A hint leaves the store only through `delivered`, and only when it is still what its owner acknowledged.
//  (2) A refusal changes nothing. A hint that is there already may grow past the bound: its merge must not be lost.
//  (3) bytes() is the sum over the hints in the store; after a restart it is counted anew.
//  (4) After a start, what this node keeps for others of keys that it owns is in its own copies as well: an owner
//      answers with its own copy alone, and a crash may have kept the hint and lost the copy.
#pragma once

#include <cstdint>
#include <map>

#include "node/core/replica.h"
#include "node/core/store.h"
#include "node/ring/preference_list.h"

namespace shoal {

class Hints {
 public:
  struct Queue {
    std::uint64_t hints = 0;
    std::uint64_t bytes = 0;
    std::uint64_t delivered = 0;  // in this life
  };

  // Reads all hints once. `store`, `replica` and `trace` outlive this. `self` owns keys as `ring` says.
  Hints(NodeId self, const PreferenceLists& ring, Store& store, Replica& replica, Trace& trace,
        std::uint64_t bytes_max);

  // A state that `owner` has missed. Errc::overloaded when the bound is reached.
  Result<CommitId> keep(NodeId owner, const Slot& slot, const Replicate& missed);
  // A client's write that this node coordinates in the owner's place.
  Result<Replica::Written> put(const Place& place, Kind kind, const PutRequest& request, const CausalContext& seen,
                               WallTime wall);

  // The owner has `sent` on its disk.
  void delivered(const Place& place, const Record& sent);

  // The next hints for an owner, in slot order, behind `after`.
  Result<std::vector<PlacedEntry>> next(NodeId owner, std::optional<Place> after, std::size_t limit);

  [[nodiscard]] const std::map<NodeId, Queue>& queues() const { return queues_; }
  [[nodiscard]] std::uint64_t waiting_for(NodeId owner) const;
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t bytes_max() const { return bytes_max_; }

 private:
  void count(NodeId self, const PreferenceLists& ring);
  void take_over(const Slot& slot, const Entry& hint);
  void add(NodeId owner, const EntryPtr& entry);
  void remove(NodeId owner, const EntryPtr& entry);
  template <class Change>
  auto changing(const Place& place, const Key& key, Mark mark, Change change);

  Store& store_;
  Replica& replica_;
  Trace& trace_;
  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  std::map<NodeId, Queue> queues_;
};

// What a hint is charged with: keys, values and causality, about what it takes on the disk.
std::uint64_t hint_bytes(const Entry& entry);

}  // namespace shoal
