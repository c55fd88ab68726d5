// The liveness of strong operations: with a majority of a key's owners up and connected, each one succeeds within a
// bound, whoever is asked and however many ask at once.
//
// A minority is taken away first, so that nobody can do without agreement. On every key several operations start at
// once at different nodes, so that proposers meet. What is not answered is asked again, elsewhere, as clients do; where
// nobody remembers how a write ended, one like it under a new name must succeed. A compare-and-set that lost has
// succeeded as an operation.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/sim/world.h"

namespace shoal::sim {

inline constexpr std::chrono::seconds kStrongWithin{20};

// Does its operations on these keys, and adds them to the history and what does not succeed to the violations.
void check_strong_liveness(World& world, const std::vector<std::uint32_t>& keys);

}  // namespace shoal::sim
