#include <algorithm>
#include <array>
#include <cmath>

#include "bench/study/report/chart_kit.h"
#include "bench/study/report/charts.h"
#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

// Two bands of each variant: of these one is the lesser, drawn thin.
struct Pair {
  std::string_view band;
  std::string_view name;
  std::string_view thin_band;
  std::string_view thin_name;
};

// What a second says holds until the next one: a gap begins where its second begins, and the last one lasts too.
Series of_seconds(Series series) {
  Series out = series;
  out.x.clear(), out.y.clear(), out.low.clear(), out.high.clear();
  const bool spread = !series.low.empty();
  const auto add = [&](double x, std::size_t i) {
    out.x.push_back(x);
    out.y.push_back(series.y[i]);
    if (spread) out.low.push_back(series.low[i]), out.high.push_back(series.high[i]);
  };
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (i > 0 && std::isnan(series.y[i]) && !std::isnan(series.y[i - 1])) add(series.x[i], i - 1);
    add(series.x[i], i);
  }
  if (!series.x.empty()) add(series.x.back() + 1, series.x.size() - 1);
  return out;
}

void add_line(Chart& chart, const VariantMeasures& variant, std::string_view band, std::string name,
              std::size_t colour) {
  const Band* found = variant.band(band);
  if (found == nullptr || found->at.empty()) return;
  chart.series.push_back(of_seconds(series_of(*found, variant, 1)));
  Series& series = chart.series.back();
  series.name = std::move(name);
  series.colour = colour;
}

void add_pair(Chart& chart, const StudyResults& results, const Pair& pair) {
  for (std::size_t i = 0; i < results.variants.size(); ++i) {
    const VariantMeasures& variant = results.variants[i];
    const std::string of = results.variants.size() == 1 ? "" : name_of(variant) + ", ";
    add_line(chart, variant, pair.band, of + std::string(pair.name), i);
    const std::size_t before = chart.series.size();
    add_line(chart, variant, pair.thin_band, of + std::string(pair.thin_name), i);
    if (chart.series.size() == before) continue;
    Series& thin = chart.series.back();
    thin.thin = true;
    thin.low.clear();  // one interval a colour is enough to look at
    thin.high.clear();
  }
}

Axis rate_axis() { return {.label = "operations per second", .from_zero = true, .categories = {}}; }

// ---- throughput and failures ---------------------------------------------------------------------------------------

using Path = Traffic Measures::*;

OfRun succeeded(Path path, Period period) {
  return [path, period](const Measures& run) -> std::optional<double> {
    const Service& service = (run.*path).in(period);
    const auto all = static_cast<double>(service.ok + service.fail + service.info);
    return all == 0 ? std::nullopt : std::optional(static_cast<double>(service.ok) / all);
  };
}

std::string success_sentence(const StudyResults& results) {
  const std::string reads = range_of(results, "share", succeeded(&Measures::reads, Period::during));
  const std::string writes = range_of(results, "share", succeeded(&Measures::writes, Period::during));
  std::vector<std::string> clauses;
  if (!reads.empty()) clauses.push_back("of the reads " + reads);
  if (!writes.empty()) clauses.push_back("of the writes " + writes);
  if (!clauses.empty()) return "While a fault lasts, " + listed(clauses) + " succeed.";
  const std::string all_reads = range_of(results, "share", succeeded(&Measures::reads, Period::all));
  const std::string all_writes = range_of(results, "share", succeeded(&Measures::writes, Period::all));
  if (!all_reads.empty()) clauses.push_back("of the reads " + all_reads);
  if (!all_writes.empty()) clauses.push_back("of the writes " + all_writes);
  return clauses.empty() ? "" : "In the whole run, " + listed(clauses) + " succeed.";
}

Chart throughput(const StudyResults& results) {
  Chart chart = plot(results, "throughput", "Operations that succeed", time_axis(), rate_axis());
  add_pair(chart, results, {"write_ok", "writes", "read_ok", "reads"});
  chart.sentence = success_sentence(results);
  return chart;
}

OfRun count_of(std::uint64_t Service::*what) {
  return [what](const Measures& run) {
    return std::optional(static_cast<double>(run.reads.in(Period::all).*what + run.writes.in(Period::all).*what));
  };
}

std::string failed_clause(const StudyResults& results) {
  return "nothing came of " + range_of(results, "operations", count_of(&Service::fail));
}

std::string unknown_clause(const StudyResults& results) {
  return "nobody knows what came of " + range_of(results, "operations", count_of(&Service::info));
}

bool is_zero(double value) { return value == 0; }

// One chart for one variant; for several one of failures and one of what is unknown.
std::vector<Chart> failures(const StudyResults& results) {
  Chart both = plot(results, "failures", "Operations that fail or whose end is unknown", time_axis(), rate_axis());
  both.sentence = "In the whole run " + failed_clause(results) + ", and " + unknown_clause(results) + ".";
  if (results.variants.size() == 1) {
    const VariantMeasures& variant = results.variants.front();
    add_line(both, variant, "write_fail", "writes failed", 0);
    add_line(both, variant, "write_info", "writes unknown", 1);
    add_line(both, variant, "read_fail", "reads failed", 2);
    add_line(both, variant, "read_info", "reads unknown", 3);
    std::erase_if(both.series, [](const Series& series) { return std::ranges::all_of(series.y, is_zero); });
    return {both};
  }
  Chart unknown = plot(results, "unknown", "Operations whose end is unknown", time_axis(), rate_axis());
  unknown.sentence = "In the whole run " + unknown_clause(results) + ".";
  add_pair(unknown, results, {"write_info", "writes", "read_info", "reads"});
  both.title = "Operations that certainly fail";
  both.sentence = "In the whole run " + failed_clause(results) + ".";
  add_pair(both, results, {"write_fail", "writes", "read_fail", "reads"});
  return {both, unknown};
}

// ---- latency -------------------------------------------------------------------------------------------------------

OfRun p99_in(Path path, Period period) {
  return [path, period](const Measures& run) -> std::optional<double> {
    const Percentiles& latency = (run.*path).in(period).ok_ms;
    return latency.count == 0 ? std::nullopt : std::optional(latency.p99);
  };
}

std::string latency_sentence(const StudyResults& results, Path path) {
  std::vector<std::string> clauses;
  for (const Period period : {Period::before, Period::during, Period::after}) {
    const std::string range = range_of(results, "ms", p99_in(path, period));
    if (!range.empty()) clauses.push_back(range + " " + std::string(name_of(period)));
  }
  if (clauses.size() == 1) return "p99 is " + range_of(results, "ms", p99_in(path, Period::all)) + ".";
  return "p99 is " + listed(clauses) + " the faults.";
}

Chart latency(const StudyResults& results, std::string_view what, Path path) {
  const std::string word(what);
  Chart chart = plot(results, word + "-latency", "Latency of " + word + "s that succeed", time_axis(),
                     {.label = "latency (ms)", .log = true, .categories = {}});
  const std::string p99 = word + "_p99";
  const std::string p50 = word + "_p50";
  add_pair(chart, results, {p99, "p99", p50, "p50"});
  chart.sentence = latency_sentence(results, path);
  return chart;
}

}  // namespace

std::vector<Chart> load_charts(const StudyResults& results) {
  std::vector<Chart> charts = {throughput(results)};
  for (Chart& chart : failures(results)) charts.push_back(std::move(chart));
  charts.push_back(latency(results, "read", &Measures::reads));
  charts.push_back(latency(results, "write", &Measures::writes));
  std::erase_if(charts, [](const Chart& chart) { return !shows_anything(chart); });
  return charts;
}

}  // namespace shoal::study
