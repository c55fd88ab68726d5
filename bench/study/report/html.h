// The page as one HTML file that needs no network and nothing beside it: style, scripts, data and D3 are inside. What
// can be said without scripts (verdict, table, sentences, scenario) is plain HTML.
#pragma once

#include <string>

#include "bench/study/report/chart.h"

namespace shoal::study {

std::string html_of(const Page& page);

}  // namespace shoal::study
