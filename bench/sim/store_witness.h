// StoreWitness: who is told what happens on a simulated disk to records and hints, as it happens; not to what acceptors
// remember. Nodes and clients never ask it.
#pragma once

#include <cstdint>

#include "node/base/ids.h"
#include "node/core/store.h"
#include "vclock/record.h"

namespace shoal::sim {

class StoreWitness {
 public:
  virtual ~StoreWitness() = default;

  virtual void named(std::uint32_t node, NodeId id) = 0;
  virtual void born(std::uint32_t node, Incarnation life) = 0;

  virtual void wrote(std::uint32_t node, const Place& place, const Record* before, const Record& after) = 0;
  virtual void synced(std::uint32_t node, const Slot& slot, const Record& record) = 0;
  // A hint for `owner` is dropped; it goes from the disk later.
  virtual void dropped_hint(std::uint32_t node, NodeId owner, const Slot& slot, const Record& hint) = 0;
  // `left` is all that the node's disk still has of the slot, in its record and its hints; null: nothing.
  virtual void erased(std::uint32_t node, const Slot& slot, const Record* left) = 0;
  // Power was cut.
  virtual void survived_crash(std::uint32_t node, const Slot& slot, const Record* left) = 0;
  // The disk lost a record of this much, or itself.
  virtual void destroyed(std::uint32_t node, const Slot& slot, const Record& lost, const Record* left) = 0;
};

}  // namespace shoal::sim
