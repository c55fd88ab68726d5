// Results as a study of a partition would leave them, drawn from formulas and not from runs: tests of the report need
// every kind of chart to have something to show.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/study/results.h"

namespace shoal::study {

// Variants beyond the first repair faster and faster. `seconds` of load, a partition in its second quarter and a crash
// in its third.
StudyResults sample_results(const std::vector<std::string>& variants, std::uint64_t seeds, double seconds = 60);

}  // namespace shoal::study
