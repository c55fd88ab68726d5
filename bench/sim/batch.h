// Many seeds in a row: totals, what failed, which marks were never reached, and a log that a later call continues.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/sim/run.h"

namespace shoal::sim {

struct Batch {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t seeds = 0;
  std::uint64_t counted = 0;
  std::uint64_t operations = 0;
  std::uint64_t violations = 0;
  std::vector<std::uint64_t> failing;
  std::vector<std::uint64_t> marks = std::vector<std::uint64_t>(static_cast<std::size_t>(Mark::count_));

  void add(std::uint64_t seed, const RunResult& result);
  void add(const Batch& other);
  [[nodiscard]] std::vector<std::string> marks_never_hit() const;
};

// Runs first..last until `enough` says so, or to the end.
Batch run_batch(std::uint64_t first, std::uint64_t last, const std::function<bool(const Batch&)>& enough);

// One JSON object, for a line of the log.
std::string log_line(const Batch& batch, const std::string& commit, double seconds);

// The seed after the last one in the log; 1 when there is no log yet. Errc::corrupt with a sentence when the last line
// is not one of ours.
Result<std::uint64_t> next_seed(const std::string& log_path);

// Runs the seed twice and compares event by event. Empty when both runs did the same, else the first difference.
std::string compare_two_runs(const Options& options);

}  // namespace shoal::sim
