// shoal study: runs in virtual time, and what is done with their folders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/client/run_command.h"

namespace shoal::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kSplit = R"(
name = "split"
seconds = 5
settle_s = 30
seeds = 2
[cluster]
nodes = 3
repair_interval_s = 2
[[workload]]
rate = 50
keys = 10
[[fault]]
what = "isolate"
node = "n1"
at_s = 1
for_s = 2
[variants.base]
[variants.quiet]
cluster.switches.hints = false
)";

class CliStudy : public testing::Test {
 protected:
  CliStudy() { std::ofstream(top_.path("split.toml")) << kSplit; }

  [[nodiscard]] Ran study(const std::string& arguments) const {
    return run_command("cd " + top_.path() + " && " SHOAL_BIN_DIR "/shoal study " + arguments);
  }

  TempDir top_;
};

TEST_F(CliStudy, RunsAllSeedsOfAllVariants) {
  const Ran ran = study("-o json run split.toml");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto said = nlohmann::json::parse(ran.out);
  EXPECT_EQ(said.at("judgement"), "valid");
  ASSERT_EQ(said.at("variants").size(), 2U);
  EXPECT_EQ(said.at("variants")[1].at("variant"), "quiet");
  EXPECT_EQ(said.at("variants")[1].at("runs").at("valid"), 2);
  EXPECT_EQ(said.at("variants")[0].at("numbers").at("lost").at("max"), 0);
  for (const char* name : {"run.toml", "history.ndjson", "metrics.csv", "summary.csv", "study.sqlite", "measures.json",
                           "verdict.json", "report.html"})
    EXPECT_TRUE(fs::exists(top_.path("split-results/") + name)) << name;
}

// However many runs are made at the same time.
TEST_F(CliStudy, TheSameFilesEachTime) {
  ASSERT_EQ(study("run split.toml --jobs 1 --out a").code, 0);
  ASSERT_EQ(study("run split.toml --jobs 4 --out b").code, 0);
  const Ran same = run_command("diff -r " + top_.path("a") + " " + top_.path("b"));
  EXPECT_EQ(same.code, 0) << same.out;
}

TEST_F(CliStudy, RefusesWhatItCannotDo) {
  EXPECT_EQ(study("run nowhere.toml").code, 2);
  std::ofstream(top_.path("wrong.toml")) << "name = \"x\"\nsecods = 5\n[[workload]]\n";
  const Ran wrong = study("run wrong.toml");
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("line 2"));
  const Ran variant = study("run split.toml --variant quit");
  EXPECT_EQ(variant.code, 2);
  EXPECT_THAT(variant.err, HasSubstr("did you mean \"quiet\"?"));
  EXPECT_EQ(study("run split.toml --seed 1 --seeds 2").code, 2);
  EXPECT_EQ(study("").code, 2);
}

TEST_F(CliStudy, WritesOverNothingUnasked) {
  ASSERT_EQ(study("run split.toml --seed 3 --variant base").code, 0);
  const Ran again = study("run split.toml");
  EXPECT_EQ(again.code, 7);
  EXPECT_THAT(again.err, HasSubstr("--force"));
  EXPECT_EQ(study("run split.toml --seed 3 --force").code, 0);
}

TEST_F(CliStudy, ForceSparesTheStudyItself) {
  ASSERT_EQ(study("run split.toml --seed 3 --variant base --out a").code, 0);
  fs::rename(top_.path("split.toml"), top_.path("a/charts.json"));
  const Ran ran = study("run a/charts.json --out a --force");
  EXPECT_EQ(ran.code, 7) << ran.err;
  EXPECT_TRUE(fs::exists(top_.path("a/charts.json")));
  EXPECT_TRUE(fs::exists(top_.path("a/verdict.json")));
}

// Whichever variant it is that real nodes cannot run.
TEST_F(CliStudy, LeavesNothingWhenNodesCannotRunIt) {
  std::ofstream(top_.path("split.toml"), std::ios::app) << "cluster.nodes = 17\n";
  const Ran ran = study("run split.toml --on real");
  EXPECT_EQ(ran.code, 2) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("--on sim"));
  EXPECT_THAT(ran.err, testing::Not(HasSubstr("logs")));
  EXPECT_FALSE(fs::exists(top_.path("split-results")));
}

TEST_F(CliStudy, EachVariantHasItsOwnSeeds) {
  std::ofstream(top_.path("split.toml"), std::ios::app) << "seeds = 3\n";
  const auto said = nlohmann::json::parse(study("-o json run split.toml").out);
  EXPECT_EQ(said.at("variants")[0].at("runs").at("valid"), 2);
  EXPECT_EQ(said.at("variants")[1].at("runs").at("valid"), 3);
}

// It appears whole, and never in the history's place.
TEST_F(CliStudy, ExportKeepsWhatItCannotReplace) {
  ASSERT_EQ(study("run split.toml --seed 3 --variant base --out a").code, 0);
  const auto bytes = fs::file_size(top_.path("a/history.ndjson"));
  EXPECT_EQ(study("export a --for elle --out a/history.ndjson").code, 7);
  EXPECT_EQ(fs::file_size(top_.path("a/history.ndjson")), bytes);
  std::ofstream(top_.path("kept.edn")) << "before";
  EXPECT_EQ(study("export a --for elle --seed 99 --out kept.edn").code, 2);
  EXPECT_EQ(fs::file_size(top_.path("kept.edn")), 6U);
  EXPECT_EQ(study("export a --for elle --out kept.edn").code, 0);
  EXPECT_GT(fs::file_size(top_.path("kept.edn")), 100U);
  for (const auto& entry : fs::directory_iterator(top_.path("")))
    EXPECT_THAT(entry.path().string(), testing::Not(HasSubstr(".part"))) << "left behind";
}

TEST_F(CliStudy, ComparesRanksDrawsAndExports) {
  ASSERT_EQ(study("run split.toml --out a").code, 0);
  ASSERT_EQ(study("run split.toml --out b --seed 7").code, 0);
  const auto compared = nlohmann::json::parse(study("-o json compare a b").out);
  EXPECT_EQ(compared.at("differences")[0].at("variant"), "base");
  EXPECT_EQ(compared.at("rankings")[0].at("places").size(), 4U);
  EXPECT_THAT(study("compare a").out, HasSubstr("first_zero_s"));
  EXPECT_EQ(study("compare a nowhere").code, 2);

  fs::remove(top_.path("a/report.html"));
  EXPECT_EQ(study("report a").code, 0);
  EXPECT_TRUE(fs::exists(top_.path("a/report.html")));

  const auto events = nlohmann::json::parse(study("export a --for elle --as json --seed 2").out);
  EXPECT_GT(events.size(), 100U);
  EXPECT_THAT(study("export a --for porcupine").out, HasSubstr(":f :put"));
  EXPECT_EQ(study("export a --for elle --seed 99").code, 2);
  EXPECT_EQ(study("export a --for nobody").code, 2);
}

}  // namespace
}  // namespace shoal::test
