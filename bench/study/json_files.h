// measures.json and verdict.json: what reports are drawn from.
//
// Numbers that are none are null, infinities "inf": JSON has no words for them.
//
//   measures.json  {"schema": 1, "variants": [...], "runs": [...]}: VariantMeasures and RunResult, field by field
//   verdict.json   {"schema": 1, "name": ..., "valid": true, false or null (undecided), "judgement": ...,
//                   "runs": [{"variant", "seed", "judgement", "checks": [Check, ...]}, ...]}
#pragma once

#include <string>

#include "bench/study/results.h"

namespace shoal::study {

inline constexpr int kResultsSchema = 1;

std::string measures_json(const StudyResults& results);
std::string verdict_json(const StudyResults& results);

// The way back, both into one. Errc::invalid says what is wrong.
Status take_measures(const std::string& text, StudyResults& results);
Status take_verdict(const std::string& text, StudyResults& results);

}  // namespace shoal::study
