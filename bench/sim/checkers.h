// The checkers: verdicts over plain evidence, so that forged histories can test them.
//
// "Superseded" is judged by what clients knew, never by the vectors under test: a write is superseded when another
// write that was really made had been given a context that came with its value.
//
// In a bucket of kind lww a write may also be beaten: by a write of the same key that is greater by (hybrid time, dot)
// and not lost itself. In a bucket of kind strong there is one line of writes, and the later one beats the earlier
// ones: their hybrid times and dots grow together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/sim/history.h"
#include "bench/sim/ledger.h"

namespace shoal::sim {

// A receipt, and what the world counted when it was sent.
struct Receipt {
  RequestId request;
  std::int32_t needed = 0;   // nodes that had to hold the write
  std::int32_t holding = 0;  // nodes that held one of its dots, at some time before
  bool claims_durable = false;
  std::int32_t synced = 0;  // nodes that had it on disk
  std::int32_t owners_needed = 0;
  std::int32_t owners_holding = 0;
};

// A read at level all was answered, and what the world counted then.
struct Agreement {
  std::uint32_t key = 0;
  std::int32_t owners = 0;
  std::int32_t holding = 0;  // owners that held, at some time before, the dot that fewest of them held
};

// What a read of all owners found after everything was healed.
struct FinalState {
  std::uint32_t key = 0;
  std::vector<RequestId> values;
  Instant at{};  // later writes are not judged by it
};

struct Evidence {
  const History& history;
  const Ledger& ledger;
  std::int32_t owners = 3;
  std::vector<Receipt> receipts;
  std::vector<FinalState> finals;
  std::vector<Agreement> agreements = {};
  std::vector<Kind> kinds = {};  // of the keys' buckets, by key; siblings for keys that are not there
};

// A write that is owed must be among the final values, superseded or beaten.
std::vector<std::string> check_nothing_lost(const Evidence& evidence);
// What an owed write superseded must not be among the final values.
std::vector<std::string> check_nothing_resurrected(const Evidence& evidence);
// Values come from writes of that key that did not certainly fail; every dot belongs to a write of the history.
std::vector<std::string> check_nothing_invented(const Evidence& evidence);
// A context covers the values it came with; no value is returned beside one that superseded it.
std::vector<std::string> check_contexts(const Evidence& evidence);
// With r + w > n and no fallback in an owner's place, a read that begins after an acknowledgement sees the write or
// something that superseded or beat it.
std::vector<std::string> check_regular_reads(const Evidence& evidence);
// A read of an lww or strong bucket returns one value at most.
std::vector<std::string> check_single_values(const Evidence& evidence);
std::vector<std::string> check_receipts(const Evidence& evidence);
// Read your writes, monotonic reads: a read at level session covers all that this client was ever told of the key.
std::vector<std::string> check_sessions(const Evidence& evidence);
// A read at level all shows what every owner has held.
std::vector<std::string> check_agreements(const Evidence& evidence);
// Each key once; nothing that is not of the partition and prefix.
std::vector<std::string> check_listings(const Evidence& evidence);
// Bad input is refused with the right error.
std::vector<std::string> check_bad_input(const Evidence& evidence);

// The strong operations of each key of a strong bucket are linearizable, and what other reads showed had happened by
// then: see check_strong.cc. `undecided` gets a sentence for each key whose history needs too much work.
std::vector<std::string> check_strong(const Evidence& evidence, std::vector<std::string>& undecided);

struct Findings {
  std::vector<std::string> violations;
  std::vector<std::string> undecided;  // a check that could not be made
};

Findings check_all(const Evidence& evidence);

// How many replies a quorum of `asked` (0 = majority, -1 = all) out of `owners` means.
std::int32_t quorum_size(std::int32_t asked, std::int32_t owners);

}  // namespace shoal::sim
