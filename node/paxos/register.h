// Register: what is agreed on for one key of a strong bucket, and the changes that can be made to it.
//
// A change is a pure function of the register. Whatever it decides, a compare-and-set that lost too, is proposed and
// chosen like any other: so a lost one is ordered among the won ones, and nothing that an earlier proposer has left on
// a minority can appear after it.
//
// The register remembers the last kServedMax requests and how they ended, and of each client how far it has forgotten:
// a request that comes again, or late, is answered or refused, never applied a second time. Clients number their
// requests, so what is above a client's forgotten ones and not remembered was certainly not served.
//
// Whole clients are forgotten too, and counted. Then a client that is not known must make its request under a new
// number and name that count (`since`): whatever it has asked before has a lower number, or names a smaller count, and
// is refused from then on.
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "node/base/bytes.h"
#include "node/base/ids.h"

namespace shoal::paxos {

enum class Verdict : std::uint8_t { applied = 0, lost = 1 };  // lost: the comparison failed, nothing was changed

struct Served {
  RequestId request;
  std::uint64_t version = 0;  // of the register when it was served
  Verdict verdict = Verdict::applied;
  friend bool operator==(const Served&, const Served&) = default;
};

struct Register {
  static constexpr std::size_t kServedMax = 16;
  static constexpr std::size_t kClientsMax = 32;

  std::uint64_t version = 0;  // grows by one with every change of the value; 0: never written
  std::uint64_t hlc = 0;      // hybrid time of that change, for people
  RequestId request;          // that made it
  bool exists = false;        // false: never written, or deleted
  Blob value;
  std::vector<Served> served;        // oldest first
  std::vector<RequestId> forgotten;  // of each client the highest not in `served` any more; least recent first
  std::uint64_t clients_forgotten = 0;
  friend bool operator==(const Register&, const Register&) = default;
};
using RegisterPtr = std::shared_ptr<const Register>;

enum class Condition : std::uint8_t {
  none = 0,     // whatever is there
  absent = 1,   // there is no value
  value = 2,    // the value is `expected`
  version = 3,  // the register is at `expected_version`
};

struct Change {
  RequestId request;        // {}: no retry of it will be recognised
  std::uint64_t since = 0;  // the register's clients_forgotten that its client was told before it made the request
  Condition condition = Condition::none;
  Blob expected;
  std::uint64_t expected_version = 0;
  bool remove = false;
  Blob value;
  std::uint64_t hlc = 0;
};

enum class Answer : std::uint8_t {
  applied,
  lost,
  forgotten,  // it may have been served so long ago that it is not remembered: changes nothing, now or later
};

// Changes `state`, and says how it ended; `version` is the register's afterwards, or when a retried request was served.
struct Ending {
  Answer answer = Answer::applied;
  std::uint64_t version = 0;
};
Ending apply(const Change& change, Register& state);

}  // namespace shoal::paxos
