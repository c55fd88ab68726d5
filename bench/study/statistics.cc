#include "bench/study/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "node/base/check.h"
#include "node/base/rng.h"

namespace shoal::study {
namespace {

constexpr double kZ95 = 1.959963984540054;  // of the normal distribution: 95 % lie within
constexpr int kResamples = 2000;
constexpr std::uint64_t kSeed = 0x73686f616c;

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Sorts its argument.
double median_of(std::vector<double>& values) {
  std::ranges::sort(values);
  return quantile(values, 0.5);
}

// The value below which the share p of the values lies, all of them counted: the nearest rank.
double nearest_rank(const std::vector<double>& ascending, double p) {
  const auto count = static_cast<double>(ascending.size());
  const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(p * count - 1e-9)));
  return ascending[std::min(rank, ascending.size()) - 1];
}

void resample(const std::vector<double>& from, Rng& rng, std::vector<double>& into) {
  into.resize(from.size());
  for (double& value : into) value = from[rng.below(from.size())];
}

Interval middle_95(std::vector<double> values) {
  std::ranges::sort(values);
  return {quantile(values, 0.025), quantile(values, 0.975)};
}

}  // namespace

double quantile(const std::vector<double>& ascending, double p) {
  SHOAL_CHECK(!ascending.empty());
  const double place = p * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  const double part = place - static_cast<double>(below);
  return part == 0 ? ascending[below] : ascending[below] + part * (ascending[above] - ascending[below]);
}

Bootstrap bootstrap(const std::vector<double>& values) {
  Rng rng(kSeed);
  std::vector<double> means;
  std::vector<double> medians;
  std::vector<double> drawn;
  for (int i = 0; i < kResamples; ++i) {
    resample(values, rng, drawn);
    means.push_back(mean_of(drawn));
    medians.push_back(median_of(drawn));
  }
  return {middle_95(std::move(means)), middle_95(std::move(medians))};
}

Interval bootstrap_difference_of_medians(const std::vector<double>& a, const std::vector<double>& b) {
  Rng rng(kSeed);
  std::vector<double> differences;
  std::vector<double> drawn;
  for (int i = 0; i < kResamples; ++i) {
    resample(a, rng, drawn);
    const double first = median_of(drawn);
    resample(b, rng, drawn);
    differences.push_back(first - median_of(drawn));
  }
  return middle_95(std::move(differences));
}

double Share::value() const { return trials == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(trials); }

double Share::standard_error() const {
  return trials == 0 ? 0 : std::sqrt(value() * (1 - value()) / static_cast<double>(trials));
}

Interval Share::wilson() const {
  if (trials == 0) return {0, 1};
  const auto n = static_cast<double>(trials);
  const double p = value();
  const double scale = 1 + kZ95 * kZ95 / n;
  const double middle = (p + kZ95 * kZ95 / (2 * n)) / scale;
  const double half = kZ95 / scale * std::sqrt(p * (1 - p) / n + kZ95 * kZ95 / (4 * n * n));
  return {hits == 0 ? 0 : std::max(0.0, middle - half), hits == trials ? 1 : std::min(1.0, middle + half)};
}

Percentiles percentiles_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  return {.count = values.size(),
          .mean = mean_of(values),
          .p50 = nearest_rank(values, 0.5),
          .p95 = nearest_rank(values, 0.95),
          .p99 = nearest_rank(values, 0.99),
          .p999 = nearest_rank(values, 0.999),
          .max = values.back()};
}

Spread spread_of(std::string name, std::string unit, const std::vector<std::optional<double>>& values) {
  Spread spread{.name = std::move(name), .unit = std::move(unit)};
  std::vector<double> there;
  for (const std::optional<double>& value : values)
    if (value) there.push_back(*value);
  spread.runs = there.size();
  spread.missing = values.size() - there.size();
  if (there.empty()) return spread;
  const Bootstrap intervals = bootstrap(there);
  spread.mean_interval = intervals.mean;
  spread.median_interval = intervals.median;
  spread.mean = mean_of(there);
  spread.median = median_of(there);
  spread.low = quantile(there, 0.05);
  spread.high = quantile(there, 0.95);
  spread.min = there.front();
  spread.max = there.back();
  return spread;
}

}  // namespace shoal::study
