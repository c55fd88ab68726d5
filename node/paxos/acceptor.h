// Acceptor: one voter's memory of one register. It remembers the highest ballot that it has promised, and what it has
// accepted last.
//
// Invariants:
//  (1) Neither ballot ever goes down, and `promised` >= `accepted`.
//  (2) Nothing is accepted below a promise: who promised b has told b's proposer everything that can be chosen below b.
//
// Both rules hold only for an acceptor that forgets nothing: whoever keeps one makes its state durable before anybody
// hears the answer, and a node that has lost it is a new node.
//
// Pure. Lamport, "Paxos Made Simple" (2001); Rystsov, "CASPaxos" (arXiv:1802.07000).
#pragma once

#include <utility>

#include "node/paxos/ballot.h"

namespace shoal::paxos {

template <class Value>
struct Acceptor {
  Ballot promised;
  Ballot accepted;  // none: nothing was, and `value` means nothing
  Value value{};
  friend bool operator==(const Acceptor&, const Acceptor&) = default;

  // Phase 1. False: a higher ballot has been promised. The same ballot may come twice: its first answer was lost.
  bool prepare(const Ballot& ballot) {
    if (ballot < promised) return false;
    promised = ballot;
    return true;
  }

  // Phase 2. False: a higher ballot has been promised.
  bool accept(const Ballot& ballot, Value proposed) {
    if (ballot < promised) return false;
    promised = accepted = ballot;
    value = std::move(proposed);
    return true;
  }
};

}  // namespace shoal::paxos
