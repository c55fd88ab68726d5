// Rng: the only source of chance in the core. Seeded, portable, the same everywhere.
//
// xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018), seeded by splitmix64.
// Not for secrets.
#pragma once

#include <cstdint>
#include <string_view>

namespace shoal {

class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  std::uint64_t next();
  // Uniform in [0, bound). Precondition: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [low, high]. Precondition: low <= high.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return high - low == ~std::uint64_t{0} ? next() : low + below(high - low + 1);
  }
  // True in `per_million` of a million draws: chances are integers, so that no platform rounds differently.
  bool chance(std::uint32_t per_million) { return below(1'000'000) < per_million; }

  // An independent stream by name: adding one does not shift the others.
  [[nodiscard]] Rng fork(std::string_view name) const;

 private:
  std::uint64_t state_[4];
};

}  // namespace shoal
