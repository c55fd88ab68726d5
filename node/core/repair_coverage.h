// Repair coverage: for each pair of this node and a peer, and each partition that both own, when the two were last
// proven to hold the same.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "node/base/ids.h"
#include "node/base/time.h"
#include "node/core/message.h"

namespace shoal {

class RepairCoverage {
 public:
  static constexpr std::size_t kRangesMax = 64;  // told of one peer

  // As of `at`: when the question was asked.
  void proven(NodeId peer, std::span<const PartitionId> partitions, Instant at);
  // Absent: not in this life.
  [[nodiscard]] std::optional<Instant> last(NodeId peer, PartitionId partition) const;
  // Neighbours that were proven at the same time together; when there are too many of them, those that come last are
  // told as the one that was proven longest ago.
  [[nodiscard]] std::vector<ProvenRange> ranges(NodeId peer, std::span<const PartitionId> shared, Instant now) const;

 private:
  std::map<NodeId, std::map<PartitionId, Instant>> proven_;
};

}  // namespace shoal
