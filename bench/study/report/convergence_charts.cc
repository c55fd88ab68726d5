#include <algorithm>
#include <cctype>

#include "bench/study/report/chart_kit.h"
#include "bench/study/report/charts.h"
#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

bool has_faults(const StudyResults& results) {
  return std::ranges::any_of(results.variants, [](const auto& variant) { return !variant.faults.empty(); });
}

// The two times that tell how long healing takes.
struct Wait {
  std::string_view id;
  std::string_view title;
  std::string_view since;  // what it is counted from
  std::string_view does;   // S(t), then
  OfRun value;
};

Wait until_zero_for_good(const StudyResults& results) {
  return {"convergence-time", "Time until S(t) stays 0",
          has_faults(results) ? "load and faults ended" : "the load ended", "stays 0",
          [](const Measures& run) { return run.convergence.time_to_zero_s; }};
}

Wait until_first_zero() {
  return {"first-zero-time", "Time until S(t) is 0 for the first time, under load", "the last fault ended", "is 0",
          [](const Measures& run) { return run.convergence.first_zero_s; }};
}

// "13.2 s", "52 s, in 15 of 20 runs", "in none of 20 runs".
std::string ending_of(const StudyResults& results, const VariantMeasures& variant, const OfRun& value) {
  const std::vector<double> times = values_of(results, variant, value);
  const std::size_t runs = runs_of(results, variant);
  const std::string of_all = " of " + std::to_string(runs) + (runs == 1 ? " run" : " runs");
  if (times.empty()) return runs == 1 ? "never" : "in none" + of_all;
  const std::string time = in_words(*median(times), "s");
  return times.size() == runs ? time : time + ", in " + std::to_string(times.size()) + of_all;
}

// "in 13.2 s"; among several variants only the quickest and the slowest: "first with a (2 s) and last with b (9 s)".
std::string endings_of(const StudyResults& results, const OfRun& value) {
  const auto rank = [&](const VariantMeasures& variant) {
    const auto times = values_of(results, variant, value);
    return std::make_pair(runs_of(results, variant) - times.size(), median(times).value_or(0));
  };
  const auto& all = results.variants;
  const auto [first, last] = std::ranges::minmax_element(all, {}, rank);
  const std::string quickest = ending_of(results, *first, value);
  if (rank(*first) != rank(*last))
    return "first with " + name_of(*first) + " (" + quickest + ") and last with " + name_of(*last) + " (" +
           ending_of(results, *last, value) + ")";
  const bool is_time = std::isdigit(static_cast<unsigned char>(quickest.front())) != 0;
  return (is_time ? "after " : "") + quickest + (all.size() == 1 ? "" : " in every variant");
}

Chart divergence(const StudyResults& results) {
  Chart chart = plot(results, "divergence", "Divergence S(t)", time_axis(),
                     {.label = "pairs of key and owner behind", .log = true, .whole = true, .categories = {}});
  add_band(chart, results, "behind");
  const Wait wait = until_zero_for_good(results);
  chart.sentence = "S(t) peaks at " + peaks_of(results, "behind", "pairs") + "; counted from when " +
                   std::string(wait.since) + ", it is 0 for good " + endings_of(results, wait.value) + ".";
  return chart;
}

Chart keys_apart(const StudyResults& results) {
  Chart chart = plot(results, "keys-apart", "Keys on which owners differ", time_axis(),
                     {.label = "keys with an owner behind", .from_zero = true, .whole = true, .categories = {}});
  add_band(chart, results, "keys_apart");
  chart.sentence = "At the worst moment owners differ on " + peaks_of(results, "keys_apart", "keys") + ".";
  return chart;
}

// ---- times ---------------------------------------------------------------------------------------------------------

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

std::string label_of(const Wait& wait) { return "time since " + std::string(wait.since) + " (s)"; }

// Over several seeds: which share of the runs had got there by when.
Chart shares_over_time(const StudyResults& results, const Wait& wait) {
  Chart chart = plot(results, wait.id, wait.title, {.label = label_of(wait), .from_zero = true, .categories = {}},
                     {.label = "share of runs", .from_zero = true, .categories = {}});
  double latest = 0;
  for (std::size_t i = 0; i < results.variants.size(); ++i) {
    const auto times = values_of(results, results.variants[i], wait.value);
    Series series = staircase(times, runs_of(results, results.variants[i]));
    series.name = name_of(results.variants[i]);
    series.colour = i;
    latest = std::max(latest, series.x.back());
    chart.series.push_back(std::move(series));  // of a variant that never gets there: a line at 0
  }
  for (Series& series : chart.series) {
    series.x.push_back(latest * 1.05);  // it stays where it is beyond the last run of all
    series.y.push_back(series.y.back());
  }
  chart.sentence = "S(t) " + std::string(wait.does) + " " + endings_of(results, wait.value) +
                   "; the slowest run that gets there takes " + in_words(latest, "s") + ".";
  return chart;
}

// Over one seed: a point for each variant.
Chart points_by_variant(const StudyResults& results, const Wait& wait) {
  Chart chart = plot(results, wait.id, wait.title, {.label = "variant"},
                     {.label = label_of(wait), .from_zero = true, .categories = {}});
  Series points{.name = "time", .style = Series::Style::points};
  for (std::size_t i = 0; i < results.variants.size(); ++i) {
    chart.x.categories.push_back(name_of(results.variants[i]));
    const auto middle = median(values_of(results, results.variants[i], wait.value));
    if (!middle) continue;
    points.x.push_back(static_cast<double>(i));
    points.y.push_back(*middle);
  }
  chart.series.push_back(std::move(points));
  chart.sentence = "S(t) " + std::string(wait.does) + " " + endings_of(results, wait.value) + ".";
  return chart;
}

// Where S(t) is 0 all along, or never again, there are no times to compare.
bool has_times(const StudyResults& results, const Wait& wait) {
  return std::ranges::any_of(results.runs,
                             [&](const RunResult& run) { return wait.value(run.measures).value_or(0) > 0; });
}

// Without a load after the faults both times are the same, and are drawn once.
std::vector<Wait> waits_of(const StudyResults& results) {
  const Wait good = until_zero_for_good(results);
  const Wait first = until_first_zero();
  const bool same = std::ranges::all_of(
      results.runs, [&](const RunResult& run) { return good.value(run.measures) == first.value(run.measures); });
  std::vector<Wait> waits;
  if (has_times(results, good)) waits.push_back(good);
  if (has_faults(results) && !same && has_times(results, first)) waits.push_back(first);
  return waits;
}

}  // namespace

std::vector<Chart> convergence_charts(const StudyResults& results) {
  std::vector<Chart> charts;
  for (Chart& chart : std::vector<Chart>{divergence(results), keys_apart(results)})
    if (shows_anything(chart)) charts.push_back(std::move(chart));
  const bool many_seeds = results.info.seeds.size() > 1;
  if (!many_seeds && results.variants.size() == 1) return charts;  // one time is a sentence, not a picture
  for (const Wait& wait : waits_of(results))
    charts.push_back(many_seeds ? shares_over_time(results, wait) : points_by_variant(results, wait));
  return charts;
}

}  // namespace shoal::study
