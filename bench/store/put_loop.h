// Put loop: a closed loop of puts against a store, in turns as a node makes them: take what became durable, read, mint
// and write for every client that is free, end the turn, wait. No network, no replicas: what a disk carries.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "bench/load/histogram.h"
#include "bench/store/put_target.h"
#include "node/base/rng.h"

namespace shoal {

struct PutLoad {
  std::uint64_t keys = 1'000'000;
  bool each_key_once = false;  // in the order of their numbers; ends after the last; otherwise random keys
  std::uint64_t first_key = 0;
  std::size_t value_bytes = 100;
  std::size_t inflight = 48;
  std::chrono::duration<double> warm_up{0};  // not counted
  std::chrono::duration<double> duration{1'000'000};
  std::uint64_t puts_max = UINT64_MAX;
  std::uint64_t seed = 1;
  bool digests = true;  // each entry knows its own, as in a node
};

struct PutOutcome {
  std::uint64_t puts = 0;  // counted ones, answered
  double seconds = 0;      // counted ones, until the last was answered
  std::uint64_t refused = 0;
  Histogram latency;
  std::vector<double> per_second;  // puts answered in each whole second

  [[nodiscard]] double rate() const { return seconds > 0 ? static_cast<double>(puts) / seconds : 0; }
};

// An error: the store refused for half a minute on end, or could not read.
Result<PutOutcome> run_puts(PutTarget& target, const PutLoad& load);

// Writes every key once, as fast as it goes.
Status fill_keys(PutTarget& target, std::uint64_t keys, std::size_t value_bytes);

}  // namespace shoal
