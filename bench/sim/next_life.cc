// A file of its own, so that a test can link nodes that reuse their incarnation and see them caught.
#include "bench/sim/next_life.h"

namespace shoal::sim {

Incarnation next_life(NodeId, std::uint64_t start, Rng& rng) { return Incarnation::of(start, rng.next()); }

}  // namespace shoal::sim
