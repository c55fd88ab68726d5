#include "bench/sim/batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace shoal::sim {
namespace {

constexpr std::size_t kSentencesMax = 20;

// Empty when both runs did the same.
std::string difference_of(const Options& options, const RunResult& a, const Recorder& first) {
  Recorder second;
  const RunResult b = run_seed(options, &second);
  if (first.hashes == second.hashes && a.state_hash == b.state_hash) return {};
  const auto differ =
      std::mismatch(first.hashes.begin(), first.hashes.end(), second.hashes.begin(), second.hashes.end());
  const auto at = static_cast<std::size_t>(differ.first - first.hashes.begin());
  if (at == first.hashes.size() && at == second.hashes.size())
    return fmt::format("the {} events are equal, but the final states are not", at);
  Recorder again{.hashes = {}, .describe_event = at, .description = {}};
  run_seed(options, &again);
  return fmt::format("the runs differ from event {} on; in a third run it is\n  {}", at, again.description);
}

}  // namespace

void Batch::add(std::uint64_t seed, const RunResult& result) {
  if (seeds == 0) first = seed;
  last = seed;
  seeds += 1;
  undecided += result.undecided.empty() ? 0 : 1;
  counted += result.counted ? 1 : 0;
  about_liveness += result.about_liveness ? 1 : 0;
  operations += result.operations;
  violations += result.violations.size();
  compared += is_compared(seed) ? 1 : 0;
  if (!result.violations.empty()) {
    failing.push_back(seed);
    if (sentences.size() < kSentencesMax)
      sentences.push_back(fmt::format("seed {}: {}", seed, result.violations.front()));
  }
  for (std::size_t i = 0; i < marks.size(); ++i) marks[i] += result.marks.of(static_cast<Mark>(i));
  for (std::size_t i = 0; i < struck.size(); ++i) struck[i] += has(result.struck, static_cast<FaultKind>(i)) ? 1 : 0;
}

void Batch::add(const Batch& other) {
  if (seeds == 0) first = other.first;
  last = other.last;
  seeds += other.seeds;
  undecided += other.undecided;
  counted += other.counted;
  about_liveness += other.about_liveness;
  operations += other.operations;
  violations += other.violations;
  compared += other.compared;
  failing.insert(failing.end(), other.failing.begin(), other.failing.end());
  for (const std::string& sentence : other.sentences)
    if (sentences.size() < kSentencesMax) sentences.push_back(sentence);
  for (std::size_t i = 0; i < marks.size(); ++i) marks[i] += other.marks[i];
  for (std::size_t i = 0; i < struck.size(); ++i) struck[i] += other.struck[i];
}

std::vector<std::string> Batch::marks_never_hit() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < marks.size(); ++i)
    if (marks[i] == 0) names.emplace_back(name_of(static_cast<Mark>(i)));
  return names;
}

std::vector<std::string> Batch::kinds_never_struck() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < struck.size(); ++i)
    if (struck[i] == 0) names.emplace_back(name_of(static_cast<FaultKind>(i)));
  return names;
}

RunResult run_in_batch(std::uint64_t seed, const Options& options) {
  if (!is_compared(seed)) return run_seed(options);
  Recorder recorder;
  RunResult result = run_seed(options, &recorder);
  const std::string difference = difference_of(options, result, recorder);
  if (!difference.empty()) result.violations.push_back("determinism: " + difference);
  return result;
}

Batch run_batch(std::uint64_t first, std::uint64_t last, const std::function<bool(const Batch&)>& enough,
                DrawOptions draw) {
  Batch batch;
  for (std::uint64_t seed = first; seed <= last && !enough(batch); ++seed)
    batch.add(seed, run_in_batch(seed, draw(seed)));
  return batch;
}

nlohmann::ordered_json facts_of(const Batch& batch) {
  nlohmann::ordered_json struck = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < batch.struck.size(); ++i)
    struck[std::string(name_of(static_cast<FaultKind>(i)))] = batch.struck[i];
  return {{"first_seed", batch.first},
          {"last_seed", batch.last},
          {"seeds", batch.seeds},
          {"undecided", batch.undecided},
          {"counted", batch.counted},
          {"about_liveness", batch.about_liveness},
          {"operations", batch.operations},
          {"violations", batch.violations},
          {"failing_seeds", batch.failing},
          {"first_violations", batch.sentences},
          {"compared", batch.compared},
          {"marks_never_hit", batch.marks_never_hit()},
          {"faults_struck", std::move(struck)}};
}

std::string compare_two_runs(const Options& options) {
  Recorder recorder;
  const RunResult result = run_seed(options, &recorder);
  return difference_of(options, result, recorder);
}

}  // namespace shoal::sim
