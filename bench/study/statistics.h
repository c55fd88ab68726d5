// Small statistics: quantiles and bootstrap intervals.
#pragma once

#include <vector>

#include "bench/study/measures.h"

namespace shoal::study {

// Of ascending values, interpolated between neighbours (R's type 7). Precondition: there are some; p in [0, 1].
double quantile(const std::vector<double>& ascending, double p);

// Percentile bootstrap at 95 % with 2000 resamples from a fixed seed. Precondition: there are values.
struct Bootstrap {
  Interval mean;
  Interval median;
};
Bootstrap bootstrap(const std::vector<double>& values);

// Of a - b, both resampled on their own: what a comparison of two samples shows. Preconditions as above.
Interval bootstrap_difference_of_medians(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace shoal::study
