// Keyed digests of causal states, combined by addition: equal sums mean equal contents, whatever the order.
//
// Addition in two 64-bit lanes plus a count, not XOR: a delta applied twice shows, and equal elements do not cancel
// each other. The digest covers clock, dots and flags, never value bytes: a dot names one value.
// (Clarke et al., "Incremental Multiset Hash Functions".)
#pragma once

#include <compare>
#include <cstdint>

#include "node/base/hash.h"

namespace shoal {

struct Digest {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  std::uint64_t count = 0;
  auto operator<=>(const Digest&) const = default;

  void add(const Hash128& state) {
    hi += state.hi;
    lo += state.lo;
    count += 1;
  }
  void remove(const Hash128& state) {
    hi -= state.hi;
    lo -= state.lo;
    count -= 1;
  }
  Digest& operator+=(const Digest& other) {
    hi += other.hi;
    lo += other.lo;
    count += other.count;
    return *this;
  }
  Digest& operator-=(const Digest& other) {
    hi -= other.hi;
    lo -= other.lo;
    count -= other.count;
    return *this;
  }
};

}  // namespace shoal
