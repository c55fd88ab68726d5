// Mutant: an actor is a process start alone. A node that forgot a record goes on minting as the same actor, so its new
// clock claims to cover dots that it forgot.
#include "vclock/record.h"

namespace shoal {

Dot mint(Record& record, Ownership& ownership, const Minter& minter) {
  ownership = {minter.incarnation, 1};
  const Dot dot{{ownership.incarnation, ownership.epoch}, minter.counter};
  record.clock.raise(dot);
  return dot;
}

}  // namespace shoal
