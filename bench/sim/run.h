// One seed from the first event to the verdict.
//
// Form a cluster through real joins; load it while faults strike; heal; let everything that is under way arrive; read
// every key from all owners that are left (strong ones from a majority, by agreement), write back with the context, and
// demand that the owners agree.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/sim/world.h"

namespace shoal::sim {

struct RunResult {
  std::vector<std::string> violations;
  std::uint64_t state_hash = 0;        // of every event and every final state
  std::vector<std::string> undecided;  // what could not be judged
  bool counted = false;                // at least 200 client operations and three kinds of faults, and all was judged
  bool about_liveness = false;         // strong operations were held to a bound without a minority
  std::size_t operations = 0;
  std::size_t acknowledged = 0;  // writes
  FaultKinds struck = 0;         // kinds of faults that did something
  std::uint64_t events = 0;
  Duration virtual_time{};
  MarkCounts marks;
  std::string history;  // in words, when something was violated or a recorder watches
};

RunResult run_seed(const Options& options, Recorder* recorder = nullptr);

}  // namespace shoal::sim
