// The CSV files of a study: RFC 4180 with a head, numbers in the shortest form that reads back the same, nothing where
// there is no number.
#pragma once

#include <ostream>

#include "bench/study/checkers.h"
#include "bench/study/measures.h"

namespace shoal::study {

// metrics.csv: a line for each sample; the columns of Measures::state, then what Measures::seconds_lines says of the
// second in which the sample lies.
void write_metrics_head(const Measures& measures, std::ostream& out);
void write_metrics(const Measures& measures, std::ostream& out);

// summary.csv: a line for each run; its verdict, then numbers_of.
void write_summary_head(const Measures& measures, std::ostream& out);
void write_summary(const Measures& measures, Judgement judgement, const Recording& recording, std::ostream& out);

std::string csv_number(double value);
std::string csv_text(const std::string& text);
// Of one line, without its end.
std::vector<std::string> csv_fields(const std::string& line);

}  // namespace shoal::study
