// What one node has spent on making replicas equal, in this life of it, by mechanism. Each byte is counted once in the
// cluster: by the node that sends a hint or a read's repair, and by the one that asks in anti-entropy.
#pragma once

#include <cstdint>

namespace shoal {

struct RepairTraffic {
  std::uint64_t handoff_bytes = 0;       // hints sent to their owners
  std::uint64_t read_repair_bytes = 0;   // states sent to owners that a read found behind
  std::uint64_t anti_entropy_bytes = 0;  // questions, answers and states of sessions that this node began, both ways
  friend bool operator==(const RepairTraffic&, const RepairTraffic&) = default;
};

}  // namespace shoal
