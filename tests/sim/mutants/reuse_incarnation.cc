// Mutant: a node keeps its incarnation over restarts, while its dot counter starts again.
#include "bench/sim/next_life.h"

namespace shoal::sim {

Incarnation next_life(NodeId node, std::uint64_t, Rng&) { return Incarnation::of(1, node.value); }

}  // namespace shoal::sim
