#include "bench/study/measures.h"

#include <fmt/format.h>

#include <utility>

#include "bench/study/causality.h"
#include "bench/study/measure_parts.h"

namespace shoal::study {
namespace {

class Numbers {
 public:
  void add(std::string name, std::string unit, std::optional<double> value) {
    numbers_.push_back({std::move(name), std::move(unit), value});
  }
  void count(std::string name, std::string unit, std::uint64_t value) {
    add(std::move(name), std::move(unit), static_cast<double>(value));
  }
  void share(const std::string& name, const Share& share) {
    add(name, "1", share.trials == 0 ? std::nullopt : std::optional(share.value()));
  }
  std::vector<Number> take() && { return std::move(numbers_); }

 private:
  std::vector<Number> numbers_;
};

void add_convergence(Numbers& numbers, const Convergence& convergence) {
  numbers.add("time_to_zero_s", "s", convergence.time_to_zero_s);
  numbers.add("first_zero_s", "s", convergence.first_zero_s);
  numbers.count("behind_peak", "pairs", convergence.peak);
  numbers.count("keys_apart_peak", "keys", convergence.keys_apart);
  numbers.count("behind_left", "pairs", convergence.left);
  numbers.add("alpha_median", "1", convergence.alpha_median);
  numbers.add("alpha_worst", "1", convergence.alpha_worst);
  numbers.count("alpha_rounds", "rounds", convergence.rounds);
  numbers.add("fit_alpha", "1", convergence.fit_alpha);
  numbers.add("fit_beta", "pairs", convergence.fit_beta);
}

void add_staleness(Numbers& numbers, const Staleness& staleness) {
  numbers.share("fresh_reads", staleness.fresh_reads);
  numbers.count("behind_max", "versions", staleness.behind_max);
  numbers.add("visible_99_ms", "ms", visible_after_ms(staleness.probes, 0.99));
  numbers.add("visible_999_ms", "ms", visible_after_ms(staleness.probes, 0.999));
}

void add_values(Numbers& numbers, const Measures& measures) {
  const Siblings& siblings = measures.siblings;
  const bool any = siblings.reads > 0;
  numbers.add("siblings_mean", "values", any ? std::optional(siblings.mean) : std::nullopt);
  numbers.add("siblings_p99", "values", any ? std::optional(siblings.p99) : std::nullopt);
  numbers.count("siblings_max", "values", siblings.max);
  numbers.share("siblings_share", siblings.more_than_one);
  numbers.count("clock_entries_max", "entries", siblings.clock_entries_max);
  numbers.count("acknowledged", "writes", measures.lost.acknowledged);
  numbers.count("lost", "writes", measures.lost.lost);
  numbers.count("dropped", "writes", measures.lost.dropped);
  numbers.count("end_unknown", "writes", measures.lost.unknown);
}

void add_repair(Numbers& numbers, const Repair& repair) {
  numbers.count("handoff_bytes", "bytes", repair.handoff_bytes);
  numbers.count("read_repair_bytes", "bytes", repair.read_repair_bytes);
  numbers.count("anti_entropy_bytes", "bytes", repair.anti_entropy_bytes);
  numbers.add("bytes_per_pair", "bytes", repair.bytes_per_pair);
  numbers.count("hints_max", "hints", repair.hints_max);
  numbers.count("hint_bytes_max", "bytes", repair.hint_bytes_max);
}

void add_traffic(Numbers& numbers, const std::string& what, const Traffic& traffic) {
  for (const Period period : {Period::all, Period::before, Period::during, Period::after}) {
    const Service& service = traffic.in(period);
    const std::string when = period == Period::all ? "" : "_" + std::string(name_of(period));
    const Percentiles& ms = service.ok_ms;
    const auto latency = [&](const char* name, double value) {
      numbers.add(fmt::format("{}_{}{}_ms", what, name, when), "ms",
                  ms.count == 0 ? std::nullopt : std::optional(value));
    };
    numbers.count(fmt::format("{}_ok{}", what, when), "operations", service.ok);
    numbers.count(fmt::format("{}_fail{}", what, when), "operations", service.fail);
    numbers.count(fmt::format("{}_info{}", what, when), "operations", service.info);
    latency("mean", ms.mean);
    latency("p50", ms.p50);
    latency("p95", ms.p95);
    latency("p99", ms.p99);
    latency("p999", ms.p999);
    latency("max", ms.max);
  }
}

}  // namespace

MeasureSettings settings_for(const Scenario& scenario) {
  MeasureSettings settings{.round_s = scenario.cluster.repair_interval_s};
  for (const Workload& workload : scenario.workloads)
    settings.probes_ms.insert(settings.probes_ms.end(), workload.probes_ms.begin(), workload.probes_ms.end());
  return settings;
}

Measures measure(const Recording& recording, const MeasureSettings& settings) {
  const Causality causality(recording);
  return {.variant = recording.variant,
          .seed = recording.seed,
          .driver = recording.driver,
          .r = recording.r,
          .w = recording.w,
          .replicas = recording.replicas,
          .seconds = recording.seconds,
          .healed = recording.healed,
          .faults = recording.faults,
          .convergence = measure_convergence(recording, settings.round_s),
          .staleness = measure_staleness(recording, causality, settings),
          .siblings = measure_siblings(recording),
          .lost = measure_losses(recording, causality),
          .repair = measure_repair(recording),
          .reads = measure_traffic(recording, true),
          .writes = measure_traffic(recording, false),
          .state = state_lines(recording),
          .behind_by_node = node_lines(recording),
          .seconds_lines = second_lines(recording)};
}

std::vector<Number> numbers_of(const Measures& measures) {
  Numbers numbers;
  add_convergence(numbers, measures.convergence);
  add_staleness(numbers, measures.staleness);
  add_values(numbers, measures);
  add_repair(numbers, measures.repair);
  add_traffic(numbers, "read", measures.reads);
  add_traffic(numbers, "write", measures.writes);
  numbers.count("comparisons_lost", "operations", measures.writes.in(Period::all).lost);
  return std::move(numbers).take();
}

}  // namespace shoal::study
