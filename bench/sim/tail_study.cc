#include "bench/sim/tail_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace shoal::sim {
namespace {

constexpr std::size_t kPhases = static_cast<std::size_t>(TailPhase::count_);
constexpr const char* kPhaseNames[kPhases] = {"healthy", "first 0.5 s", "to 5 s", "afterwards"};

double ms(Duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

// The value that `permille` of the sorted samples do not exceed.
Duration quantile(const std::vector<Duration>& sorted, std::uint64_t permille) {
  if (sorted.empty()) return {};
  const std::uint64_t rank = (sorted.size() * permille + 999) / 1000;
  return sorted[std::max<std::uint64_t>(rank, 1) - 1];
}

TailFigures figures_of(const std::vector<TailSample>& samples, TailPhase phase, bool write) {
  TailFigures figures;
  std::vector<Duration> took;
  for (const TailSample& sample : samples) {
    if (sample.phase != phase || sample.write != write) continue;
    figures.requests += 1;
    figures.errors += sample.ok ? 0 : 1;
    took.push_back(sample.took);
  }
  std::ranges::sort(took);
  figures.p50 = quantile(took, 500);
  figures.p99 = quantile(took, 990);
  figures.p999 = quantile(took, 999);
  figures.max = quantile(took, 1000);
  return figures;
}

template <class Field>
Field median(const std::vector<const TailFigures*>& all, Field TailFigures::*field) {
  std::vector<Field> values;
  values.reserve(all.size());
  for (const TailFigures* figures : all) values.push_back(figures->*field);
  std::ranges::sort(values);
  return values[values.size() / 2];
}

TailFigures median_of(const std::vector<const TailFigures*>& all) {
  return TailFigures{median(all, &TailFigures::requests), median(all, &TailFigures::errors),
                     median(all, &TailFigures::p50),      median(all, &TailFigures::p99),
                     median(all, &TailFigures::p999),     median(all, &TailFigures::max)};
}

}  // namespace

double TailReport::slowdown(TailPhase phase) const {
  return ms(reads_in(phase).p999) / ms(reads_in(TailPhase::healthy).p999);
}

TailReport report_of(const std::vector<TailSample>& samples) {
  TailReport report;
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    report.reads[phase] = figures_of(samples, static_cast<TailPhase>(phase), false);
    report.writes[phase] = figures_of(samples, static_cast<TailPhase>(phase), true);
  }
  return report;
}

TailReport median_of(const std::vector<TailReport>& reports) {
  TailReport middle;
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    std::vector<const TailFigures*> reads;
    std::vector<const TailFigures*> writes;
    for (const TailReport& report : reports) {
      reads.push_back(&report.reads[phase]);
      writes.push_back(&report.writes[phase]);
    }
    middle.reads[phase] = median_of(reads);
    middle.writes[phase] = median_of(writes);
  }
  return middle;
}

std::string table_of(const TailReport& report) {
  std::string text = fmt::format("{:<12} {:<4} {:>10} {:>9} {:>9} {:>9} {:>9} {:>7}\n", "phase", "op", "requests",
                                 "p50 ms", "p99 ms", "p99.9 ms", "max ms", "errors");
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    for (const bool write : {false, true}) {
      const TailFigures& found = write ? report.writes[phase] : report.reads[phase];
      text += fmt::format("{:<12} {:<4} {:>10} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>7}\n", kPhaseNames[phase],
                          write ? "put" : "get", found.requests, ms(found.p50), ms(found.p99), ms(found.p999),
                          ms(found.max), found.errors);
    }
  }
  return text;
}

void print_tail_study(TailFault fault, std::uint64_t seeds, std::uint32_t rate) {
  for (const std::uint32_t nodes : {3U, 5U}) {
    std::vector<TailReport> reports;
    double worst = 0;  // of both phases
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      reports.push_back(report_of(TailWorld({.seed = seed, .fault = fault, .nodes = nodes, .rate = rate}).run()));
      for (const TailPhase phase : {TailPhase::reacted, TailPhase::afterwards})
        worst = std::max(worst, reports.back().slowdown(phase));
    }
    const TailReport middle = median_of(reports);
    fmt::print("one of {} nodes {}, 3 copies, r = w = 2, {} requests/s, medians of {} seeds\n{}", nodes,
               fault == TailFault::stops ? "stops" : "hangs", rate, seeds, table_of(middle));
    fmt::print("p99.9 of gets, times the healthy one: {:.2f} to 5 s, {:.2f} afterwards; in the worst seed {:.2f}\n\n",
               middle.slowdown(TailPhase::reacted), middle.slowdown(TailPhase::afterwards), worst);
    std::fflush(stdout);
  }
}

}  // namespace shoal::sim
