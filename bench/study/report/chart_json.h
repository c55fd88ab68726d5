// Charts as JSON: of charts.json, and inside the page. Numbers that are none (gaps, messages that never arrived) are
// null. The same page makes the same bytes.
#pragma once

#include <string>

#include "bench/study/report/chart.h"

namespace shoal::study {

std::string to_json(const Page& page);

}  // namespace shoal::study
