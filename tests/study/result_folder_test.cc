#include "bench/study/result_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/study/history_lines.h"
#include "bench/study/run_file.h"
#include "bench/study/tables.h"
#include "tests/study/story.h"

namespace shoal::study {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Story small_story(const std::string& variant, std::uint64_t seed) {
  Story story;
  story.recording.variant = variant;
  story.recording.seed = seed;
  story.recording.event_hash = 0xabcdef;
  story.recording.counters = {{"hint_expired", 3}};
  story.fault(2, 3);
  for (int i = 0; i < 12; ++i) story.get(4 + 0.1 * i, {1});
  story.put(1, 1);
  story.probe(1, 0.005, {1});
  story.sample(0, 0);
  story.sample(2.5, 3);
  story.sample(12, 0);
  story.recording.samples.back().behind_by_node = {0, 0, 0};
  story.recording.messages = {{.sent = 2, .from = 0, .to = 1, .name = "Replicate"}};
  story.ends({1});
  return story;
}

RunInfo info() {
  return {.name = "small",
          .title = "A \"small\" one",
          .about = "Two lines,\nand a \\ backslash.",
          .text = "name = \"small\"\n[cluster]\nnodes = 3\n",
          .variants = {"base", "other"},
          .seeds = {1, 18'446'744'073'709'551'615U},
          .driver = "sim",
          .command = "shoal study run small.toml",
          .version = "0.1.0",
          .revision = "unknown"};
}

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    top_ = fs::temp_directory_path() / ("shoal_results_" + std::string(test->name()) + "_" + std::to_string(getpid()));
    fs::remove_all(top_);
    fs::create_directories(top_);
  }
  void TearDown() override { fs::remove_all(top_); }

  // Both variants with seeds 1 and 2; the second run of "other" lost a write.
  static StudyResults run_into(const fs::path& folder, Keep history = Keep::all, bool force = false) {
    ResultFolder results = ResultFolder::create(folder, info(), force).value();
    for (const char* variant : {"base", "other"})
      for (const std::uint64_t seed : {1U, 2U}) {
        Story story = small_story(variant, seed);
        if (variant == std::string("other") && seed == 2) story.recording.finals[0].values = {};
        EXPECT_TRUE(results.add(story.told(), {.round_s = 1}, history));
      }
    return results.finish().value();
  }

  fs::path top_;
};

TEST_F(Folder, HoldsTheSameBytesForTheSameRecordings) {
  run_into(top_ / "a");
  run_into(top_ / "b");
  for (const char* name :
       {"run.toml", "history.ndjson", "metrics.csv", "summary.csv", "study.sqlite", "measures.json", "verdict.json"}) {
    EXPECT_FALSE(text_of(top_ / "a" / name).empty()) << name;
    EXPECT_EQ(text_of(top_ / "a" / name), text_of(top_ / "b" / name)) << name;
    EXPECT_THAT(text_of(top_ / "a" / name), testing::Not(HasSubstr(top_.string()))) << name;
  }
}

TEST_F(Folder, CanBeReadBack) {
  const StudyResults written = run_into(top_ / "a");
  const StudyResults read = read_results(top_ / "a").value();
  EXPECT_EQ(read.info.text, info().text);
  EXPECT_EQ(read.info.about, info().about);
  EXPECT_EQ(read.info.seeds, info().seeds);
  EXPECT_EQ(read.judgement, Judgement::invalid);
  ASSERT_EQ(read.variants.size(), 2U);
  EXPECT_EQ(read.variants[1].variant, "other");
  EXPECT_EQ(read.variants[0].number("read_ok")->median, 13);
  EXPECT_EQ(read.variants[0].staleness.probes.at(0).fresh.trials, 2U);
  EXPECT_EQ(read.variants[0].band("behind")->median, written.variants[0].band("behind")->median);
  EXPECT_TRUE(std::isnan(read.variants[0].band("read_p50")->median[0]));
  EXPECT_TRUE(std::isinf(read.variants[0].staleness.reads.back().to_ms));
  ASSERT_EQ(read.runs.size(), 4U);
  EXPECT_EQ(read.runs[3].verdict.judgement(), Judgement::invalid);
  EXPECT_EQ(read.runs[3].verdict.checks[0].violations, 1U);
}

// Of each variant the first run that is not valid, else the first.
TEST_F(Folder, ShowsOneRunOfAVariantInDetail) {
  run_into(top_ / "a");
  const StudyResults read = read_results(top_ / "a").value();
  std::vector<bool> detailed;
  for (const RunResult& run : read.runs) {
    detailed.push_back(run.detailed);
    EXPECT_EQ(run.messages.size(), run.detailed ? 1U : 0U);
    EXPECT_EQ(run.measures.state.at.empty(), !run.detailed);
  }
  EXPECT_THAT(detailed, ElementsAre(true, false, false, true));
  EXPECT_EQ(read.runs[0].messages[0].arrived, MessageTrace::kLost);
}

TEST_F(Folder, LooksUnfinishedUntilItIs) {
  ResultFolder results = ResultFolder::create(top_ / "a", info(), false).value();
  EXPECT_TRUE(results.add(small_story("base", 1).told(), {}, Keep::all));
  EXPECT_EQ(read_results(top_ / "a").error().code, Errc::invalid);
  EXPECT_TRUE(results.finish());
  EXPECT_TRUE(read_results(top_ / "a"));
}

TEST_F(Folder, IsNotWrittenOverByAccident) {
  run_into(top_ / "a");
  const auto again = ResultFolder::create(top_ / "a", info(), false);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("--force"));
  EXPECT_EQ(again.error().code, Errc::refused);
  std::ofstream(top_ / "a" / "notes.txt") << "mine";
  EXPECT_EQ(run_into(top_ / "a", Keep::none, true).runs.size(), 4U);
  EXPECT_EQ(text_of(top_ / "a" / "notes.txt"), "mine");
  EXPECT_FALSE(fs::exists(top_ / "a" / "history.ndjson"));
}

TEST_F(Folder, OfSomebodyElseIsNeverTouched) {
  std::ofstream(top_ / "notes.txt") << "mine";
  EXPECT_EQ(ResultFolder::create(top_, info(), true).error().code, Errc::refused);
  EXPECT_EQ(text_of(top_ / "notes.txt"), "mine");
}

// A run.toml alone does not make it ours, nor does any figure.
TEST_F(Folder, OfSomebodyElseIsNotForced) {
  for (const char* theirs : {"run = 1\n", "schema = 1\n", "no toml"}) {
    std::ofstream(top_ / "run.toml") << theirs;
    EXPECT_EQ(ResultFolder::create(top_, info(), true).error().code, Errc::refused) << theirs;
    EXPECT_EQ(text_of(top_ / "run.toml"), theirs);
  }
  run_into(top_ / "a");
  std::ofstream(top_ / "a" / "logo.svg") << "mine";
  std::ofstream(top_ / "a" / "fig-old.svg") << "drawn";
  run_into(top_ / "a", Keep::all, true);
  EXPECT_EQ(text_of(top_ / "a" / "logo.svg"), "mine");
  EXPECT_FALSE(fs::exists(top_ / "a" / "fig-old.svg"));
}

TEST_F(Folder, IsGoneWhenNothingRan) {
  ResultFolder::create(top_ / "a", info(), false).value().discard_if_empty();
  EXPECT_FALSE(fs::exists(top_ / "a"));
  ResultFolder results = ResultFolder::create(top_ / "a", info(), false).value();
  EXPECT_TRUE(results.add(small_story("base", 1).told(), {}, Keep::all));
  std::move(results).discard_if_empty();
  EXPECT_TRUE(fs::exists(top_ / "a" / "metrics.csv"));
  fs::create_directories(top_ / "b");
  ResultFolder::create(top_ / "b", info(), false).value().discard_if_empty();
  EXPECT_TRUE(fs::is_empty(top_ / "b"));
}

TEST_F(Folder, DamageIsSaid) {
  run_into(top_ / "a");
  std::ofstream(top_ / "a" / "measures.json") << "{\"schema\":1,\"variants\":[7]";
  EXPECT_THAT(read_results(top_ / "a").error().message, HasSubstr("measures.json is damaged"));
  std::ofstream(top_ / "a" / "run.toml") << "schema = 1\nname = ";
  EXPECT_THAT(read_results(top_ / "a").error().message, HasSubstr("run.toml is damaged"));
}

TEST_F(Folder, SummaryHasOneLineForEachRun) {
  run_into(top_ / "a");
  const auto lines = lines_of(text_of(top_ / "a" / "summary.csv"));
  ASSERT_EQ(lines.size(), 5U);
  const auto head = csv_fields(lines[0]);
  const auto last = csv_fields(lines[4]);
  ASSERT_EQ(head.size(), last.size());
  const auto column = [&](const std::string& name) {
    return static_cast<std::size_t>(std::ranges::find(head, name) - head.begin());
  };
  EXPECT_EQ(last[column("variant")], "other");
  EXPECT_EQ(last[column("verdict")], "invalid");
  EXPECT_EQ(last[column("lost")], "1");
  EXPECT_EQ(last[column("event_hash")], "0000000000abcdef");
  EXPECT_EQ(last[column("time_to_zero_s")], "2");
  EXPECT_EQ(last[column("write_p99_during_ms")], "");
}

TEST_F(Folder, MetricsHaveStateAndRates) {
  run_into(top_ / "a");
  const auto lines = lines_of(text_of(top_ / "a" / "metrics.csv"));
  ASSERT_EQ(lines.size(), 1U + 4 * 3);
  EXPECT_THAT(lines[0], testing::StartsWith("variant,seed,time,behind,keys_apart,hints,"));
  EXPECT_THAT(lines[2], testing::StartsWith("base,1,2.5,3,3,0,"));
  EXPECT_THAT(lines[3], testing::EndsWith(",,,,,,,,,,,")) << "after the load there are no rates";
}

std::int64_t count_in(const fs::path& file, const std::string& sql) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
  EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
  const std::int64_t count = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return count;
}

TEST_F(Folder, SqliteAnswersQuestions) {
  run_into(top_ / "a");
  const fs::path file = top_ / "a" / "study.sqlite";
  EXPECT_EQ(count_in(file, "SELECT count(*) FROM run WHERE verdict = 'valid'"), 3);
  EXPECT_EQ(count_in(file, "SELECT count(*) FROM operation WHERE run = 1"), 14);
  EXPECT_EQ(count_in(file, "SELECT count(*) FROM operation WHERE function = 'get' AND returned = '[1]'"), 52);
  EXPECT_EQ(count_in(file, "SELECT max(behind) FROM sample"), 3);
  EXPECT_EQ(count_in(file, "SELECT value FROM counter WHERE run = 2 AND name = 'hint_expired'"), 3);
  EXPECT_EQ(count_in(file, "SELECT value FROM summary WHERE run = 4 AND name = 'lost'"), 1);
  EXPECT_EQ(count_in(file, "SELECT violations FROM check_ WHERE run = 4 AND name = 'lost'"), 1);
  EXPECT_EQ(count_in(file, "SELECT count(*) FROM fault WHERE what = 'partition'"), 4);
}

TEST(HistoryLines, AsInJepsen) {
  Story story;
  story.put(1, 1);
  story.get(2, {1});
  story.fault(1.5, 3);
  std::ostringstream out;
  write_history(story.told(), out);
  const auto line = [](int index, const std::string& rest) {
    return R"({"index":)" + std::to_string(index) + R"(,"variant":"base","seed":1,"type":)" + rest;
  };
  const std::string mine = R"(,"process":0,"client":0,"phase":"load",)";
  EXPECT_THAT(
      lines_of(out.str()),
      ElementsAre(line(0, R"("invoke")" + mine + R"("f":"put","key":"k0","value":1,"time":1000000000})"),
                  line(1, R"("ok")" + mine + R"("f":"put","key":"k0","value":1,"stand_ins":0,"time":1010000000})"),
                  line(2, R"("info","process":"nemesis","f":"partition","value":["begin","n1 | n2, n3"],)"
                          R"("time":1500000000})"),
                  line(3, R"("invoke")" + mine + R"("f":"get","key":"k0","value":null,"time":2000000000})"),
                  line(4, R"("ok")" + mine + R"("f":"get","key":"k0","value":[1],"stand_ins":0,"time":2010000000})"),
                  line(5, R"("info","process":"nemesis","f":"partition","value":["end","n1 | n2, n3"],)"
                          R"("time":3000000000})")));
}

TEST(HistoryLines, StrongOperationsSayWhatACheckerNeeds) {
  Story story;
  story.cas(1, 1, 0).version = 1;
  Operation& lost = story.cas(2, 2, 1);
  lost.outcome = Outcome::fail;
  lost.error = Errc::conflict;
  story.put(3, 3, {1}).expected_version = 1;
  story.strong();
  std::ostringstream out;
  write_history(story.told(), out);
  const std::vector<std::string> lines = lines_of(out.str());
  EXPECT_THAT(lines.at(0), HasSubstr(R"("f":"cas","key":"k0","linearizable":true,"value":[null,1],"time")"));
  EXPECT_THAT(lines.at(1), HasSubstr(R"("value":[null,1],"stand_ins":0,"version":1,"time")"));
  EXPECT_THAT(lines.at(3), HasSubstr(R"("type":"fail","process":0,"client":0,"phase":"load","f":"cas","key":"k0",)"
                                     R"("value":[1,2],"lost":true,"time")"));
  EXPECT_THAT(lines.at(4), HasSubstr(R"("value":3,"replaces":[1],"expects_version":1,"time")"));
}

// One operation under way, and none after one of unknown outcome.
TEST(HistoryLines, ProcessesAreSequential) {
  Story story;
  story.put(1, 1);
  story.put(2, 1.005);                        // the same client, meanwhile
  story.put(3, 1.5).outcome = Outcome::info;  // takes process 0
  story.put(4, 2);                            // 0 is gone, 1 is idle
  story.put(5, 3).client = 1;
  std::ostringstream out;
  write_history(story.told(), out);
  std::map<std::uint64_t, std::uint64_t> process_of;
  for (const std::string& line : lines_of(out.str())) {
    const auto event = nlohmann::json::parse(line);
    process_of[event.at("value")] = event.at("process");
  }
  EXPECT_EQ(process_of[1], 0U);
  EXPECT_EQ(process_of[2], 1U);
  EXPECT_EQ(process_of[3], 0U);
  EXPECT_EQ(process_of[4], 1U);
  EXPECT_EQ(process_of[5], 2U);
}

TEST(Csv, QuotesAndBack) {
  const std::vector<std::string> fields = {"plain", "a,b", "say \"no\"", ""};
  std::string line;
  for (const std::string& field : fields) line += (line.empty() ? "" : ",") + csv_text(field);
  EXPECT_EQ(csv_fields(line), fields);
  EXPECT_EQ(csv_number(0.1), "0.1");
  EXPECT_EQ(csv_number(2), "2");
  EXPECT_EQ(csv_number(std::nan("")), "");
  EXPECT_EQ(csv_number(std::numeric_limits<double>::infinity()), "");
}

TEST(RunFile, HoldsAnyText) {
  for (const std::string text :
       {"", "one line", "a\nb\n", "\nfirst", "quote ' \" \\ at\nthe end'", "'''\n\"\"\"\n", "\t\x01\x7f\n"}) {
    const RunInfo info{.name = text, .text = text, .seeds = {7}};
    const Result<RunInfo> read = parse_run_toml(run_toml(info));
    ASSERT_TRUE(read) << run_toml(info);
    EXPECT_EQ(read->text, text);
    EXPECT_EQ(read->name, text);
  }
}

TEST(Revision, IsThere) { EXPECT_FALSE(source_revision().empty()); }

}  // namespace
}  // namespace shoal::study
