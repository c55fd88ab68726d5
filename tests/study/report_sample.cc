#include "tests/study/report_sample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "node/base/rng.h"

namespace shoal::study {
namespace {

constexpr std::size_t kNodes = 5;
constexpr double kSampled = 0.1;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// One run of one variant: how fast it heals, and its own chance.
struct Run {
  double speed = 1;  // of repair, per second
  double seconds = 60;
  Rng rng;

  double noise() { return static_cast<double>(rng.below(1000)) / 1000; }
  [[nodiscard]] double split_begin() const { return seconds / 4; }
  [[nodiscard]] double split_end() const { return seconds / 2; }
  [[nodiscard]] double crash_begin() const { return seconds * 0.62; }
  [[nodiscard]] double crash_end() const { return seconds * 0.72; }
  [[nodiscard]] bool in_fault(double at) const {
    return (at >= split_begin() && at < split_end()) || (at >= crash_begin() && at < crash_end());
  }
};

std::vector<FaultSpan> faults_of(const Run& run) {
  return {{.what = "partition", .where = "n1, n2 | n3, n4, n5", .begin = run.split_begin(), .end = run.split_end()},
          {.what = "crash", .where = "n4", .begin = run.crash_begin(), .end = run.crash_end()}};
}

double behind_at(const Run& run, double at, double size) {
  double behind = 0;
  if (at >= run.split_begin() && at < run.split_end())
    behind += size * (1 - std::exp(-(at - run.split_begin()) / (run.seconds / 12)));
  if (at >= run.split_end()) behind += size * std::exp(-(at - run.split_end()) * run.speed);
  if (at >= run.crash_begin() && at < run.crash_end()) behind += size / 5;
  return std::floor(behind + 0.2);
}

Lines::Column& column(Lines& lines, const std::string& name, const std::string& unit) {
  lines.columns.push_back({name, unit, {}});
  return lines.columns.back();
}

void add_state(Measures& measures, Run& run) {
  const double size = 240 + 120 * run.noise();
  const auto samples = static_cast<std::size_t>((run.seconds + 20) / kSampled);
  for (std::size_t i = 0; i < samples; ++i) measures.state.at.push_back(static_cast<double>(i) * kSampled);
  measures.behind_by_node.at = measures.state.at;
  const auto fill = [&](const std::string& name, const std::string& unit, const auto& value) {
    std::vector<double>& values = column(measures.state, name, unit).values;
    for (const double at : measures.state.at) values.push_back(std::round(value(at)));
  };
  const auto behind = [&](double at) { return behind_at(run, at, size); };
  const auto since_split = [&](double at) { return std::max(0.0, at - run.split_end()); };
  fill("behind", "pairs", behind);
  fill("keys_apart", "keys", [&](double at) { return std::min(behind(at), 100 * (1 - std::exp(-behind(at) / 90))); });
  fill("hints", "hints", [&](double at) { return run.speed > 0.3 ? behind(at) / 2 : 0; });
  fill("hint_bytes", "bytes", [&](double at) { return behind(at) * 180; });
  fill("handoff_bytes", "bytes", [&](double at) { return 2e5 * run.speed * (1 - std::exp(-since_split(at) / 3)); });
  fill("read_repair_bytes", "bytes", [&](double at) { return 3e4 * (1 - std::exp(-since_split(at) / 8)); });
  fill("anti_entropy_bytes", "bytes", [&](double at) { return 1.5e6 * std::floor(at / 5) / run.seconds; });
  fill("siblings_max", "values", [&](double at) { return 1 + std::round(behind(at) / 100); });
  fill("siblings_all", "values", [&](double at) { return 300 + behind(at); });
  fill("clock_entries", "entries", [&](double at) { return 300 + std::round(240 * (1 - std::exp(-at / 20))); });
  for (std::size_t node = 0; node < kNodes; ++node) {
    std::vector<double>& values = column(measures.behind_by_node, "n" + std::to_string(node + 1), "pairs").values;
    for (const double at : measures.state.at) values.push_back(std::round(behind(at) * (node < 2 ? 0.35 : 0.1)));
  }
}

void add_seconds(Measures& measures, Run& run) {
  Lines& lines = measures.seconds_lines;
  for (double at = 0; at < run.seconds; ++at) lines.at.push_back(at);
  const auto fill = [&](const std::string& name, const std::string& unit, const auto& value) {
    std::vector<double>& values = column(lines, name, unit).values;
    for (const double at : lines.at) values.push_back(value(at));
  };
  const auto rate = [&](double share) {
    return [&, share](double at) { return run.in_fault(at) ? std::round(share * (80 + 40 * run.noise())) : 0; };
  };
  fill("read_ok", "1/s", [&](double at) { return 95 + std::round(10 * run.noise()) - rate(0.1)(at); });
  fill("read_fail", "1/s", rate(0.02));
  fill("read_info", "1/s", rate(0.0));
  fill("write_ok", "1/s", [&](double at) { return 93 + std::round(14 * run.noise()) - rate(0.2)(at); });
  fill("write_fail", "1/s", rate(0.05));
  fill("write_info", "1/s", rate(0.1));
  const auto latency = [&](double base) {
    return [&, base](double at) {
      if (at == 7) return kNone;  // a second without any
      return base * (0.8 + 0.4 * run.noise()) * (run.in_fault(at) ? 6 : 1);
    };
  };
  fill("read_p50", "ms", latency(0.9));
  fill("read_p99", "ms", latency(3.2));
  fill("write_p50", "ms", latency(1.7));
  fill("write_p99", "ms", latency(6.4));
  fill("siblings", "values", [&](double) { return 1 + run.noise() / 10; });
}

void add_traffic(Traffic& traffic, Run& run, double base) {
  const std::array<double, kPeriods> slower = {1, 6, 1.2, 2};
  for (std::size_t period = 0; period < kPeriods; ++period) {
    Service& service = traffic.periods[period];
    service.ok = 2000 + run.rng.below(100);
    service.fail = period == 1 || period == 3 ? 20 : 0;
    service.info = period == 1 || period == 3 ? 30 + run.rng.below(30) : 0;
    const double p99 = base * slower[period] * (0.9 + 0.2 * run.noise());
    service.ok_ms = {.count = service.ok,
                     .mean = p99 / 3,
                     .p50 = p99 / 4,
                     .p95 = p99 / 2,
                     .p99 = p99,
                     .p999 = p99 * 2,
                     .max = p99 * 3};
  }
}

void add_staleness(Staleness& staleness, Run& run) {
  for (const double at : {0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0}) {
    const double fresh = 1 - 0.3 * std::exp(-at * (0.2 + run.speed / 2));
    constexpr std::uint64_t kTrials = 400;
    const auto hits = static_cast<std::uint64_t>(fresh * kTrials);
    staleness.probes.push_back({at, at, {hits, kTrials}});
  }
  staleness.fresh_reads = {5900, 6000};
  staleness.reads_behind = {5900, 70, 20, 8, 2};
  staleness.behind_max = 4;
}

Measures measures_of(const std::string& variant, std::uint64_t seed, Run& run) {
  Measures measures;
  measures.variant = variant;
  measures.seed = seed;
  measures.driver = "sim";
  measures.r = measures.w = 1;
  measures.replicas = 3;
  measures.seconds = run.seconds;
  measures.healed = run.crash_end();
  measures.faults = faults_of(run);
  add_state(measures, run);
  add_seconds(measures, run);
  const std::vector<double>& behind = measures.state.columns.front().values;
  measures.convergence.peak = static_cast<std::uint64_t>(*std::ranges::max_element(behind));
  const double slowest = 7 / run.speed * (0.8 + 0.4 * run.noise());
  if (slowest < 60) measures.convergence.time_to_zero_s = slowest;
  measures.convergence.alpha_median = 0.3 + 0.1 * run.noise();
  add_staleness(measures.staleness, run);
  measures.siblings = {
      .reads = 6000, .mean = 1.02, .p99 = 2, .max = 4, .more_than_one = {90, 6000}, .clock_entries_max = 540};
  measures.lost.acknowledged = 5000;
  measures.repair = {.handoff_bytes = 180'000,
                     .read_repair_bytes = 30'000,
                     .anti_entropy_bytes = 1'400'000,
                     .hints_max = 140,
                     .hint_bytes_max = 43'000,
                     .bytes_per_pair = 4000 + 1500 * run.noise() + 900 / run.speed};
  add_traffic(measures.reads, run, 3.2);
  add_traffic(measures.writes, run, 6.4);
  return measures;
}

// Writes of a coordinator to its fellows and back, around each begin and end of a fault. What crosses the partition is
// lost.
std::vector<MessageTrace> messages_of(Run& run) {
  std::vector<MessageTrace> messages;
  for (const double moment : {run.split_begin(), run.split_end(), run.crash_begin()})
    for (int put = -6; put < 26; ++put) {
      const double at = moment + put * 0.0013;
      const auto coordinator = static_cast<std::int32_t>(run.rng.below(kNodes));
      messages.push_back({at - 0.0006, at, -1 - static_cast<std::int32_t>(run.rng.below(3)), coordinator, "Put",
                          "key k" + std::to_string(run.rng.below(100))});
      for (std::int32_t i = 1; i < 3; ++i) {
        const std::int32_t peer = (coordinator + i) % static_cast<std::int32_t>(kNodes);
        const bool lost = at >= run.split_begin() && at < run.split_end() && (coordinator < 2) != (peer < 2);
        const double there = lost ? MessageTrace::kLost : at + 0.0004 + 0.0008 * run.noise();
        messages.push_back({at, there, coordinator, peer, "Replicate", "write of k<7> & \"friends\""});
        if (!lost) messages.push_back({there, there + 0.0005, peer, coordinator, "Replicated", ""});
      }
    }
  return messages;
}

Verdict all_valid() {
  Verdict verdict;
  for (const char* name : {"lost", "resurrection", "invention", "sessions", "convergence", "evidence"})
    verdict.checks.push_back({.name = name, .judgement = Judgement::valid, .examined = 5000, .sentences = {}});
  return verdict;
}

RunInfo info_of(const std::vector<std::string>& variants, std::uint64_t seeds) {
  RunInfo info;
  info.name = "partition";
  info.title = "A partition, and who mends it";
  info.about =
      "Two of five nodes are cut off for a quarter of the load while clients write on both sides. Which "
      "mechanism brings the owners together again, how long does it take, and what does it cost?\n\n"
      "Afterwards one node loses its power for a moment.";
  info.text = "title = \"A partition, and who mends it\"\nseconds = 60\n\n[cluster]\nnodes = 5\nreplicas = 3\n";
  info.variants = variants;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) info.seeds.push_back(seed);
  info.driver = "sim";
  info.command = "shoal study run partition.toml --seeds 1.." + std::to_string(seeds);
  info.version = "0.1.0";
  info.revision = "0123abc";
  return info;
}

}  // namespace

StudyResults sample_results(const std::vector<std::string>& variants, std::uint64_t seeds, double seconds) {
  StudyResults results;
  results.info = info_of(variants, seeds);
  std::vector<Measures> all;
  for (std::size_t i = 0; i < variants.size(); ++i)
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      Run run{.speed = 0.12 * std::pow(2.2, static_cast<double>(i)), .seconds = seconds, .rng = Rng(seed * 31 + i)};
      RunResult one{.measures = measures_of(variants[i], seed, run),
                    .verdict = all_valid(),
                    .detailed = seed == 1,
                    .nodes = {},
                    .messages = {}};
      for (std::size_t node = 1; node <= kNodes; ++node) one.nodes.push_back("n" + std::to_string(node));
      if (one.detailed) one.messages = messages_of(run);
      all.push_back(one.measures);
      results.runs.push_back(std::move(one));
    }
  results.variants = aggregate_all(all);
  return results;
}

}  // namespace shoal::study
