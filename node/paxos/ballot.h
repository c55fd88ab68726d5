// A ballot names one attempt of one proposer. Higher ballots win; no two attempts ever share one, because a proposer
// counts its own attempts and its incarnation is unique to its process start.
#pragma once

#include <cstdint>

#include "node/base/ids.h"

namespace shoal::paxos {

struct Ballot {
  std::uint64_t counter = 0;
  Incarnation proposer;
  auto operator<=>(const Ballot&) const = default;

  // The one that is below all others: nothing was promised, nothing accepted.
  [[nodiscard]] bool is_none() const { return counter == 0; }
};

// The next attempt of `proposer`, above everything it has heard of.
constexpr Ballot above(Ballot highest, Incarnation proposer) { return {highest.counter + 1, proposer}; }

}  // namespace shoal::paxos
