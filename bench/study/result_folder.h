// ResultFolder: the files of a study, written run by run.
//
//   run.toml        everything to repeat it                            written first
//   history.ndjson  every operation and fault (history_lines.h); absent when no scenario keeps its history
//   metrics.csv     the state and the rates over time, all runs
//   summary.csv     one line for each run, every number
//   study.sqlite    all of that as tables
//   measures.json   what reports are drawn from
//   verdict.json    what was promised and held                         written last: without it the study did not end
//
// The same recordings make the same bytes: no file has a time of day or an absolute path in it. Recordings are not
// kept: of a run stay its measures, of each variant the messages of one run.
#pragma once

#include <filesystem>
#include <memory>

#include "bench/study/results.h"
#include "bench/study/scenario.h"

namespace shoal::study {

class ResultFolder {
 public:
  // Makes the folder. One that holds something is refused (Errc::refused), but with `force` a folder of an earlier
  // study (its run.toml can be read as one) is emptied of what studies write.
  static Result<ResultFolder> create(const std::filesystem::path& folder, const RunInfo& info, bool force);
  ResultFolder(ResultFolder&&) noexcept;
  ResultFolder& operator=(ResultFolder&&) noexcept;
  ~ResultFolder();

  // The verdict of the run. Errc::io when a file cannot be written.
  Result<Verdict> add(const Recording& recording, const MeasureSettings& settings, Keep history);
  // Nothing can be added afterwards. Precondition: a run was added.
  Result<StudyResults> finish();
  // Without a run, takes away what create() has made: the files, and the folder if it was not there.
  void discard_if_empty() &&;

 private:
  struct Files;
  explicit ResultFolder(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

// Whether create() with `force` would take the file away.
bool would_remove(const std::filesystem::path& folder, const std::filesystem::path& file);

}  // namespace shoal::study
