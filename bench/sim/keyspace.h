// The keys that a run works on: a few, crowded into a few partitions so that listings have pages to turn.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "node/base/rng.h"
#include "node/core/message.h"
#include "node/ring/preference_list.h"

namespace shoal::sim {

struct SimKey {
  Key key;
  Slot slot;
  PartitionId partition;
  std::vector<std::uint32_t> owners;  // node indexes, best first
  Kind kind = Kind::siblings;         // of its bucket
};

// `nodes[i]` is the id of node i. The keys go to the buckets in turn.
std::vector<SimKey> draw_keys(std::uint32_t count, std::span<const Bucket> buckets, const PreferenceLists& ring,
                              const std::vector<NodeId>& nodes, Rng rng);

}  // namespace shoal::sim
