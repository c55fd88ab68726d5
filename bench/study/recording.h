// Recording: what one run of a scenario left behind, whoever drove it: the simulator or real nodes. Measures, checkers
// and reports read nothing else, so what they say means the same on both.
//
// Times are seconds since the load began; what comes before (negative) is filling and formation.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node/base/kind.h"
#include "node/base/result.h"

namespace shoal::study {

// Names one write of a run; every value carries the id of the write that made it. 0: none.
using WriteId = std::uint64_t;

enum class Function : std::uint8_t { get, put, del, cas };
// As in Jepsen: `fail` = certainly did not happen, `info` = nobody knows.
enum class Outcome : std::uint8_t { ok, fail, info };
enum class Phase : std::uint8_t {
  load,
  probe,  // a read that follows a write's acknowledgement at a fixed distance, for t-visibility
  final,  // after everything was healed: a read of all owners
};

std::string_view name_of(Function function);
std::string_view name_of(Outcome outcome);
std::string_view name_of(Phase phase);

struct Operation {
  std::uint32_t client = 0;
  Function function = Function::get;
  Phase phase = Phase::load;
  Outcome outcome = Outcome::info;
  Errc error = Errc::ok;
  std::uint32_t key = 0;  // index into Recording::keys
  double invoked = 0;
  double completed = 0;           // when it ended, whatever its outcome
  double since_write = 0;         // probes: seconds from the write's acknowledgement to this read's invocation
  WriteId write = 0;              // put, del, cas: its own; probes: the one that is looked for
  std::vector<WriteId> returned;  // get: the writes whose values came back, ascending
  std::vector<WriteId> replaces;  // put, del, cas: the writes that it was given as seen
  std::vector<WriteId> session;   // get at level session: the newest of this key that the client had seen or written
  bool in_session = false;        // read your writes and monotonic reads were promised to it
  bool retried = false;           // writes: sent more than once, so it may have landed twice
  std::int32_t stand_ins = 0;
  std::string context;  // as text: what came back with it
  // Of a key in a strong bucket.
  bool linearizable = false;                      // it has, or had, its place in the one order of its key
  WriteId expected = 0;                           // cas: of the value that must be there; 0: there must be none
  std::optional<std::uint64_t> expected_version;  // put, del with a context: that the key must still be at
  std::optional<std::uint64_t> version;           // that the answer came with

  // What it expected was not there: it changed nothing, and that is what it saw.
  [[nodiscard]] bool lost() const { return linearizable && outcome == Outcome::fail && error == Errc::conflict; }
  [[nodiscard]] bool is_write() const { return function != Function::get; }
  [[nodiscard]] bool has_value() const { return function == Function::put || function == Function::cas; }
};

// The state of the cluster at one moment. Counts of bytes and messages only grow.
struct Sample {
  double at = 0;
  std::uint64_t behind = 0;      // S(t): pairs of key and owner, strictly behind the join of all owners
  std::uint64_t keys_apart = 0;  // keys of which at least one owner is behind
  std::uint64_t hints = 0;
  std::uint64_t hint_bytes = 0;
  std::uint64_t handoff_bytes = 0;
  std::uint64_t read_repair_bytes = 0;
  std::uint64_t anti_entropy_bytes = 0;
  std::uint64_t siblings_max = 0;   // of any key at any owner
  std::uint64_t siblings_all = 0;   // summed over pairs of key and owner
  std::uint64_t clock_entries = 0;  // of version vectors, summed likewise
  std::vector<std::uint32_t> behind_by_node;
};

// A fault that really struck.
struct FaultSpan {
  std::string what;   // the word of the scenario: "partition", "crash", ...
  std::string where;  // "n1, n2 | n3, n4, n5"
  double begin = 0;
  double end = 0;
  bool destroyed_copies = false;  // writes may have lost their last copy through it
};

// One message, for space-time diagrams: recorded for a moment around each fault.
struct MessageTrace {
  static constexpr double kLost = std::numeric_limits<double>::infinity();
  double sent = 0;
  double arrived = kLost;
  std::int32_t from = 0;  // node, or -1 - client
  std::int32_t to = 0;
  std::string name;  // Replicate, Fetched, ...
  std::string note;  // the key and purpose, where it has any
};

struct LastState {
  std::uint32_t key = 0;
  bool equal = true;            // all owners that are left held the same
  std::vector<WriteId> values;  // what a read of all of them returned
  bool known = true;            // false: that read failed
};

struct Recording {
  std::string variant;  // "" when the scenario has none
  std::uint64_t seed = 0;
  std::string driver;  // "sim" or "real"
  std::vector<std::string> nodes;
  std::vector<std::string> keys;
  std::vector<Kind> kinds;  // by key: of its bucket
  std::uint32_t replicas = 3;
  std::int32_t r = 0;  // of the load's operations, as numbers of replicas
  std::int32_t w = 0;
  double seconds = 0;                 // that the load lasted
  double settle_s = 0;                // that was left afterwards for owners to become equal, at most
  double round_s = 0;                 // between two rounds of anti-entropy
  bool repairs = true;                // false: the study switched off what makes owners equal in the end
  std::vector<Operation> operations;  // in order of invocation
  std::vector<Sample> samples;
  std::vector<FaultSpan> faults;
  std::vector<MessageTrace> messages;
  std::vector<LastState> finals;
  std::map<std::string, std::uint64_t> counters;  // rare branches of all nodes, by name
  double healed = 0;                              // when the last fault had ended
  std::uint64_t events = 0;                       // the simulator's
  std::uint64_t event_hash = 0;                   // the simulator's: equal for two runs exactly when they did the same
  std::vector<std::string> trouble;               // why the run itself says little: a node that did not start, ...
};

}  // namespace shoal::study
