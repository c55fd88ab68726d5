#include "node/core/repair_coverage.h"

#include <algorithm>

namespace shoal {

void RepairCoverage::proven(NodeId peer, std::span<const PartitionId> partitions, Instant at) {
  std::map<PartitionId, Instant>& of_peer = proven_[peer];
  for (const PartitionId partition : partitions) {
    Instant& last = of_peer.try_emplace(partition, at).first->second;
    last = std::max(last, at);
  }
}

std::optional<Instant> RepairCoverage::last(NodeId peer, PartitionId partition) const {
  const auto of_peer = proven_.find(peer);
  if (of_peer == proven_.end()) return std::nullopt;
  const auto found = of_peer->second.find(partition);
  return found != of_peer->second.end() ? std::optional(found->second) : std::nullopt;
}

std::vector<ProvenRange> RepairCoverage::ranges(NodeId peer, std::span<const PartitionId> shared, Instant now) const {
  std::vector<ProvenRange> ranges;
  for (const PartitionId partition : shared) {
    const std::optional<Instant> at = last(peer, partition);
    const std::int64_t since = at ? std::chrono::floor<Millis>(now - *at).count() : -1;
    if (!ranges.empty() && (ranges.back().since_ms == since || ranges.size() == kRangesMax)) {
      ProvenRange& range = ranges.back();
      range.last = partition;
      range.shared += 1;
      range.since_ms = since < 0 || range.since_ms < 0 ? -1 : std::max(range.since_ms, since);
    } else {
      ranges.push_back({partition, partition, 1, since});
    }
  }
  return ranges;
}

}  // namespace shoal
