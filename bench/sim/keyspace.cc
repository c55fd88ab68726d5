#include "bench/sim/keyspace.h"

#include <algorithm>

namespace shoal::sim {
namespace {

SimKey make_key(const Bucket& bucket, const std::string& name, const PreferenceLists& ring) {
  SimKey key{.key = {bucket.name, name}, .slot = {}, .partition = {}, .owners = {}, .kind = bucket.kind};
  key.slot = slot_of(ring.document().cluster_key, key.key);
  key.partition = ring.partition_of(key.slot);
  return key;
}

}  // namespace

std::vector<SimKey> draw_keys(std::uint32_t count, std::span<const Bucket> buckets, const PreferenceLists& ring,
                              const std::vector<NodeId>& nodes, Rng rng) {
  const std::uint64_t partitions_max = rng.between(1, 4);
  std::vector<PartitionId> partitions;
  std::vector<SimKey> keys;
  for (std::uint32_t i = 0; keys.size() < count; ++i) {
    SimKey key =
        make_key(buckets[keys.size() % buckets.size()], (i % 2 == 0 ? "even-" : "odd-") + std::to_string(i), ring);
    const bool crowded = std::ranges::find(partitions, key.partition) != partitions.end();
    if (!crowded && partitions.size() == partitions_max) continue;
    if (!crowded) partitions.push_back(key.partition);
    for (const NodeId owner : ring.owners(key.partition))
      key.owners.push_back(static_cast<std::uint32_t>(std::ranges::find(nodes, owner) - nodes.begin()));
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace shoal::sim
