// Short words for tests about Paxos.
#pragma once

#include <cstdint>
#include <ostream>

#include "node/paxos/ballot.h"
#include "node/paxos/electorate.h"

namespace shoal::paxos {

inline Ballot ballot(std::uint64_t counter, std::uint64_t proposer = 1) { return {counter, Incarnation{proposer}}; }
inline NodeId node(std::uint64_t id) { return {id}; }
inline Electorate three() { return {{node(1), node(2), node(3)}}; }

inline void PrintTo(const Ballot& ballot, std::ostream* out) {
  *out << ballot.counter << " of " << ballot.proposer.value;
}

}  // namespace shoal::paxos
