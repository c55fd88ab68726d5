// The page of a study: its verdict, its key numbers and its charts, before anybody lays it out.
#pragma once

#include "bench/study/report/chart.h"
#include "bench/study/results.h"

namespace shoal::study {

Page page_of(const StudyResults& results);

}  // namespace shoal::study
