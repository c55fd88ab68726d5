// A latency histogram with the bucket layout of HdrHistogram: within 1 % of the true value, from 1 us to an hour.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace shoal {

class Histogram {
 public:
  Histogram();

  void record(std::chrono::nanoseconds latency);
  void add(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  // The smallest recorded latency that at least this share of all are not above, rounded up to its bucket's end.
  // Precondition: 0 < share <= 1. Zero when nothing was recorded.
  [[nodiscard]] std::chrono::microseconds at(double share) const;
  [[nodiscard]] std::chrono::microseconds max() const { return std::chrono::microseconds(max_); }

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace shoal
