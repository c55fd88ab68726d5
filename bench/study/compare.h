// Comparing studies by their summary.csv: variant beside variant, and who is best at what.
//
// Two medians differ when the 95 % bootstrap interval of their difference leaves out 0: with few seeds that is cautious
// and says so by being wide.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/study/measures.h"
#include "node/base/result.h"

namespace shoal::study {

// What the runs of one variant say of each number, in the order of the file.
struct VariantRuns {
  std::string study;  // the folder's name
  std::string variant;
  struct Column {
    std::string number;
    std::vector<std::optional<double>> values;  // by run
  };
  std::vector<Column> columns;

  [[nodiscard]] const Column* find(const std::string& number) const;
};

// Errc::invalid says why the folder has no summary.
Result<std::vector<VariantRuns>> read_summary(const std::filesystem::path& folder);

struct Difference {
  std::string variant;  // "a" or "a / b" where the names differ
  std::string number;
  Spread a;
  Spread b;
  std::optional<Interval> of_medians;  // b - a; absent when one of them has no such number

  [[nodiscard]] bool differs() const { return of_medians && (of_medians->low > 0 || of_medians->high < 0); }
};

// Variants of one name stand beside each other; when each study has a single one, these do.
std::vector<Difference> compare(const std::vector<VariantRuns>& a, const std::vector<VariantRuns>& b);

struct Ranking {
  std::string number;
  struct Place {
    std::string study;
    std::string variant;
    Spread spread;
  };
  std::vector<Place> places;  // best first; those without the number are not there
};

// By time to zero, contraction, freshness, bytes for each difference, latencies and losses. A number that no two
// variants have, or that is the same for all, ranks nobody.
std::vector<Ranking> rank(const std::vector<VariantRuns>& variants);
// The numbers that rank looks at.
std::vector<std::string> leading_numbers();

}  // namespace shoal::study
