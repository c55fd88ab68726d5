#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "bench/study/measure_parts.h"
#include "bench/study/measures.h"
#include "bench/study/statistics.h"
#include "node/base/check.h"

namespace shoal::study {
namespace {

using LinesOf = Lines Measures::*;

// The longest row of times: all runs of a variant are sampled at the same distance.
const std::vector<double>& grid_of(const std::vector<const Measures*>& runs, LinesOf lines) {
  const auto longest =
      std::ranges::max_element(runs, {}, [lines](const Measures* run) { return (run->*lines).at.size(); });
  return ((*longest)->*lines).at;
}

void add_point(Band& band, std::vector<double>& values) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  std::ranges::sort(values);
  band.median.push_back(values.empty() ? kNone : quantile(values, 0.5));
  band.low.push_back(values.empty() ? kNone : quantile(values, 0.05));
  band.high.push_back(values.empty() ? kNone : quantile(values, 0.95));
}

// A walk along one run's line: its value at times that only grow.
class Walk {
 public:
  Walk(const std::vector<double>& at, const std::vector<double>& values) : at_(&at), values_(&values) {}

  // NaN before its first time.
  double value_at(double time) {
    constexpr double kSlack = 1e-9;
    while (next_ < at_->size() && (*at_)[next_] <= time + kSlack) ++next_;
    return next_ == 0 ? std::numeric_limits<double>::quiet_NaN() : (*values_)[next_ - 1];
  }

 private:
  const std::vector<double>* at_;
  const std::vector<double>* values_;
  std::size_t next_ = 0;
};

Band band_of(const std::vector<const Measures*>& runs, LinesOf lines, std::size_t column,
             const std::vector<double>& grid) {
  const Lines::Column& first = (runs.front()->*lines).columns[column];
  Band band{.name = first.name, .unit = first.unit, .at = grid};
  std::vector<Walk> walks;
  walks.reserve(runs.size());
  for (const Measures* run : runs) walks.emplace_back((run->*lines).at, (run->*lines).columns[column].values);
  std::vector<double> values;
  for (const double time : grid) {
    values.clear();
    for (Walk& walk : walks)
      if (const double value = walk.value_at(time); !std::isnan(value)) values.push_back(value);
    add_point(band, values);
  }
  return band;
}

void add_bands(const std::vector<const Measures*>& runs, LinesOf lines, std::vector<Band>& bands) {
  const std::vector<double>& grid = grid_of(runs, lines);
  for (std::size_t column = 0; column < (runs.front()->*lines).columns.size(); ++column)
    bands.push_back(band_of(runs, lines, column, grid));
}

std::vector<Spread> spreads_of(const std::vector<const Measures*>& runs) {
  std::vector<std::vector<Number>> numbers;
  numbers.reserve(runs.size());
  for (const Measures* run : runs) numbers.push_back(numbers_of(*run));
  std::vector<Spread> spreads;
  for (std::size_t i = 0; i < numbers.front().size(); ++i) {
    std::vector<std::optional<double>> values;
    values.reserve(numbers.size());
    for (const auto& of_run : numbers) values.push_back(of_run[i].value);
    spreads.push_back(spread_of(numbers.front()[i].name, numbers.front()[i].unit, values));
  }
  return spreads;
}

VariantMeasures aggregate_these(const std::vector<const Measures*>& runs) {
  SHOAL_CHECK(!runs.empty());
  const Measures& first = *runs.front();
  VariantMeasures all{.variant = first.variant,
                      .driver = first.driver,
                      .r = first.r,
                      .w = first.w,
                      .replicas = first.replicas,
                      .numbers = spreads_of(runs),
                      .faults = first.faults};
  for (const Measures* run : runs) {
    SHOAL_CHECK(run->variant == first.variant);
    all.seeds.push_back(run->seed);
    add(all.staleness, run->staleness);
  }
  add_bands(runs, &Measures::state, all.bands);
  add_bands(runs, &Measures::seconds_lines, all.bands);
  return all;
}

}  // namespace

const Spread* VariantMeasures::number(std::string_view name) const {
  const auto found = std::ranges::find(numbers, name, &Spread::name);
  return found == numbers.end() ? nullptr : &*found;
}

const Band* VariantMeasures::band(std::string_view name) const {
  const auto found = std::ranges::find(bands, name, &Band::name);
  return found == bands.end() ? nullptr : &*found;
}

VariantMeasures aggregate(const std::vector<Measures>& runs) {
  std::vector<const Measures*> all;
  all.reserve(runs.size());
  for (const Measures& run : runs) all.push_back(&run);
  return aggregate_these(all);
}

std::vector<VariantMeasures> aggregate_all(const std::vector<Measures>& runs) {
  std::vector<std::vector<const Measures*>> groups;
  for (const Measures& run : runs) {
    const auto group = std::ranges::find(groups, run.variant, [](const auto& g) { return g.front()->variant; });
    if (group == groups.end())
      groups.push_back({&run});
    else
      group->push_back(&run);
  }
  std::vector<VariantMeasures> all;
  all.reserve(groups.size());
  for (const auto& group : groups) all.push_back(aggregate_these(group));
  return all;
}

}  // namespace shoal::study
