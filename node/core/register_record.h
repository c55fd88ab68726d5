// What a majority has chosen for a key of a strong bucket, as an ordinary record: the learner's side of such a key.
//
// All registers share one actor, whose dots are their versions: chosen versions follow each other in one line, so a
// later one covers the earlier ones, and records of one key never conflict. Thus eventual reads, listings, read repair,
// anti-entropy and hints treat strong buckets as any other, and show nothing that was not chosen.
#pragma once

#include <cstdint>

#include "node/paxos/register.h"
#include "vclock/record.h"

namespace shoal {

// No process mints for it.
inline constexpr Actor kRegisterActor{Incarnation{~std::uint64_t{0}}, 0};

// Precondition: the register was written.
Record record_of(const paxos::Register& chosen);

// Which version of a register a context has seen; 0: none.
inline std::uint64_t version_in(const VersionVector& seen) { return seen.at(kRegisterActor); }

}  // namespace shoal
