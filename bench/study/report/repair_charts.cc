#include <algorithm>
#include <array>
#include <cmath>

#include "bench/study/report/chart_kit.h"
#include "bench/study/report/charts.h"
#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

struct Cause {
  std::string_view band;
  std::string_view name;
  std::string_view id;
};
constexpr std::array kCauses = {Cause{"handoff_bytes", "hinted handoff", "handoff-bytes"},
                                Cause{"read_repair_bytes", "read repair", "read-repair-bytes"},
                                Cause{"anti_entropy_bytes", "anti-entropy", "anti-entropy-bytes"}};

Axis bytes_axis(std::string_view what, const ByteUnit& unit) {
  return {.label = std::string(what) + " (" + std::string(unit.name) + ")", .from_zero = true, .categories = {}};
}

Chart counted(const StudyResults& results, std::string_view id, std::string_view title, std::string_view band,
              std::string_view unit) {
  Chart chart = plot(results, id, title, time_axis(),
                     {.label = std::string(unit), .from_zero = true, .whole = true, .categories = {}});
  add_band(chart, results, band);
  return chart;
}

Chart hints(const StudyResults& results) {
  Chart chart = counted(results, "hints", "Hints waiting for their owners", "hints", "hints");
  const auto bytes = [](const Measures& run) { return std::optional(static_cast<double>(run.repair.hint_bytes_max)); };
  chart.sentence = "The backlog peaks at " + peaks_of(results, "hints", "hints") + ", and at " +
                   range_of(results, "bytes", bytes) + ".";
  return chart;
}

// ---- bytes ---------------------------------------------------------------------------------------------------------

// The causes as lines of one chart, for one variant.
Chart bytes_of_one(const StudyResults& results) {
  double most = 0;
  for (const Cause& cause : kCauses) most = std::max(most, largest(results, cause.band));
  const ByteUnit unit = byte_unit(most);
  Chart chart = plot(results, "repair-bytes", "Bytes spent on repair, by cause", time_axis(),
                     bytes_axis("since the start", unit));
  const VariantMeasures& variant = results.variants.front();
  std::vector<std::string> clauses;
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    const Band* band = variant.band(kCauses[i].band);
    if (band == nullptr || band->median.empty()) continue;
    chart.series.push_back(series_of(*band, variant, 1 / unit.bytes));
    chart.series.back().name = kCauses[i].name;
    chart.series.back().colour = i;
    clauses.push_back(in_words(band->median.back(), "bytes") + " by " + std::string(kCauses[i].name));
  }
  chart.sentence = "At the end repair has sent " + listed(clauses) + " (" + over_seeds(variant) + ").";
  return chart;
}

// A chart for each cause, for several variants.
Chart bytes_by_cause(const StudyResults& results, const Cause& cause) {
  const ByteUnit unit = byte_unit(largest(results, cause.band));
  Chart chart = plot(results, cause.id, "Bytes spent on " + std::string(cause.name), time_axis(),
                     bytes_axis("since the start", unit));
  add_band(chart, results, cause.band, 1 / unit.bytes);
  chart.sentence =
      "At the end " + std::string(cause.name) + " has sent " + peaks_of(results, cause.band, "bytes") + ".";
  return chart;
}

std::optional<double> cost_of(const Measures& run) { return run.repair.bytes_per_pair; }

Chart repair_cost(const StudyResults& results) {
  double most = 0;
  for (const RunResult& run : results.runs) most = std::max(most, cost_of(run.measures).value_or(0));
  const ByteUnit unit = byte_unit(most);
  Chart chart = plot(results, "repair-cost", "What repair costs for each pair that was behind", {.label = "variant"},
                     bytes_axis("repair for each pair at the peak of S(t)", unit));
  Series points{.name = "repair a pair", .style = Series::Style::points};
  for (std::size_t i = 0; i < results.variants.size(); ++i) {
    const VariantMeasures& variant = results.variants[i];
    chart.x.categories.push_back(name_of(variant));
    const auto values = values_of(results, variant, cost_of);
    if (values.empty()) continue;
    const auto [low, high] = std::ranges::minmax(values);
    points.x.push_back(static_cast<double>(i));
    points.y.push_back(*median(values) / unit.bytes);
    points.low.push_back(low / unit.bytes);
    points.high.push_back(high / unit.bytes);
  }
  chart.series.push_back(std::move(points));
  chart.sentence = "A pair of key and owner that fell behind costs " + range_of(results, "bytes", cost_of) +
                   " of repair (medians; whiskers from the least to the most of all seeds).";
  return chart;
}

// ---- siblings and clocks -------------------------------------------------------------------------------------------

Chart siblings(const StudyResults& results) {
  Chart chart = counted(results, "siblings", "Siblings of the most divided key", "siblings_max", "values side by side");
  const auto shared = [](const Measures& run) -> std::optional<double> {
    if (run.siblings.more_than_one.trials == 0) return std::nullopt;
    return run.siblings.more_than_one.value();
  };
  chart.sentence = "The most divided key has " + peaks_of(results, "siblings_max", "values") +
                   " at once; of the reads " + range_of(results, "share", shared) + " return more than one value.";
  return chart;
}

Chart clocks(const StudyResults& results) {
  Chart chart = counted(results, "clock-entries", "Entries of all version vectors", "clock_entries", "entries");
  chart.sentence = "All version vectors together grow to " + peaks_of(results, "clock_entries", "entries") + ".";
  return chart;
}

// A key with one value is no sibling's sibling: the line has to leave 1.
bool has_siblings(const StudyResults& results) { return largest(results, "siblings_max") > 1; }

}  // namespace

std::vector<Chart> repair_charts(const StudyResults& results) {
  std::vector<Chart> charts = {hints(results)};
  const bool one = results.variants.size() == 1;
  if (one) charts.push_back(bytes_of_one(results));
  if (!one)
    for (const Cause& cause : kCauses) charts.push_back(bytes_by_cause(results, cause));
  if (!one) charts.push_back(repair_cost(results));
  if (has_siblings(results)) charts.push_back(siblings(results));
  charts.push_back(clocks(results));
  std::erase_if(charts, [](const Chart& chart) { return !shows_anything(chart); });
  return charts;
}

}  // namespace shoal::study
