// The incarnation of a process start: a durable start counter above random bits.
#pragma once

#include <cstdint>

#include "node/base/ids.h"
#include "node/base/rng.h"

namespace shoal::sim {

Incarnation next_life(NodeId node, std::uint64_t start, Rng& rng);

}  // namespace shoal::sim
