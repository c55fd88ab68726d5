// KeyChooser: which key an operation is about.
//
// Zipfian draws follow Gray et al., "Quickly Generating Billion-Record Synthetic Databases" (SIGMOD 1994), as YCSB
// does; the ranks are shuffled over the keys, so that popular ones are no neighbours.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/study/scenario.h"
#include "node/base/rng.h"

namespace shoal::study {

class KeyChooser {
 public:
  // Of keys 0 .. count - 1.
  KeyChooser(const Workload& load, std::uint32_t count);
  std::uint32_t choose(Rng& rng) const;

 private:
  [[nodiscard]] std::uint32_t zipfian(Rng& rng) const;  // a rank
  [[nodiscard]] std::uint32_t hotspot(Rng& rng) const;

  KeyChoice choice_;
  std::uint32_t count_;
  double theta_ = 0;
  double zeta_ = 0;  // sum of 1 / i^theta
  double eta_ = 0;
  std::vector<std::uint32_t> key_of_rank_;
  double hot_share_ = 0;
  std::uint32_t hot_keys_ = 0;
};

}  // namespace shoal::study
