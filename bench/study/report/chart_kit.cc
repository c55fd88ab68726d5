#include "bench/study/report/chart_kit.h"

#include <algorithm>
#include <cmath>

#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

struct Named {
  std::string name;
  double value = 0;
};

std::string range_text(const std::vector<Named>& values, std::string_view unit) {
  if (values.empty()) return "";
  const auto [low, high] = std::ranges::minmax_element(values, {}, &Named::value);
  const std::string first = in_words(low->value, unit);
  const std::string last = in_words(high->value, unit);
  if (values.size() == 1) return first;
  if (first == last) return first + " in all variants";
  return first + " (" + low->name + ") to " + last + " (" + high->name + ")";
}

using Positions = std::vector<std::size_t>;

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// A band's values are steps: a point that says what the one before it said is not needed, but at the end.
Positions changes_of(const Band& band, bool spread) {
  const auto repeats = [&](std::size_t i) {
    const auto in = [i](const std::vector<double>& values) { return same(values.at(i), values.at(i - 1)); };
    return in(band.median) && (!spread || (in(band.low) && in(band.high)));
  };
  Positions kept;
  for (std::size_t i = 0; i < band.median.size(); ++i)
    if (i == 0 || i + 1 == band.median.size() || !repeats(i)) kept.push_back(i);
  return kept;
}

// Of each bucket the first, the lowest and the highest; gaps count as lowest.
Positions thinned(const Positions& all, const std::vector<double>& values) {
  const auto lower = [&](std::size_t a, std::size_t b) {
    return std::isnan(values.at(b)) ? false : std::isnan(values.at(a)) || values.at(a) < values.at(b);
  };
  Positions kept;
  const std::size_t bucket = 3 * (all.size() + kPointsMax - 1) / kPointsMax;
  for (std::size_t begin = 0; begin < all.size(); begin += bucket) {
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto to = all.begin() + static_cast<std::ptrdiff_t>(std::min(begin + bucket, all.size()));
    const auto [low, high] = std::minmax_element(from, to, lower);
    Positions here = {*from, *low, *high};
    std::ranges::sort(here);
    here.erase(std::unique(here.begin(), here.end()), here.end());
    kept.insert(kept.end(), here.begin(), here.end());
  }
  return kept;
}

// Six significant digits: more would be noise that makes pages large.
double rounded(double value) {
  if (!std::isfinite(value) || value == 0) return value;
  const double scale = std::pow(10, 5 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

std::vector<double> picked(const std::vector<double>& values, const Positions& which, double factor) {
  std::vector<double> out;
  for (const std::size_t i : which) out.push_back(rounded(values.at(i) * factor));
  return out;
}

std::string seeds_text(const std::vector<std::uint64_t>& seeds) {
  if (seeds.empty()) return "no seed";
  if (seeds.size() == 1) return "seed " + std::to_string(seeds.front());
  const auto [low, high] = std::ranges::minmax(seeds);
  const std::string range = std::to_string(low) + " to " + std::to_string(high);
  const bool whole = high - low + 1 == seeds.size();
  return whole ? "seeds " + range : std::to_string(seeds.size()) + " seeds of " + range;
}

bool same_band(const FaultBand& a, const FaultBand& b) {
  return a.name == b.name && a.begin == b.begin && a.end == b.end;
}

std::vector<FaultBand> fault_bands(const StudyResults& results) {
  std::vector<FaultBand> bands;
  for (const VariantMeasures& variant : results.variants)
    for (const FaultSpan& fault : variant.faults) {
      FaultBand band{band_name(fault), fault.begin, fault.end};
      if (std::ranges::none_of(bands, [&](const FaultBand& other) { return same_band(band, other); }))
        bands.push_back(std::move(band));
    }
  std::ranges::stable_sort(bands, {}, &FaultBand::begin);
  return bands;
}

}  // namespace

std::string name_of(const VariantMeasures& variant) { return variant.variant.empty() ? "base" : variant.variant; }

std::string footer_of(const StudyResults& results) {
  const RunInfo& info = results.info;
  const std::string driver = info.driver == "sim" ? "simulator" : "real nodes";
  return info.name + " · " + seeds_text(info.seeds) + " · " + driver + " · revision " + info.revision;
}

std::string band_name(const FaultSpan& fault) {
  return fault.where.empty() ? fault.what : fault.what + " " + fault.where;
}

Axis time_axis() { return {.label = "time since the load began (s)", .time = true, .categories = {}}; }

Chart plot(const StudyResults& results, std::string_view id, std::string_view title, Axis x, Axis y) {
  Chart chart;
  chart.id = id;
  chart.title = title;
  chart.footer = footer_of(results);
  if (x.time) chart.bands = fault_bands(results);
  chart.x = std::move(x);
  chart.y = std::move(y);
  return chart;
}

Series series_of(const Band& band, const VariantMeasures& variant, double factor) {
  const bool spread = variant.seeds.size() > 1;
  Positions kept = changes_of(band, spread);
  if (kept.size() > kPointsMax) kept = thinned(kept, band.median);
  Series series;
  series.style = Series::Style::step;
  series.x = picked(band.at, kept, 1);
  series.y = picked(band.median, kept, factor);
  if (spread) {
    series.low = picked(band.low, kept, factor);
    series.high = picked(band.high, kept, factor);
  }
  return series;
}

void add_band(Chart& chart, const StudyResults& results, std::string_view band, double factor) {
  for (std::size_t i = 0; i < results.variants.size(); ++i) {
    const VariantMeasures& variant = results.variants[i];
    const Band* found = variant.band(band);
    if (found == nullptr || found->at.empty()) continue;
    Series series = series_of(*found, variant, factor);
    series.name = name_of(variant);
    series.colour = i;
    chart.series.push_back(std::move(series));
  }
}

bool shows_anything(const Chart& chart) {
  const auto is_something = [](double value) { return std::isfinite(value) && value != 0; };
  return std::ranges::any_of(chart.series, [&](const Series& series) {
    return std::ranges::any_of(series.y, is_something) || std::ranges::any_of(series.high, is_something);
  });
}

double largest(const StudyResults& results, std::string_view band) {
  double most = 0;
  for (const VariantMeasures& variant : results.variants)
    if (const Band* found = variant.band(band))
      for (const double value : found->high)
        if (std::isfinite(value)) most = std::max(most, value);
  return most;
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<double> values_of(const StudyResults& results, const VariantMeasures& variant, const OfRun& value) {
  std::vector<double> values;
  for (const RunResult& run : results.runs)
    if (run.measures.variant == variant.variant)
      if (const auto one = value(run.measures)) values.push_back(*one);
  return values;
}

std::size_t runs_of(const StudyResults& results, const VariantMeasures& variant) {
  return static_cast<std::size_t>(std::ranges::count_if(
      results.runs, [&](const RunResult& run) { return run.measures.variant == variant.variant; }));
}

std::string over_seeds(const VariantMeasures& variant) {
  if (variant.seeds.size() == 1) return seeds_text(variant.seeds);
  return "median of " + std::to_string(variant.seeds.size()) + " seeds";
}

std::string range_of(const StudyResults& results, std::string_view unit, const OfRun& value) {
  std::vector<Named> medians;
  for (const VariantMeasures& variant : results.variants)
    if (const auto middle = median(values_of(results, variant, value))) medians.push_back({name_of(variant), *middle});
  return range_text(medians, unit);
}

std::string peaks_of(const StudyResults& results, std::string_view band, std::string_view unit) {
  std::vector<Named> peaks;
  for (const VariantMeasures& variant : results.variants) {
    const Band* found = variant.band(band);
    if (found == nullptr) continue;
    double peak = 0;
    for (const double value : found->median)
      if (std::isfinite(value)) peak = std::max(peak, value);
    peaks.push_back({name_of(variant), peak});
  }
  return range_text(peaks, unit);
}

}  // namespace shoal::study
