// The keyed 128-bit hash: SipHash-2-4-128 (Aumasson and Bernstein), by libsodium.
//
// Under the cluster's key it places keys, digests states and authenticates contexts. Without transport encryption the
// key travels in the membership document and is no secret; then it guards against accidents, not against attackers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "node/base/ids.h"

namespace shoal {

struct HashKey {
  std::array<unsigned char, 16> bytes{};
  friend bool operator==(const HashKey&, const HashKey&) = default;
};

struct Hash128 {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  auto operator<=>(const Hash128&) const = default;
};

Hash128 hash128(const HashKey& key, std::string_view bytes);

// Hash of `len(bucket) | bucket | name`: the length keeps ("a", "bc") and ("ab", "c") apart.
Slot slot_of(const HashKey& key, const Key& full_key);

}  // namespace shoal
