// Patience: how long an answer may take before the next node is asked beside the one that is silent.
//
// Thrice what 99 of 100 answers of the same kind took of late, so that a node that hangs is noticed within tens of
// milliseconds where answers take two. Reads and writes are measured apart: a write waits for disks. What is not known,
// or is slow, falls back on an equal share of the deadline for each node that may be asked. When the whole cluster
// becomes slow this is too eager for a moment, until its answers are counted: the retry budget bounds what that costs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "node/base/latency_window.h"

namespace shoal::client_detail {

class Patience {
 public:
  static constexpr Duration kMin = std::chrono::milliseconds(30);
  static constexpr int kTails = 3;
  static constexpr std::uint32_t kTailPermille = 990;
  // A large value takes its time on the way.
  static constexpr Duration kPerByte = std::chrono::nanoseconds(100);

  enum class Of : std::uint8_t { read, listing, write, other };

  void answered(Of what, Duration took, Instant now) {
    if (what != Of::other) windows_[index(what)].add(took, now);
  }

  // Never more than `share`.
  [[nodiscard]] Duration of(Of what, std::size_t bytes, Duration share, Instant now) const {
    if (what == Of::other) return share;
    const std::optional<Duration> tail = windows_[index(what)].quantile(kTailPermille, now);
    if (!tail) return share;
    return std::min(share, std::max(kMin, kTails * *tail) + static_cast<Duration::rep>(bytes) * kPerByte);
  }

 private:
  static std::size_t index(Of what) { return static_cast<std::size_t>(what); }

  std::array<LatencyWindow, 3> windows_;  // of all but `other`
};

}  // namespace shoal::client_detail
