// Counts of what a node dropped or refused at its border; they decide how often the log speaks of it.
#pragma once

#include <atomic>
#include <cstdint>

namespace shoal {

struct Counters {
  std::atomic<std::uint64_t> malformed_frames{0};
  std::atomic<std::uint64_t> refused_frames{0};
  std::atomic<std::uint64_t> dropped_frames{0};  // a peer or client was too slow, or gone
};

}  // namespace shoal
