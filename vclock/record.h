// A record: everything one replica knows about one key. `clock` says which writes it has seen, `siblings` which of
// them are alive.
//
// The idea: a write gets a dot. A value is dropped only by somebody who saw it: by a client's context, or by a peer
// whose clock covers the dot and who no longer holds it. A delete is a put whose value is a tombstone, so absence
// never means deletion.
//
// Invariants:
//  (1) clock[a] = n means: every dot of `a` up to n, for this key, is in `siblings` or was superseded.
//  (2) One writer mints for an actor, and an actor never survives a gap in its owner's memory.
//  (3) Only whole records are shipped and merged, never single siblings, so (1) holds everywhere.
//  (4) merge is commutative, associative and idempotent, and never lowers the clock.
//
// Pure: no clock, no chance; the dot's counter and the hybrid time are arguments.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "node/base/bytes.h"
#include "node/base/ids.h"
#include "node/base/kind.h"
#include "vclock/version_vector.h"

namespace shoal {

// Hybrid logical clock: milliseconds in the upper 48 bits, a counter below. Orders lww values and informs people; it
// never decides causality. (Kulkarni et al., 2014.)
struct Hlc {
  std::uint64_t value = 0;
  auto operator<=>(const Hlc&) const = default;
  [[nodiscard]] std::int64_t wall_ms() const { return static_cast<std::int64_t>(value >> 16); }
};

struct Sibling {
  Dot dot;
  Hlc hlc;
  RequestId request;  // the client operation that made it: a retry elsewhere makes a second dot of one request
  bool tombstone = false;
  Blob value;
  auto operator<=>(const Sibling&) const = default;
};

struct Record {
  VersionVector clock;
  std::vector<Sibling> siblings;  // sorted by dot, dots unique
  std::uint64_t stamp = 0;        // reserved for stability rounds, 0 today; a merge keeps the lower one
  friend bool operator==(const Record&, const Record&) = default;

  [[nodiscard]] const Sibling* find(const Dot& dot) const;
};
using RecordPtr = std::shared_ptr<const Record>;

// The epoch in which this replica mints for this record. Local only: never shipped, never hashed.
struct Ownership {
  Incarnation incarnation;
  std::uint64_t epoch = 0;  // 0: start a new one at the next mint
  friend bool operator==(const Ownership&, const Ownership&) = default;
};

// Who mints, and the next value of its node-wide counter.
struct Minter {
  Incarnation incarnation;
  std::uint64_t counter = 0;
};

// What a client asks to be written.
struct Write {
  VersionVector seen;  // the client's context; empty for a blind write
  Hlc hlc;
  RequestId request;
  bool tombstone = false;
  Blob value;
};

// Raises the record's clock by a fresh dot and returns it. Starts a new epoch where the record was absent, forgotten,
// or written in an earlier life, and where its clock already covers the dot.
Dot mint(Record& record, Ownership& ownership, const Minter& minter);

struct PutResult {
  Dot dot;
  std::size_t losers = 0;  // concurrent values that lww dropped although nobody had seen them
};

// A client's write: drops the siblings that the client saw, adds the new one.
PutResult put(Kind kind, Record& record, Ownership& ownership, const Write& write, const Minter& minter);

// Joins what a peer knows into `record`. Drops `ownership`'s epoch when the peer has seen our actor ahead of us: then
// we forgot something. Returns the losers, as put does.
std::size_t merge(Kind kind, Record& record, Ownership& ownership, const Record& other);

// The join alone, for readers.
std::size_t merge(Kind kind, Record& record, const Record& other);

// The values that a reader sees: neither tombstones nor second dots of one request.
std::vector<const Sibling*> live_siblings(const Record& record);

// The newest hybrid time in the record, zero when it is empty.
Hlc highest_hlc(const Record& record);

// The record with its values emptied: causality only.
Record without_values(Record record);

// Canonical bytes of the causal state (clock, dots, flags; no values): equal exactly when the states are.
std::string causal_bytes(const Record& record);

}  // namespace shoal
