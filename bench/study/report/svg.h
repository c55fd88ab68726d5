// A chart as an SVG file for a paper: white, black lettering, lines that grey print tells apart by their dashes.
//
// It is written straight from the chart and not by a plotting program: the figure says what the page says, its bytes
// are the same on every machine (no fonts measured, no date written), and a study needs nothing else installed.
#pragma once

#include <string>

#include "bench/study/report/chart.h"

namespace shoal::study {

std::string svg_of(const Chart& chart);

}  // namespace shoal::study
