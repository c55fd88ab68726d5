// Store: what the brain needs of a disk. LMDB implements it in a node, a map with simulated failures in the simulator.
//
// A write is visible to reads at once and belongs to a commit; the driver calls Node::durable(id) when that commit and
// all before it are on disk. Reads never wait for a sync. Single-threaded: one core, one store.
//
// Invariants every implementation keeps:
//  (1) durable(c) is reported only after everything written under ids <= c survives a power cut.
//  (2) After a crash, what was reported durable is there; what was not may be there or not, record by record.
//  (3) A write is never taken back while the process lives: a failed sync keeps it in memory, refuses new writes
//      through `admit`, and is tried again from the start with all bytes (never as if the first try had left some).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "node/base/ids.h"
#include "node/base/result.h"
#include "node/ring/membership.h"
#include "vclock/record.h"

namespace shoal {

// What one replica holds for one key.
struct Entry {
  Key key;
  Record record;
  Ownership ownership;
  friend bool operator==(const Entry&, const Entry&) = default;
};
using EntryPtr = std::shared_ptr<const Entry>;

struct SlotEntry {
  Slot slot;
  EntryPtr entry;
};

class Store {
 public:
  virtual ~Store() = default;

  // nullptr: nothing is held. Errc::corrupt or Errc::io: the answer is "don't know", never "absent".
  virtual Result<EntryPtr> read(const Slot& slot) = 0;

  // Up to `limit` entries with slots in (after, end), or [begin, end) when `after` is absent, ascending.
  // Records that cannot be read are an error of the whole scan.
  virtual Result<std::vector<SlotEntry>> scan(const Slot& begin, const Slot& end, std::optional<Slot> after,
                                              std::size_t limit) = 0;

  // May new client writes be taken? Errc::no_space, Errc::io or Errc::overloaded with a sentence otherwise.
  virtual Status admit() = 0;

  virtual CommitId write(const Slot& slot, EntryPtr entry) = 0;

  // The membership document, in the same commits as records. Whoever drives the node reads it back at the next start
  // and hands it over in NodeConfig.
  virtual CommitId save_document(const Membership& document) = 0;

  // Records held, tombstones included; may lag behind by the commits in flight.
  virtual std::uint64_t records() = 0;
};

}  // namespace shoal
