#include "bench/study/result_folder.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "bench/study/history_lines.h"
#include "bench/study/json_files.h"
#include "bench/study/run_file.h"
#include "bench/study/sqlite_file.h"
#include "bench/study/tables.h"
#include "node/base/check.h"

namespace shoal::study {
namespace {

namespace fs = std::filesystem;

constexpr std::array kOurs = {"verdict.json", "measures.json", "run.toml",    "history.ndjson", "metrics.csv",
                              "summary.csv",  "study.sqlite",  "report.html", "charts.json"};

bool is_ours(const fs::path& file) {
  const std::string name = file.filename().string();
  const bool is_figure = name.starts_with("fig-") && name.ends_with(".svg");
  return is_figure || std::ranges::find(kOurs, name) != kOurs.end();
}

Error io_error(const fs::path& file, const std::string& why) {
  return fail(Errc::io, file.string() + " cannot be written: " + why);
}

Status write_text(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.flush();
  return out ? Status(Unit{}) : io_error(file, "the disk took not all of it");
}

// The verdict goes first: what is left of a folder that could not be emptied must not look complete.
Status empty_folder(const fs::path& folder) {
  std::error_code error;
  fs::remove(folder / "verdict.json", error);
  if (error) return io_error(folder / "verdict.json", error.message());
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (entry.is_regular_file() && is_ours(entry.path()) && !fs::remove(entry.path(), error))
      return io_error(entry.path(), error.message());
  return error ? Status(io_error(folder, error.message())) : Status(Unit{});
}

Result<std::string> read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Errc::invalid, file.string() + " is not there: this is no folder of a study that has ended");
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

// Any program may have a run.toml: one that cannot be read as a study's is somebody else's.
bool holds_results(const fs::path& folder) {
  const Result<std::string> run = read_text(folder / "run.toml");
  return run && parse_run_toml(*run);
}

// Whether the folder was not there before.
Result<bool> make_folder(const fs::path& folder, bool force) {
  std::error_code error;
  const bool made = fs::create_directories(folder, error);
  if (error) return io_error(folder, error.message());
  const bool empty = fs::is_empty(folder, error);
  if (error) return io_error(folder, error.message());
  if (empty) return made;
  if (!holds_results(folder))
    return fail(Errc::refused,
                folder.string() + " is not empty and holds no results of a study: choose another folder");
  if (!force)
    return fail(Errc::refused, folder.string() + " holds the results of a study: choose another folder, or --force");
  if (const Status emptied = empty_folder(folder); !emptied) return emptied.error();
  return made;
}

// Drops the lines of a run that is not shown in detail.
void forget_lines(Measures& measures) {
  measures.state = {};
  measures.behind_by_node = {};
  measures.seconds_lines = {};
}

}  // namespace

struct ResultFolder::Files {
  fs::path folder;
  bool made = false;  // by us, and not found
  RunInfo info;
  SqliteFile sqlite;
  std::ofstream history;
  std::ofstream metrics;
  std::ofstream summary;
  std::vector<RunResult> runs;
  std::map<std::string, std::size_t> detailed;  // by variant

  Status open(std::ofstream& file, const char* name) const {
    if (file.is_open()) return Unit{};
    file.open(folder / name, std::ios::binary);
    return file ? Status(Unit{}) : io_error(folder / name, "it cannot be opened");
  }

  static Status written(std::ofstream& file, const fs::path& path) {
    if (file.is_open()) file.flush();
    return file ? Status(Unit{}) : io_error(path, "the disk took not all of it");
  }

  Status write_streams(const Recording& recording, const RunResult& run, Keep keep);
  void keep_run(RunResult run, const Recording& recording);
  StudyResults results();
};

Status ResultFolder::Files::write_streams(const Recording& recording, const RunResult& run, Keep keep) {
  if (keep == Keep::all) {
    if (Status opened = open(history, "history.ndjson"); !opened) return opened;
    write_history(recording, history);
    if (Status done = written(history, folder / "history.ndjson"); !done) return done;
  }
  if (runs.empty()) {
    write_metrics_head(run.measures, metrics);
    write_summary_head(run.measures, summary);
  }
  write_metrics(run.measures, metrics);
  write_summary(run.measures, run.verdict.judgement(), recording, summary);
  if (Status done = written(metrics, folder / "metrics.csv"); !done) return done;
  return written(summary, folder / "summary.csv");
}

void ResultFolder::Files::keep_run(RunResult run, const Recording& recording) {
  const auto [shown, first] = detailed.try_emplace(recording.variant, runs.size());
  const bool was_valid = !first && runs[shown->second].verdict.judgement() == Judgement::valid;
  run.detailed = first || (was_valid && run.verdict.judgement() != Judgement::valid);
  if (run.detailed) {
    if (!first) {
      runs[shown->second].detailed = false;
      runs[shown->second].messages.clear();
    }
    shown->second = runs.size();
    run.messages = recording.messages;
  }
  runs.push_back(std::move(run));
}

StudyResults ResultFolder::Files::results() {
  StudyResults all{.info = info};
  std::vector<Measures> measures;
  for (RunResult& run : runs) {
    all.judgement = std::max(all.judgement, run.verdict.judgement());
    measures.push_back(run.measures);
    if (!run.detailed) forget_lines(run.measures);
  }
  all.variants = aggregate_all(measures);
  for (const VariantMeasures& variant : all.variants)
    for (RunResult& run : runs)
      if (run.measures.variant == variant.variant) all.runs.push_back(std::move(run));
  return all;
}

ResultFolder::ResultFolder(std::unique_ptr<Files> files) : files_(std::move(files)) {}
ResultFolder::ResultFolder(ResultFolder&&) noexcept = default;
ResultFolder& ResultFolder::operator=(ResultFolder&&) noexcept = default;
ResultFolder::~ResultFolder() = default;

Result<ResultFolder> ResultFolder::create(const fs::path& folder, const RunInfo& info, bool force) {
  const Result<bool> made = make_folder(folder, force);
  if (!made) return made.error();
  if (const Status said = write_text(folder / "run.toml", run_toml(info)); !said) return said.error();
  Result<SqliteFile> sqlite = SqliteFile::create(folder / "study.sqlite");
  if (!sqlite) return sqlite.error();
  auto files =
      std::make_unique<Files>(Files{.folder = folder, .made = *made, .info = info, .sqlite = *std::move(sqlite)});
  if (const Status opened = files->open(files->metrics, "metrics.csv"); !opened) return opened.error();
  if (const Status opened = files->open(files->summary, "summary.csv"); !opened) return opened.error();
  return ResultFolder(std::move(files));
}

Result<Verdict> ResultFolder::add(const Recording& recording, const MeasureSettings& settings, Keep history) {
  RunResult run{.measures = measure(recording, settings), .verdict = check(recording), .nodes = recording.nodes};
  if (const Status done = files_->write_streams(recording, run, history); !done) return done.error();
  const bool with_operations = history == Keep::all;
  if (const Status done = files_->sqlite.add(recording, run.measures, run.verdict, with_operations); !done)
    return done.error();
  Verdict verdict = run.verdict;
  files_->keep_run(std::move(run), recording);
  return verdict;
}

void ResultFolder::discard_if_empty() && {
  if (!files_->runs.empty()) return;
  const fs::path folder = files_->folder;
  const bool made = files_->made;
  files_.reset();
  std::error_code error;
  if (empty_folder(folder) && made) fs::remove(folder, error);
}

Result<StudyResults> ResultFolder::finish() {
  SHOAL_CHECK(!files_->runs.empty());
  if (const Status done = files_->sqlite.finish(); !done) return done.error();
  StudyResults results = files_->results();
  const fs::path& folder = files_->folder;
  if (const Status done = write_text(folder / "measures.json", measures_json(results)); !done) return done.error();
  if (const Status done = write_text(folder / "verdict.json", verdict_json(results)); !done) return done.error();
  return results;
}

bool would_remove(const fs::path& folder, const fs::path& file) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (is_ours(entry.path()) && fs::equivalent(entry.path(), file, error)) return true;
  return false;
}

Result<StudyResults> read_results(const fs::path& folder) {
  StudyResults results;
  const Result<std::string> verdict = read_text(folder / "verdict.json");
  if (!verdict) return verdict.error();
  const Result<std::string> run = read_text(folder / "run.toml");
  if (!run) return run.error();
  Result<RunInfo> info = parse_run_toml(*run);
  if (!info) return info.error();
  results.info = *std::move(info);
  const Result<std::string> measures = read_text(folder / "measures.json");
  if (!measures) return measures.error();
  if (const Status taken = take_measures(*measures, results); !taken) return taken.error();
  if (const Status taken = take_verdict(*verdict, results); !taken) return taken.error();
  return results;
}

}  // namespace shoal::study
