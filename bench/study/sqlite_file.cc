#include "bench/study/sqlite_file.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bench/study/tables.h"

namespace shoal::study {
namespace {

constexpr const char* kTables = R"(
  CREATE TABLE run (id INTEGER PRIMARY KEY, variant TEXT, seed TEXT, driver TEXT, replicas INTEGER, r INTEGER,
    w INTEGER, seconds REAL, healed REAL, events INTEGER, event_hash TEXT, verdict TEXT);
  CREATE TABLE sample (run INTEGER, at REAL, behind INTEGER, keys_apart INTEGER, hints INTEGER, hint_bytes INTEGER,
    handoff_bytes INTEGER, read_repair_bytes INTEGER, anti_entropy_bytes INTEGER, siblings_max INTEGER,
    siblings_all INTEGER, clock_entries INTEGER);
  CREATE TABLE operation (run INTEGER, number INTEGER, client INTEGER, phase TEXT, function TEXT, key TEXT,
    outcome TEXT, error TEXT, invoked REAL, completed REAL, since_write REAL, write INTEGER, returned TEXT,
    replaces TEXT, in_session INTEGER, retried INTEGER, stand_ins INTEGER, context TEXT,
    linearizable INTEGER, expected INTEGER, expected_version INTEGER, version INTEGER, lost INTEGER);
  CREATE TABLE fault (run INTEGER, what TEXT, place TEXT, begin REAL, end REAL, destroyed_copies INTEGER);
  CREATE TABLE last (run INTEGER, key TEXT, known INTEGER, equal INTEGER, write_ids TEXT);
  CREATE TABLE counter (run INTEGER, name TEXT, value INTEGER);
  CREATE TABLE check_ (run INTEGER, name TEXT, judgement TEXT, examined INTEGER, violations INTEGER, sentence TEXT);
  CREATE TABLE summary (run INTEGER, name TEXT, unit TEXT, value REAL);
)";

Error failed(sqlite3* database) {
  return fail(Errc::io, fmt::format("study.sqlite cannot be written: {}", sqlite3_errmsg(database)));
}

Status execute(sqlite3* database, const char* sql) {
  return sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Status(Unit{}) : failed(database);
}

// Inserts rows into one table. The first error stays.
class Rows {
 public:
  Rows(sqlite3* database, const char* table, int columns) : database_(database) {
    std::string places = "?";
    for (int i = 1; i < columns; ++i) places += ",?";
    const std::string sql = fmt::format("INSERT INTO {} VALUES ({})", table, places);
    ok_ = sqlite3_prepare_v2(database, sql.c_str(), -1, &statement_, nullptr) == SQLITE_OK;
  }
  ~Rows() { sqlite3_finalize(statement_); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  template <class... Values>
  void add(const Values&... values) {
    if (!ok_) return;
    int place = 0;
    (bind(++place, values), ...);
    ok_ = ok_ && sqlite3_step(statement_) == SQLITE_DONE && sqlite3_reset(statement_) == SQLITE_OK;
  }
  [[nodiscard]] Status status() const { return ok_ ? Status(Unit{}) : failed(database_); }

 private:
  template <class T>
  requires std::is_integral_v<T>
  void bind(int place, T value) { take(sqlite3_bind_int64(statement_, place, static_cast<sqlite3_int64>(value))); }
  void bind(int place, double value) { take(sqlite3_bind_double(statement_, place, value)); }
  void bind(int place, std::string_view text) {
    take(sqlite3_bind_text(statement_, place, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT));
  }
  template <class T>
  void bind(int place, const std::optional<T>& value) {
    value ? bind(place, *value) : take(sqlite3_bind_null(statement_, place));
  }
  void take(int code) { ok_ = ok_ && code == SQLITE_OK; }

  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
  bool ok_ = false;
};

std::string json_of(const std::vector<WriteId>& ids) { return nlohmann::json(ids).dump(); }

std::string_view key_of(const Recording& recording, std::uint32_t key) {
  return key < recording.keys.size() ? std::string_view(recording.keys[key]) : std::string_view();
}

Status add_run(sqlite3* database, std::int64_t run, const Recording& recording, const Verdict& verdict) {
  Rows rows(database, "run", 12);
  rows.add(run, recording.variant, std::to_string(recording.seed), recording.driver, recording.replicas, recording.r,
           recording.w, recording.seconds, recording.healed, recording.events,
           fmt::format("{:016x}", recording.event_hash), name_of(verdict.judgement()));
  return rows.status();
}

Status add_samples(sqlite3* database, std::int64_t run, const Recording& recording) {
  Rows rows(database, "sample", 12);
  for (const Sample& s : recording.samples)
    rows.add(run, s.at, s.behind, s.keys_apart, s.hints, s.hint_bytes, s.handoff_bytes, s.read_repair_bytes,
             s.anti_entropy_bytes, s.siblings_max, s.siblings_all, s.clock_entries);
  return rows.status();
}

Status add_operations(sqlite3* database, std::int64_t run, const Recording& recording) {
  Rows rows(database, "operation", 23);
  std::uint64_t number = 0;
  for (const Operation& o : recording.operations)
    rows.add(run, number++, o.client, name_of(o.phase), name_of(o.function), key_of(recording, o.key),
             name_of(o.outcome), std::string_view(o.error == Errc::ok ? "" : describe(o.error)), o.invoked, o.completed,
             o.since_write, o.write, json_of(o.returned), json_of(o.replaces), o.in_session, o.retried, o.stand_ins,
             o.context, o.linearizable, o.expected, o.expected_version, o.version, o.lost());
  return rows.status();
}

Status add_faults(sqlite3* database, std::int64_t run, const Recording& recording) {
  Rows rows(database, "fault", 6);
  for (const FaultSpan& fault : recording.faults)
    rows.add(run, fault.what, fault.where, fault.begin, fault.end, fault.destroyed_copies);
  return rows.status();
}

Status add_ends(sqlite3* database, std::int64_t run, const Recording& recording) {
  Rows rows(database, "last", 5);
  for (const LastState& state : recording.finals)
    rows.add(run, key_of(recording, state.key), state.known, state.equal, json_of(state.values));
  Rows counters(database, "counter", 3);
  for (const auto& [name, value] : recording.counters) counters.add(run, name, value);
  const Status ends = rows.status();
  return ends ? counters.status() : ends;
}

Status add_verdict(sqlite3* database, std::int64_t run, const Verdict& verdict, const Measures& measures) {
  Rows checks(database, "check_", 6);
  for (const Check& check : verdict.checks)
    checks.add(run, check.name, name_of(check.judgement), check.examined, check.violations,
               check.sentences.empty() ? std::string_view() : std::string_view(check.sentences.front()));
  Rows numbers(database, "summary", 4);
  for (const Number& number : numbers_of(measures)) numbers.add(run, number.name, number.unit, number.value);
  const Status checked = checks.status();
  return checked ? numbers.status() : checked;
}

}  // namespace

void SqliteFile::Closer::operator()(sqlite3* database) const { sqlite3_close(database); }

Result<SqliteFile> SqliteFile::create(const std::filesystem::path& file) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open(file.c_str(), &opened);
  SqliteFile result(opened);
  if (code != SQLITE_OK) return failed(opened);
  // A run that is killed is done again: nothing here needs a journal on the disk.
  for (const char* sql :
       {"PRAGMA page_size = 4096", "PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF", "BEGIN", kTables})
    if (const Status done = execute(opened, sql); !done) return done.error();
  return result;
}

Status SqliteFile::add(const Recording& recording, const Measures& measures, const Verdict& verdict,
                       bool with_operations) {
  sqlite3* database = database_.get();
  const std::int64_t run = ++runs_;
  if (Status done = add_run(database, run, recording, verdict); !done) return done;
  if (Status done = add_samples(database, run, recording); !done) return done;
  if (with_operations)
    if (Status done = add_operations(database, run, recording); !done) return done;
  if (Status done = add_faults(database, run, recording); !done) return done;
  if (Status done = add_ends(database, run, recording); !done) return done;
  return add_verdict(database, run, verdict, measures);
}

Status SqliteFile::finish() { return execute(database_.get(), "COMMIT"); }

}  // namespace shoal::study
