// Many seeds in a row: totals, what failed, which marks were never reached, and which faults never struck.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "bench/sim/run.h"

namespace shoal::sim {

struct Batch {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t seeds = 0;
  std::uint64_t undecided = 0;  // seeds of which not all could be judged
  std::uint64_t counted = 0;
  std::uint64_t about_liveness = 0;  // that stayed without a minority when all else was healed
  std::uint64_t operations = 0;
  std::uint64_t violations = 0;
  std::vector<std::uint64_t> failing;
  std::vector<std::string> sentences;  // of the first failing seeds: "seed 7: lost: ..."
  std::uint64_t compared = 0;          // seeds that ran twice, event by event
  std::vector<std::uint64_t> marks = std::vector<std::uint64_t>(static_cast<std::size_t>(Mark::count_));
  // Seeds in which a kind of fault did something.
  std::vector<std::uint64_t> struck = std::vector<std::uint64_t>(static_cast<std::size_t>(FaultKind::count_));

  void add(std::uint64_t seed, const RunResult& result);
  void add(const Batch& other);
  [[nodiscard]] std::vector<std::string> marks_never_hit() const;
  [[nodiscard]] std::vector<std::string> kinds_never_struck() const;
};

// Every so-manieth seed of a batch runs twice.
inline constexpr std::uint64_t kCompareEvery = 50;
constexpr bool is_compared(std::uint64_t seed) { return seed % kCompareEvery == 0; }

// Runs the seed, twice when its turn has come: a difference between the two runs is a violation.
RunResult run_in_batch(std::uint64_t seed, const Options& options);

// What a seed decides: draw_options or draw_strong_options.
using DrawOptions = Options (*)(std::uint64_t seed);

// Runs first..last until `enough` says so, or to the end.
Batch run_batch(std::uint64_t first, std::uint64_t last, const std::function<bool(const Batch&)>& enough,
                DrawOptions draw = draw_options);

// For a line of the soak log.
nlohmann::ordered_json facts_of(const Batch& batch);

// Runs the seed twice and compares event by event. Empty when both runs did the same, else the first difference.
std::string compare_two_runs(const Options& options);

}  // namespace shoal::sim
