// What the failure detector believes of a member. Routing listens to it; membership never does.
#pragma once

#include <cstdint>

namespace shoal {

enum class Liveness : std::uint8_t { alive = 0, suspect = 1, dead = 2 };

constexpr const char* to_string(Liveness liveness) {
  switch (liveness) {
    case Liveness::alive: return "alive";
    case Liveness::suspect: return "suspect";
    case Liveness::dead: return "dead";
  }
  return "unknown";
}

}  // namespace shoal
