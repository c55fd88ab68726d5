// The record epoch. After a loss of memory, clock[i] = n would claim to cover older dots of `i` that live elsewhere
// and silently delete them; so whoever does not hold the record it last minted for continues under a new actor.
//
// Bad run that this prevents: A mints n = 3 and B, C store it. A loses its copy, then mints n = 4 on an empty record
// as the same actor: clock {A:4} covers A's dot 3, and the merge at B drops a value nobody has seen.
#include "vclock/record.h"

namespace shoal {

Dot mint(Record& record, Ownership& ownership, const Minter& minter) {
  // An epoch is named after its first dot, so a record that is still held covers that dot.
  const std::uint64_t minted = record.clock.at({minter.incarnation, ownership.epoch});
  const bool continues = ownership.incarnation == minter.incarnation && ownership.epoch != 0 &&
                         minted >= ownership.epoch && minted < minter.counter;
  if (!continues) ownership = {minter.incarnation, minter.counter};
  const Dot dot{{ownership.incarnation, ownership.epoch}, minter.counter};
  record.clock.raise(dot);
  return dot;
}

}  // namespace shoal
