#include <algorithm>
#include <cmath>
#include <limits>

#include "bench/study/report/chart_kit.h"
#include "bench/study/report/charts.h"
#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

constexpr std::uint64_t kTrialsMin = 20;  // of a point: fewer say nothing

using Curve = std::vector<Visibility> Staleness::*;

// Bins of ordinary reads stand at their begin: what was read later than that is at least as fresh.
Series visibility(const std::vector<Visibility>& curve) {
  Series series;
  for (const Visibility& point : curve) {
    if (point.fresh.trials < kTrialsMin) continue;
    const Interval interval = point.fresh.wilson();
    series.x.push_back(point.from_ms);
    series.y.push_back(point.fresh.value());
    series.low.push_back(interval.low);
    series.high.push_back(interval.high);
  }
  return series;
}

void add_curves(Chart& chart, const StudyResults& results, Curve curve) {
  for (std::size_t i = 0; i < results.variants.size(); ++i) {
    Series series = visibility(results.variants[i].staleness.*curve);
    if (series.x.empty()) continue;
    series.name = name_of(results.variants[i]);
    series.style = Series::Style::points;
    series.colour = i;
    chart.series.push_back(std::move(series));
  }
}

// "97.4 % fresh at once, 99.9 % after 1.97 ms"
std::string visibility_clause(const std::vector<Visibility>& probes) {
  const Visibility& first = probes.front();
  const std::string when = first.from_ms == 0 ? "at once" : "after " + in_words(first.from_ms, "ms");
  const std::string text = in_words(first.fresh.value(), "share") + " are fresh " + when;
  if (const auto after = visible_after_ms(probes, 0.999))
    return *after <= first.from_ms ? text : text + ", 99.9 % after " + in_words(*after, "ms");
  const Visibility& last = probes.back();
  return text + ", " + in_words(last.fresh.value(), "share") + " after " + in_words(last.from_ms, "ms");
}

bool was_probed(const VariantMeasures& variant) {
  const std::vector<Visibility>& probes = variant.staleness.probes;
  return !probes.empty() && probes.front().fresh.trials > 0;
}

// Where there are many variants, the freshest and the least fresh.
std::string visibility_sentence(const StudyResults& results) {
  std::vector<const VariantMeasures*> known;
  for (const VariantMeasures& variant : results.variants)
    if (was_probed(variant)) known.push_back(&variant);
  const auto freshness = [](const VariantMeasures* variant) { return variant->staleness.probes.front().fresh.value(); };
  if (known.size() > 3) {
    const auto [low, high] = std::ranges::minmax_element(known, {}, freshness);
    known = {*high, *low};
  }
  std::vector<std::string> clauses;
  for (const VariantMeasures* variant : known) {
    const std::string with = results.variants.size() == 1 ? "" : "with " + name_of(*variant) + " ";
    clauses.push_back(with + visibility_clause(variant->staleness.probes));
  }
  return "Of reads that follow an acknowledged write " + joined(clauses, "; ") + ".";
}

std::string fresh_reads_sentence(const StudyResults& results) {
  const auto fresh = [](const Measures& run) -> std::optional<double> {
    if (run.staleness.fresh_reads.trials == 0) return std::nullopt;
    return run.staleness.fresh_reads.value();
  };
  return "Of all ordinary reads " + range_of(results, "share", fresh) + " return the newest acknowledged write.";
}

Chart fresh_probes(const StudyResults& results) {
  Chart chart = plot(results, "fresh", "Probability that a read is fresh",
                     {.label = "time from acknowledgement to read (ms)", .log = true, .categories = {}},
                     {.label = "P(fresh), 95 % interval"});
  add_curves(chart, results, &Staleness::probes);
  chart.sentence = visibility_sentence(results);
  return chart;
}

Chart fresh_reads(const StudyResults& results) {
  Chart chart =
      plot(results, "fresh-reads", "Fresh reads by the age of the newest write",
           {.label = "time since the key's newest acknowledged write, at least (ms)", .log = true, .categories = {}},
           {.label = "share of reads that are fresh, 95 % interval"});
  add_curves(chart, results, &Staleness::reads);
  chart.sentence = fresh_reads_sentence(results);
  return chart;
}

// ---- versions behind -----------------------------------------------------------------------------------------------

// At k the share of reads that lacked k versions or more, from k = 1.
Series lacking(const std::vector<std::uint64_t>& reads_behind) {
  double all = 0;
  for (const std::uint64_t reads : reads_behind) all += static_cast<double>(reads);
  Series series;
  double at_least = 0;
  for (std::size_t k = reads_behind.size(); k-- > 1;) {
    at_least += static_cast<double>(reads_behind[k]);
    if (at_least == 0) continue;
    series.x.insert(series.x.begin(), static_cast<double>(k));
    series.y.insert(series.y.begin(), at_least / all);
  }
  return series;
}

Chart versions_behind(const StudyResults& results) {
  Chart chart = plot(results, "versions-behind", "How many versions reads are behind",
                     {.label = "k: acknowledged versions that a read lacks, at least", .whole = true, .categories = {}},
                     {.label = "share of reads", .log = true, .categories = {}});
  for (std::size_t i = 0; i < results.variants.size(); ++i) {
    Series series = lacking(results.variants[i].staleness.reads_behind);
    if (series.x.empty()) continue;
    series.name = name_of(results.variants[i]);
    series.style = Series::Style::points;
    series.colour = i;
    chart.series.push_back(std::move(series));
  }
  const auto worst = [](const Measures& run) { return std::optional(static_cast<double>(run.staleness.behind_max)); };
  const auto stale = [](const Measures& run) -> std::optional<double> {
    const Share& fresh = run.staleness.fresh_reads;
    return fresh.trials == 0 ? std::nullopt : std::optional(1 - fresh.value());
  };
  chart.sentence = "Reads that lack a version: " + range_of(results, "share", stale) + "; the worst read lacks " +
                   range_of(results, "versions", worst) + ".";
  return chart;
}

}  // namespace

std::vector<Chart> staleness_charts(const StudyResults& results) {
  std::vector<Chart> charts;
  for (Chart& chart : std::vector<Chart>{fresh_probes(results), fresh_reads(results), versions_behind(results)})
    if (!chart.series.empty()) charts.push_back(std::move(chart));
  return charts;
}

}  // namespace shoal::study
