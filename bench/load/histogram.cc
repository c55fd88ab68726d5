#include "bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace shoal {
namespace {

// 128 linear buckets, then for every doubling 64 buckets: a bucket is at most 1/64 of its value wide.
constexpr int kLinearBits = 7;
constexpr std::uint64_t kLinear = std::uint64_t{1} << kLinearBits;
constexpr std::uint64_t kHalf = kLinear / 2;
constexpr std::uint64_t kMicrosMax = std::uint64_t{3600} * 1'000'000;

std::size_t bucket_of(std::uint64_t micros) {
  if (micros < kLinear) return micros;
  const int shift = 64 - std::countl_zero(micros) - kLinearBits;
  return kLinear + static_cast<std::size_t>(shift - 1) * kHalf + ((micros >> shift) - kHalf);
}

// The highest value that falls into the bucket.
std::uint64_t end_of(std::size_t bucket) {
  if (bucket < kLinear) return bucket;
  const std::size_t shift = (bucket - kLinear) / kHalf + 1;
  const std::uint64_t top = (bucket - kLinear) % kHalf + kHalf;
  return ((top + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(bucket_of(kMicrosMax) + 1) {}

void Histogram::record(std::chrono::nanoseconds latency) {
  const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count() / 1000, 0));
  ++buckets_[bucket_of(std::min(micros, kMicrosMax))];
  ++count_;
  max_ = std::max(max_, micros);
}

void Histogram::add(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::chrono::microseconds Histogram::at(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted && seen > 0) return std::chrono::microseconds(std::min(end_of(bucket), max_));
  }
  return std::chrono::microseconds(0);
}

}  // namespace shoal
