// The parts of `shoal study`.
#pragma once

#include <string>

#include "bench/study/compare.h"
#include "bench/study/results.h"
#include "client/cli/output.h"

namespace shoal::cli {

struct StudyRunAsked {
  std::string file;
  std::string on = "sim";
  std::uint64_t seed = 0;
  bool one_seed = false;
  std::uint64_t seeds = 0;  // 0: as many as the file says
  std::string variant;      // empty: all
  std::string out;          // empty: NAME-results
  bool force = false;
  unsigned jobs = 0;  // 0: one for each processor
};
int study_run(Session& session, const StudyRunAsked& asked);

struct StudyCompareAsked {
  std::string a;
  std::string b;  // empty: the variants of a alone
  bool all = false;
};
int study_compare(Session& session, const StudyCompareAsked& asked);

int study_report(Session& session, const std::string& folder);

struct StudyExportAsked {
  std::string folder;
  std::string as = "edn";
  std::string checker;
  std::string variant;
  bool one_variant = false;
  std::uint64_t seed = 0;
  bool one_seed = false;
  std::string key;
  std::string out;
};
int study_export(Session& session, const StudyExportAsked& asked);

// ---- tables -------------------------------------------------------------------------------------------------------

// "12.3", "0.0042": three digits that count.
std::string short_number(double value);
// "12.3 [10.1 .. 14]" for people, the median alone for programs.
std::string spread_text(const Session& session, const study::Spread& spread);
std::string variant_text(const std::string& variant);
void print_results(const Session& session, const study::StudyResults& results, const std::string& folder);
void print_comparison(const Session& session, const std::vector<study::Difference>& differences,
                      const std::vector<study::Ranking>& rankings);

}  // namespace shoal::cli
