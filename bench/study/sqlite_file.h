// study.sqlite: the runs of a study as tables, for questions that the report does not answer.
//
//   run        id, variant, seed, driver, replicas, r, w, seconds, healed, events, event_hash, verdict
//   sample     run, at, behind, keys_apart, hints, ... (the columns of metrics.csv's first part)
//   operation  run, number, client, phase, function, key, outcome, error, invoked, completed, since_write, write,
//              returned, replaces, in_session, retried, stand_ins, context, linearizable, expected, expected_version,
//              version, lost   (none when the history is not kept)
//   fault      run, what, place, begin, end, destroyed_copies
//   last       run, key, known, equal, write_ids
//   counter    run, name, value
//   check_     run, name, judgement, examined, violations, sentence
//   summary    run, name, unit, value
//
// Lists of ids are JSON arrays. One transaction holds everything: the file is empty until finish().
#pragma once

#include <filesystem>
#include <memory>

#include "bench/study/checkers.h"
#include "bench/study/measures.h"
#include "node/base/result.h"

struct sqlite3;

namespace shoal::study {

class SqliteFile {
 public:
  // Errc::io when it cannot be made. Precondition: there is no such file.
  static Result<SqliteFile> create(const std::filesystem::path& file);

  Status add(const Recording& recording, const Measures& measures, const Verdict& verdict, bool with_operations);
  Status finish();

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  explicit SqliteFile(sqlite3* database) : database_(database) {}

  std::unique_ptr<sqlite3, Closer> database_;
  std::int64_t runs_ = 0;
};

}  // namespace shoal::study
