#include <algorithm>

#include "bench/study/report/chart_kit.h"
#include "bench/study/report/charts.h"
#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

constexpr std::size_t kColumnsMax = 240;
constexpr std::size_t kHeatMapsMax = 8;

std::vector<double> bin_edges(const std::vector<double>& at, std::size_t a_bin) {
  std::vector<double> edges;
  for (std::size_t i = 0; i < at.size(); i += a_bin) edges.push_back(at[i]);
  const double step = at.size() > 1 ? at[at.size() - 1] - at[at.size() - 2] : 1;
  edges.push_back(at.back() + step);
  return edges;
}

std::vector<double> bin_maxima(const std::vector<double>& values, std::size_t a_bin) {
  std::vector<double> out;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (i % a_bin == 0)
      out.push_back(values[i]);
    else
      out.back() = std::max(out.back(), values[i]);
  return out;
}

HeatMap heat_of(const Lines& lines) {
  const std::size_t a_bin = (lines.at.size() + kColumnsMax - 1) / kColumnsMax;
  HeatMap heat{.unit = "pairs behind", .rows = {}, .edges = bin_edges(lines.at, a_bin), .cells = {}};
  for (const Lines::Column& column : lines.columns) {
    heat.rows.push_back(column.name);
    heat.cells.push_back(bin_maxima(column.values, a_bin));
  }
  return heat;
}

struct Worst {
  std::string row;
  double value = 0;
  double at = 0;
};

Worst worst_of(const HeatMap& heat) {
  Worst worst;
  for (std::size_t row = 0; row < heat.rows.size(); ++row)
    for (std::size_t column = 0; column < heat.cells[row].size(); ++column)
      if (heat.cells[row][column] > worst.value) worst = {heat.rows[row], heat.cells[row][column], heat.edges[column]};
  return worst;
}

// Of the run that was recorded in detail.
std::optional<Chart> heat_map(const StudyResults& results, const RunResult& run) {
  const Measures& measures = run.measures;
  if (measures.behind_by_node.at.empty() || measures.behind_by_node.columns.empty()) return std::nullopt;
  const std::string of = measures.variant.empty() ? "" : ": " + measures.variant;
  Chart chart =
      plot(results, "heat-" + slug(measures.variant), "Who is behind, and when" + of, time_axis(), {.label = "node"});
  chart.kind = Chart::Kind::heat;
  chart.heat = heat_of(measures.behind_by_node);
  const Worst worst = worst_of(chart.heat);
  if (worst.value == 0) return std::nullopt;
  chart.sentence = worst.row + " is furthest behind: it lacks " + in_words(worst.value, "pairs") + " at " +
                   plain(worst.at) + " s (seed " + std::to_string(measures.seed) + ").";
  return chart;
}

}  // namespace

std::vector<Chart> heat_charts(const StudyResults& results) {
  std::vector<Chart> charts;
  for (const RunResult& run : results.runs) {
    if (!run.detailed || charts.size() == kHeatMapsMax) continue;
    if (auto chart = heat_map(results, run)) charts.push_back(std::move(*chart));
  }
  return charts;
}

}  // namespace shoal::study
