// ByteRate: what may be spent over time, so many bytes a second, with at most a second's worth saved up.
//
// Whoever spends more than is left, as with one large record, waits until it is paid back.
#pragma once

#include <algorithm>
#include <cstdint>

#include "node/base/time.h"

namespace shoal {

class ByteRate {
 public:
  explicit ByteRate(std::uint64_t bytes_per_second)
      : per_second_(static_cast<double>(bytes_per_second)), left_(per_second_) {}

  void refill(Instant now) {
    left_ = std::min(per_second_, left_ + per_second_ * std::chrono::duration<double>(now - refilled_).count());
    refilled_ = now;
  }
  void spend(std::uint64_t bytes) { left_ -= static_cast<double>(bytes); }

  [[nodiscard]] bool is_spent() const { return left_ <= 0; }
  [[nodiscard]] Instant refilled() const { return refilled_; }

 private:
  double per_second_;
  double left_;
  Instant refilled_{};
};

}  // namespace shoal
