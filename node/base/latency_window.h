// Latency window: a streaming quantile of answer times over the last half minute, of one peer or one kind of request.
//
// The idea: count in fixed buckets whose width grows with the value, eight to each power of two, so that the error is
// below an eighth whatever the scale (as HdrHistogram does it, Tene 2012). Two halves of a window: the older is dropped
// when the newer is 15 s old, so between 15 and 30 s are remembered and nothing has to be sorted or kept by sample.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "node/base/time.h"

namespace shoal {

class LatencyWindow {
 public:
  static constexpr Duration kHalf = std::chrono::seconds(15);
  static constexpr std::uint64_t kSamplesMin = 20;  // fewer say nothing about a tail

  void add(Duration took, Instant now);

  // The value that `permille` of the samples do not exceed, rounded up to its bucket. Absent with too few samples.
  [[nodiscard]] std::optional<Duration> quantile(std::uint32_t permille, Instant now) const;

 private:
  static constexpr std::size_t kBuckets = 30 * 8;  // of microseconds: up to some twenty minutes
  struct Half {
    Instant began{};
    std::uint64_t count = 0;
    std::array<std::uint32_t, kBuckets> buckets{};
  };
  static std::size_t bucket_of(Duration took);
  static Duration upper_end(std::size_t bucket);

  Half newer_;
  Half older_;
};

}  // namespace shoal
