#include <algorithm>
#include <cctype>
#include <cmath>

#include "bench/study/report/chart_kit.h"
#include "bench/study/report/charts.h"
#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

constexpr std::size_t kColumnsMax = 240;  // of a heat map
constexpr std::size_t kHeatMapsMax = 8;

std::optional<double> time_to_zero(const Measures& run) { return run.convergence.time_to_zero_s; }

// "13.2 s", "52 s, in 15 of 20 runs", "in none of 20 runs".
std::string ending_of(const StudyResults& results, const VariantMeasures& variant) {
  const std::vector<double> times = values_of(results, variant, time_to_zero);
  const std::size_t runs = runs_of(results, variant);
  const std::string of_all = " of " + std::to_string(runs) + (runs == 1 ? " run" : " runs");
  if (times.empty()) return runs == 1 ? "never" : "in none" + of_all;
  const std::string time = in_words(*median(times), "s");
  return times.size() == runs ? time : time + ", in " + std::to_string(times.size()) + of_all;
}

// Among several variants only the quickest and the slowest are named.
std::string endings_of(const StudyResults& results) {
  const auto rank = [&](const VariantMeasures& variant) {
    const auto times = values_of(results, variant, time_to_zero);
    return std::make_pair(runs_of(results, variant) - times.size(), median(times).value_or(0));
  };
  const std::string when = "counted from the end of load and faults, it is 0 for good ";
  const auto& all = results.variants;
  const auto [first, last] = std::ranges::minmax_element(all, {}, rank);
  if (rank(*first) == rank(*last)) {
    const std::string which = all.size() == 1 ? "" : ", in every variant";
    const std::string ending = ending_of(results, *first);
    return when + (std::isdigit(static_cast<unsigned char>(ending.front())) != 0 ? "after " : "") + ending + which;
  }
  return when + "first with " + name_of(*first) + " (" + ending_of(results, *first) + ") and last with " +
         name_of(*last) + " (" + ending_of(results, *last) + ")";
}

Chart divergence(const StudyResults& results) {
  Chart chart = plot(results, "divergence", "Divergence S(t)", time_axis(),
                     {.label = "pairs of key and owner behind", .log = true, .whole = true, .categories = {}});
  add_band(chart, results, "behind");
  chart.sentence = "S(t) peaks at " + peaks_of(results, "behind", "pairs") + "; " + endings_of(results) + ".";
  return chart;
}

Chart keys_apart(const StudyResults& results) {
  Chart chart = plot(results, "keys-apart", "Keys on which owners differ", time_axis(),
                     {.label = "keys with an owner behind", .from_zero = true, .whole = true, .categories = {}});
  add_band(chart, results, "keys_apart");
  chart.sentence = "At the worst moment owners differ on " + peaks_of(results, "keys_apart", "keys") + ".";
  return chart;
}

// ---- time to zero --------------------------------------------------------------------------------------------------

Series staircase(std::vector<double> times, std::size_t runs) {
  std::ranges::sort(times);
  Series series;
  series.style = Series::Style::step;
  series.x.push_back(0);
  series.y.push_back(0);
  for (std::size_t i = 0; i < times.size(); ++i) {
    series.x.push_back(times[i]);
    series.y.push_back(static_cast<double>(i + 1) / static_cast<double>(runs));
  }
  return series;
}

// Over several seeds: which share of the runs had converged by when.
Chart convergence_cdf(const StudyResults& results) {
  Chart chart = plot(results, "convergence-time", "Time to converge",
                     {.label = "time since load and faults ended (s)", .from_zero = true, .categories = {}},
                     {.label = "share of runs converged", .from_zero = true, .categories = {}});
  double latest = 0;
  for (std::size_t i = 0; i < results.variants.size(); ++i) {
    const auto times = values_of(results, results.variants[i], time_to_zero);
    Series series = staircase(times, runs_of(results, results.variants[i]));
    series.name = name_of(results.variants[i]);
    series.colour = i;
    latest = std::max(latest, series.x.back());
    if (!times.empty()) chart.series.push_back(std::move(series));
  }
  for (Series& series : chart.series) {
    series.x.push_back(latest * 1.05);  // it stays where it is beyond the last run of all
    series.y.push_back(series.y.back());
  }
  chart.sentence = "S(t): " + endings_of(results) + "; the slowest run of all takes " + in_words(latest, "s") + ".";
  return chart;
}

// Over one seed: a point for each variant.
Chart convergence_points(const StudyResults& results) {
  Chart chart =
      plot(results, "convergence-time", "Time to converge", {.label = "variant"},
           {.label = "time from the end of load and faults to S = 0 (s)", .from_zero = true, .categories = {}});
  Series points{.name = "time to converge", .style = Series::Style::points};
  for (std::size_t i = 0; i < results.variants.size(); ++i) {
    chart.x.categories.push_back(name_of(results.variants[i]));
    const auto middle = median(values_of(results, results.variants[i], time_to_zero));
    if (!middle) continue;
    points.x.push_back(static_cast<double>(i));
    points.y.push_back(*middle);
  }
  chart.series.push_back(std::move(points));
  chart.sentence = "S(t): " + endings_of(results) + ".";
  return chart;
}

// Where S(t) is 0 all along, or never again, there are no times to compare.
bool any_time_to_zero(const StudyResults& results) {
  return std::ranges::any_of(results.runs,
                             [](const RunResult& run) { return time_to_zero(run.measures).value_or(0) > 0; });
}

// ---- heat maps -----------------------------------------------------------------------------------------------------

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

std::vector<Chart> convergence_charts(const StudyResults& results) {
  std::vector<Chart> charts;
  for (Chart& chart : std::vector<Chart>{divergence(results), keys_apart(results)})
    if (shows_anything(chart)) charts.push_back(std::move(chart));
  const bool many_seeds = results.info.seeds.size() > 1;
  if (any_time_to_zero(results) && (many_seeds || results.variants.size() > 1))
    charts.push_back(many_seeds ? convergence_cdf(results) : convergence_points(results));
  std::size_t heat_maps = 0;
  for (const RunResult& run : results.runs) {
    if (!run.detailed || heat_maps == kHeatMapsMax) continue;
    if (auto chart = heat_map(results, run)) charts.push_back(std::move(*chart)), ++heat_maps;
  }
  return charts;
}

}  // namespace shoal::study
