// Linearizability: can what the clients of one register were told be explained by an order in which each operation took
// effect at one instant between its invocation and its return?
//
// The search is Wing and Gong's: of the operations that could be next, because none that is still to be placed had
// returned before they were invoked, place one that the register allows; when nothing fits, take the last one back.
// Lowe's memory keeps it short: who comes to the same set of placed operations and the same state a second time goes
// back at once, for the first time led nowhere. Registers are independent, so each is judged alone (locality).
//
// Outcomes are Jepsen's. `ok` took effect. `fail` did not and is left out. `info` took effect at any time after its
// invocation, or never: it has no return that others could come after.
//
// A register counts its changes: its version is 0 before the first, and one more after each. An answer may say it, and
// a write may demand it; who is told no versions loses nothing but sharpness.
//
// Finding an order is NP-complete, so the work is bounded; what needs more is undecided. Total over any history,
// returns before invocations included (those fit nowhere).
//
// Wing and Gong, "Testing and Verifying Concurrent Objects" (JPDC 17, 1993); Lowe, "Testing for Linearizability"
// (2017); Herlihy and Wing, "Linearizability" (TOPLAS 12, 1990).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::linearizability {

enum class Function : std::uint8_t { get, put, del, cas };
enum class Outcome : std::uint8_t { ok, fail, info };

std::string_view name_of(Function function);
std::string_view name_of(Outcome outcome);

// Values are compared, never read; no value means that there is none.
struct Operation {
  std::uint64_t process = 0;
  Function function = Function::get;
  std::optional<std::string> argument;            // put, cas: what is written
  std::optional<std::string> expected;            // cas: what must be there
  std::optional<std::uint64_t> expected_version;  // put, del: of the register, if it matters
  std::optional<std::string> result;              // get
  bool lost = false;                              // what was expected was not there, and nothing was changed
  std::optional<std::uint64_t> version;           // of the register afterwards, if the answer said so
  std::int64_t invoked = 0;                       // both in any unit
  std::int64_t returned = 0;                      // means nothing unless ok
  Outcome outcome = Outcome::ok;
};

enum class Judgement : std::uint8_t { linearizable, violated, undecided };

struct Verdict {
  Judgement judgement = Judgement::linearizable;
  std::vector<std::size_t> order;    // one that explains all that is ok, or the longest one that was found
  std::optional<std::size_t> stuck;  // violated: what no order as long as that could place
  std::string explanation;           // empty when linearizable
};

// Attempts to place an operation, for one register. Each remembers a bit per operation at most.
inline constexpr std::uint64_t kAttemptsMax = 400'000;

Verdict check(std::span<const Operation> history, std::uint64_t attempts_max = kAttemptsMax);

// "put a by 3, from 10 to 20 (ok)"
std::string describe(const Operation& operation);

}  // namespace shoal::linearizability
