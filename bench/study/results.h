// Results: a finished study as its folder tells it; reports and comparisons read this.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/study/checkers.h"
#include "bench/study/measures.h"
#include "bench/study/recording.h"
#include "node/base/result.h"

namespace shoal::study {

// Everything that is needed to repeat a study.
struct RunInfo {
  std::string name;
  std::string title;
  std::string about;
  std::string text;  // the scenario file
  std::vector<std::string> variants;
  std::vector<std::uint64_t> seeds;  // each variant was run with these, or with the first of them
  std::string driver;                // "sim" or "real"
  std::string command;               // without absolute paths
  std::string version;               // of the program
  std::string revision;              // of its source; "unknown" without one
};

struct RunResult {
  Measures measures;  // its lines are empty but in detailed runs
  Verdict verdict;
  bool detailed = false;  // of each variant the first run that is not valid, else the first run
  std::vector<std::string> nodes;
  std::vector<MessageTrace> messages;  // detailed runs: around the faults
};

struct StudyResults {
  RunInfo info;
  Judgement judgement = Judgement::valid;  // the worst of all runs
  std::vector<VariantMeasures> variants;   // in the order of the file
  std::vector<RunResult> runs;             // by variant, then seed
};

// From a folder that ResultFolder has finished. Errc::invalid says why it is none; Errc::io.
Result<StudyResults> read_results(const std::filesystem::path& folder);

}  // namespace shoal::study
