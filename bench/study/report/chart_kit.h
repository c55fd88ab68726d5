// What the charts of a study have in common: axes, one line per variant, fault bands, footers, and the clauses of
// their sentences.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/study/report/chart.h"
#include "bench/study/results.h"

namespace shoal::study {

// A series has no more points than this: what is left out keeps the highest and the lowest of its neighbours.
inline constexpr std::size_t kPointsMax = 1200;

std::string name_of(const VariantMeasures& variant);  // "base" for the one without a name
std::string footer_of(const StudyResults& results);

Axis time_axis();
// A chart with nothing in it yet; over time it has the fault bands.
Chart plot(const StudyResults& results, std::string_view id, std::string_view title, Axis x, Axis y);
std::string band_name(const FaultSpan& fault);

// The steps of a band (median, and the spread over seeds when there are several), multiplied by `factor`.
Series series_of(const Band& band, const VariantMeasures& variant, double factor);
// One line per variant that has this band, coloured by variant.
void add_band(Chart& chart, const StudyResults& results, std::string_view band, double factor = 1);
// Something other than zeros.
bool shows_anything(const Chart& chart);
// The largest value of a band over all variants, its intervals included.
double largest(const StudyResults& results, std::string_view band);

// ---- sentences -----------------------------------------------------------------------------------------------------

std::optional<double> median(std::vector<double> values);
// Of the runs of one variant: those that have a value.
using OfRun = std::function<std::optional<double>(const Measures&)>;
std::vector<double> values_of(const StudyResults& results, const VariantMeasures& variant, const OfRun& value);
std::size_t runs_of(const StudyResults& results, const VariantMeasures& variant);

// "median of 20 seeds", "seed 7".
std::string over_seeds(const VariantMeasures& variant);
// Medians over seeds, compared: "312 pairs" for one variant, "312 pairs (all) to 480 pairs (none)" for several. Empty
// when nobody has a value.
std::string range_of(const StudyResults& results, std::string_view unit, const OfRun& value);
// As range_of, of the largest value of each variant's median line.
std::string peaks_of(const StudyResults& results, std::string_view band, std::string_view unit);

}  // namespace shoal::study
