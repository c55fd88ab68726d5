// Charts as JSON: of charts.json, and inside the page. Numbers that are none (gaps, messages that never arrived) are
// null. The same page makes the same bytes.
#pragma once

#include <string>
#include <string_view>

#include "bench/study/report/chart.h"
#include "node/base/result.h"

namespace shoal::study {

std::string to_json(const Page& page);
// Errc::corrupt for what is no page of ours.
Result<Page> page_from_json(std::string_view text);

}  // namespace shoal::study
