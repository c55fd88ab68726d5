#include "bench/study/report/charts.h"

#include <algorithm>
#include <iterator>

namespace shoal::study {

std::vector<Chart> charts_of(const StudyResults& results) {
  std::vector<Chart> charts;
  for (const auto part :
       {convergence_charts, heat_charts, staleness_charts, repair_charts, load_charts, message_charts}) {
    std::vector<Chart> some = part(results);
    std::ranges::move(some, std::back_inserter(charts));
  }
  return charts;
}

}  // namespace shoal::study
