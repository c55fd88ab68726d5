#include "bench/study/compare.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <utility>

#include "bench/study/statistics.h"
#include "bench/study/tables.h"

namespace shoal::study {
namespace {

constexpr std::size_t kColumnsBefore = 8;  // of summary.csv: what is no number of a measure

struct Criterion {
  const char* number;
  bool more_is_better = false;
};
constexpr std::array kCriteria = {
    Criterion{"time_to_zero_s"}, Criterion{"first_zero_s"},      Criterion{"alpha_median"},
    Criterion{"behind_peak"},    Criterion{"fresh_reads", true}, Criterion{"visible_999_ms"},
    Criterion{"bytes_per_pair"}, Criterion{"siblings_mean"},     Criterion{"read_p99_ms"},
    Criterion{"write_p99_ms"},   Criterion{"read_fail"},         Criterion{"write_fail"},
    Criterion{"lost"},           Criterion{"dropped"},
};

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return text.empty() || read.ec != std::errc() ? std::nullopt : std::optional(value);
}

VariantRuns& variant_of(std::vector<VariantRuns>& variants, const std::vector<std::string>& head,
                        const std::string& name, const std::string& study) {
  const auto found = std::ranges::find(variants, name, &VariantRuns::variant);
  if (found != variants.end()) return *found;
  VariantRuns& added = variants.emplace_back(VariantRuns{study, name, {}});
  for (std::size_t i = kColumnsBefore; i < head.size(); ++i) added.columns.push_back({head[i], {}});
  return added;
}

Spread spread_of(const VariantRuns::Column& column) { return study::spread_of(column.number, "", column.values); }

std::vector<double> there(const std::vector<std::optional<double>>& values) {
  std::vector<double> numbers;
  for (const auto& value : values)
    if (value) numbers.push_back(*value);
  return numbers;
}

void compare_variants(const VariantRuns& a, const VariantRuns& b, std::vector<Difference>& differences) {
  const std::string name = a.variant == b.variant ? a.variant : a.variant + " / " + b.variant;
  for (const VariantRuns::Column& column : a.columns) {
    const VariantRuns::Column* other = b.find(column.number);
    if (other == nullptr) continue;
    Difference difference{name, column.number, spread_of(column), spread_of(*other), {}};
    const auto first = there(column.values);
    const auto second = there(other->values);
    if (!first.empty() && !second.empty()) difference.of_medians = bootstrap_difference_of_medians(second, first);
    differences.push_back(std::move(difference));
  }
}

// The same for all says nothing.
bool tells(const Ranking& ranking) {
  return ranking.places.size() > 1 && ranking.places.front().spread.median != ranking.places.back().spread.median;
}

}  // namespace

const VariantRuns::Column* VariantRuns::find(const std::string& number) const {
  const auto found = std::ranges::find(columns, number, &Column::number);
  return found == columns.end() ? nullptr : &*found;
}

Result<std::vector<VariantRuns>> read_summary(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "summary.csv";
  std::ifstream in(file, std::ios::binary);
  std::string line;
  if (!in || !std::getline(in, line))
    return fail(Errc::invalid, file.string() + " is not there: this is no folder of a study");
  const std::vector<std::string> head = csv_fields(line);
  const std::filesystem::path named = folder.has_filename() ? folder : folder.parent_path();
  std::vector<VariantRuns> variants;
  while (std::getline(in, line)) {
    const std::vector<std::string> fields = csv_fields(line);
    if (fields.size() != head.size() || fields.size() < kColumnsBefore)
      return fail(Errc::invalid, file.string() + " is damaged: a line has not as many fields as the head");
    VariantRuns& variant = variant_of(variants, head, fields[0], named.filename().string());
    for (std::size_t i = kColumnsBefore; i < fields.size(); ++i)
      variant.columns[i - kColumnsBefore].values.push_back(number_of(fields[i]));
  }
  if (variants.empty()) return fail(Errc::invalid, file.string() + " has no runs");
  return variants;
}

std::vector<Difference> compare(const std::vector<VariantRuns>& a, const std::vector<VariantRuns>& b) {
  std::vector<Difference> differences;
  if (a.size() == 1 && b.size() == 1) {
    compare_variants(a.front(), b.front(), differences);
    return differences;
  }
  for (const VariantRuns& variant : a)
    if (const auto other = std::ranges::find(b, variant.variant, &VariantRuns::variant); other != b.end())
      compare_variants(variant, *other, differences);
  return differences;
}

std::vector<Ranking> rank(const std::vector<VariantRuns>& variants) {
  std::vector<Ranking> rankings;
  for (const Criterion& criterion : kCriteria) {
    Ranking ranking{criterion.number, {}};
    for (const VariantRuns& variant : variants)
      if (const auto* column = variant.find(criterion.number); column != nullptr && !there(column->values).empty())
        ranking.places.push_back({variant.study, variant.variant, spread_of(*column)});
    // Who did not get there in some runs stands behind who always did.
    std::ranges::stable_sort(ranking.places, {}, [&](const Ranking::Place& place) {
      const double median = criterion.more_is_better ? -place.spread.median : place.spread.median;
      return std::pair(place.spread.missing, median);
    });
    if (tells(ranking)) rankings.push_back(std::move(ranking));
  }
  return rankings;
}

std::vector<std::string> leading_numbers() {
  std::vector<std::string> numbers;
  numbers.reserve(std::size(kCriteria));
  for (const Criterion& criterion : kCriteria) numbers.emplace_back(criterion.number);
  return numbers;
}

}  // namespace shoal::study
