// Reports: what a study's folder shows to people.
//
//   report.html    one page, self-contained, interactive
//   fig-<id>.svg   each chart as a figure for a paper
//   charts.json    what both are drawn from
//
// The same results make the same bytes: nothing is dated.
#pragma once

#include <filesystem>

#include "bench/study/results.h"
#include "node/base/result.h"

namespace shoal::study {

// Figures of charts that are no more are removed. Errc::io.
Status write_report(const std::filesystem::path& folder, const StudyResults& results);

}  // namespace shoal::study
