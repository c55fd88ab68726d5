// The charts of a study, from its measures. A chart that would show nothing is left out.
//
// Every sentence is computed from what the chart shows: it names variants and numbers, and says so when a run did not
// get there.
#pragma once

#include <vector>

#include "bench/study/report/chart.h"
#include "bench/study/results.h"

namespace shoal::study {

std::vector<Chart> charts_of(const StudyResults& results);

// Its parts, in this order.
std::vector<Chart> convergence_charts(const StudyResults& results);  // S(t), keys apart, times to zero
std::vector<Chart> heat_charts(const StudyResults& results);         // node by time
std::vector<Chart> staleness_charts(const StudyResults& results);    // P(fresh) against t, versions behind
std::vector<Chart> repair_charts(const StudyResults& results);       // hints, bytes by cause, siblings, clocks
std::vector<Chart> load_charts(const StudyResults& results);         // throughput, failures, latency
std::vector<Chart> message_charts(const StudyResults& results);      // space-time diagrams around faults

}  // namespace shoal::study
