// Mutant: an acceptor accepts what comes, whatever it has promised to somebody else. Here alone the acceptor has the
// rule of its second phase under a second name.
#include "node/core/acceptors.h"
#include "node/paxos/acceptor.h"

namespace {

bool accept_anything(shoal::KeyAcceptor& state, const shoal::paxos::Ballot& ballot, shoal::paxos::RegisterPtr value) {
  state.promised = state.accepted = ballot;
  state.value = std::move(value);
  return true;
}

}  // namespace

#define accept(ballot, value) promised.is_none() || accept_anything(*state, ballot, value)
#include "node/core/acceptors.cc"
#undef accept
