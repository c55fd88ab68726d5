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

#include <algorithm>
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

  // Phase 2. False: a higher ballot has been promised. True also when it comes again.
  bool accept(const Ballot& ballot, Value proposed) {
    if (ballot == accepted) return true;
    if (ballot < promised) return false;
    promised = accepted = ballot;
    value = std::move(proposed);
    return true;
  }

  // Phase 1 of the next attempt of whoever made what is accepted: it knows what it will be told.
  void promise_next() { promised = std::max(promised, above(accepted, accepted.proposer)); }
};

}  // namespace shoal::paxos
