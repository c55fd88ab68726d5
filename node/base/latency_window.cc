#include "node/base/latency_window.h"

#include <algorithm>
#include <bit>

namespace shoal {

// Below 8 us a bucket each; above, the three bits after the leading one choose among eight.
std::size_t LatencyWindow::bucket_of(Duration took) {
  const auto us = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  const auto value = static_cast<std::uint64_t>(us);
  if (value < 8) return value;
  const auto power = static_cast<std::size_t>(std::bit_width(value)) - 4;
  return std::min(kBuckets - 1, 8 * (power + 1) + ((value >> power) & 7));
}

Duration LatencyWindow::upper_end(std::size_t bucket) {
  if (bucket < 8) return std::chrono::microseconds(bucket);
  const std::size_t power = bucket / 8 - 1;
  return std::chrono::microseconds(((8 + bucket % 8 + 1) << power) - 1);
}

void LatencyWindow::add(Duration took, Instant now) {
  if (newer_.count == 0) newer_.began = now;
  if (now - newer_.began >= kHalf) {
    older_ = newer_;
    newer_ = Half{.began = now, .count = 0, .buckets = {}};
  }
  newer_.count += 1;
  newer_.buckets[bucket_of(took)] += 1;
}

std::optional<Duration> LatencyWindow::quantile(std::uint32_t permille, Instant now) const {
  const bool with_newer = newer_.count > 0 && now - newer_.began < 2 * kHalf;
  const bool with_older = older_.count > 0 && now - older_.began < 2 * kHalf;
  const std::uint64_t count = (with_newer ? newer_.count : 0) + (with_older ? older_.count : 0);
  if (count < kSamplesMin) return std::nullopt;
  const std::uint64_t rank = (count * permille + 999) / 1000;
  std::uint64_t passed = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    passed += (with_newer ? newer_.buckets[bucket] : 0) + (with_older ? older_.buckets[bucket] : 0);
    if (passed >= rank) return upper_end(bucket);
  }
  return upper_end(kBuckets - 1);
}

}  // namespace shoal
