#include "bench/study/scenario_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace shoal::study {
namespace {

const std::string kSmall = R"(
name = "small"
[[workload]]
)";

StudyFile study_of(const std::string& text) {
  Result<StudyFile> study = parse_study(text, {});
  EXPECT_TRUE(study) << (study ? "" : study.error().message);
  return study ? *std::move(study) : StudyFile{.text = {}, .variants = {Variant{}}};
}

std::string refusal_of(const std::string& text) {
  const Result<StudyFile> study = parse_study(text, {});
  return study ? "" : study.error().message;
}

TEST(ScenarioFile, NeedsNothingButANameAndALoad) {
  const StudyFile study = study_of(kSmall);
  ASSERT_EQ(study.variants.size(), 1);
  EXPECT_EQ(study.variants[0].name, "");
  EXPECT_EQ(study.variants[0].scenario.cluster.nodes, 5);
  EXPECT_EQ(study.variants[0].scenario.workloads.size(), 1);
}

TEST(ScenarioFile, AVariantIsTheFileWithItsTableLaidOverIt) {
  const StudyFile study = study_of(kSmall + R"(
[cluster]
nodes = 7
[cluster.switches]
read_repair = false
[variants.with-hints]
[variants.without]
cluster.switches.hints = false
seconds = 5
)");
  ASSERT_EQ(study.variants.size(), 2);
  EXPECT_EQ(study.variants[0].name, "with-hints");
  EXPECT_TRUE(study.variants[0].scenario.cluster.switches.hints);
  const Scenario& without = study.variants[1].scenario;
  EXPECT_FALSE(without.cluster.switches.hints);
  EXPECT_FALSE(without.cluster.switches.read_repair);
  EXPECT_EQ(without.cluster.nodes, 7);
  EXPECT_EQ(without.seconds, 5);
}

TEST(ScenarioFile, ReadsEveryShapeOfDelay) {
  const StudyFile study = study_of(kSmall + R"(
[links]
delay = 3
write = { uniform = { min_ms = 1, max_ms = 2 } }
ack = { normal = { mean_ms = 5, sd_ms = 1 }, plus_ms = 75 }
read = [ { share = 38, pareto = { scale_ms = 1.05, shape = 1.51 } }, { share = 62, exponential_ms = 5.46 } ]
)");
  const LinkQuality& links = study.variants[0].scenario.links;
  EXPECT_EQ(std::get<Constant>(links.delay[static_cast<std::size_t>(Leg::other)].parts()[0].shape).ms, 3);
  EXPECT_EQ(std::get<Uniform>(links.delay[static_cast<std::size_t>(Leg::write)].parts()[0].shape).max_ms, 2);
  EXPECT_EQ(links.delay[static_cast<std::size_t>(Leg::ack)].parts()[0].plus_ms, 75);
  EXPECT_EQ(links.delay[static_cast<std::size_t>(Leg::read)].parts().size(), 2);
  EXPECT_EQ(std::get<Constant>(links.delay[static_cast<std::size_t>(Leg::client)].parts()[0].shape).ms, 0);
}

TEST(ScenarioFile, ReadsMeasuredDelaysFromAFileBesideIt) {
  const auto folder = std::filesystem::path(::testing::TempDir());
  std::ofstream(folder / "measured.txt") << "3\n1\n2\n";
  const auto study = parse_study(kSmall + "[links]\ndelay = { file = \"measured.txt\" }\n", folder);
  ASSERT_TRUE(study) << study.error().message;
  const auto& shape = study->variants[0].scenario.links.delay[0].parts()[0].shape;
  EXPECT_EQ(*std::get<Empirical>(shape).values_ms, (std::vector<double>{1, 2, 3}));
  std::ofstream(folder / "wrong.txt") << "3\n-1\n";
  const auto wrong = parse_study(kSmall + "[links]\ndelay = { file = \"wrong.txt\" }\n", folder);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("wrong.txt"), std::string::npos);
}

TEST(ScenarioFile, ReadsFaultsWithNodesZonesAndGroups) {
  const StudyFile study = study_of(kSmall + R"(
[cluster]
nodes = 4
zones = ["a", "b"]
[[fault]]
what = "partition"
at_s = 1
for_s = 2
groups = ["n1, n2", "n3,n4"]
one_way = true
[[fault]]
what = "crash"
node = "zone:b"
)");
  const std::vector<Fault>& faults = study.variants[0].scenario.faults;
  ASSERT_EQ(faults.size(), 2);
  EXPECT_EQ(faults[0].groups, (std::vector<Nodes>{{0, 1}, {2, 3}}));
  EXPECT_TRUE(faults[0].one_way);
  EXPECT_EQ(faults[1].groups, (std::vector<Nodes>{{1, 3}}));
  EXPECT_EQ(where(faults[0]), "n1, n2 | n3, n4");
}

TEST(ScenarioFile, RandomFaultsAreTheSameForASeedAndOthersForAnother) {
  const StudyFile study = study_of(kSmall + R"(
[random_faults]
per_minute = 30
what = ["crash", "partition", "loss"]
lasts = { uniform = { min_ms = 500, max_ms = 5000 } }
)");
  const Scenario& base = study.variants[0].scenario;
  const Scenario once = with_faults_drawn(base, 3);
  const Scenario again = with_faults_drawn(base, 3);
  const Scenario other = with_faults_drawn(base, 4);
  ASSERT_GT(once.faults.size(), 10);
  ASSERT_EQ(once.faults.size(), again.faults.size());
  EXPECT_EQ(once.faults[5].at_s, again.faults[5].at_s);
  EXPECT_NE(once.faults[0].at_s, other.faults[0].at_s);
  EXPECT_TRUE(std::ranges::is_sorted(once.faults, {}, &Fault::at_s));
}

struct Wrong {
  std::string text;
  std::string sentence;  // a part of it
};

class WrongScenario : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongScenario, IsRefusedWithLineAndColumnAndWhatWasMeant) {
  const std::string refusal = refusal_of(GetParam().text);
  EXPECT_NE(refusal.find(GetParam().sentence), std::string::npos) << refusal;
  EXPECT_EQ(refusal.rfind("line ", 0), 0U) << refusal;
}

INSTANTIATE_TEST_SUITE_P(
    Files, WrongScenario,
    ::testing::Values(Wrong{"name = ", "line 1"}, Wrong{"[[workload]]\n", "needs a name"},
                      Wrong{"name = \"x\"\n", "needs a [[workload]]"},
                      Wrong{kSmall + "[cluster]\nnodez = 3\n", "line 5, column 1: there is no setting cluster.nodez"},
                      Wrong{kSmall + "[cluster]\nnodes = \"3\"\n", "cluster.nodes must be a number from 1 to 1000"},
                      Wrong{kSmall + "[cluster]\nnodes = 2.5\n", "cluster.nodes must be a whole number"},
                      Wrong{kSmall + "rate = -1\n", "workload.rate must be a number"},
                      Wrong{kSmall + "level = \"best\"\n", "workload.level is one of: quorum"},
                      Wrong{kSmall + "bucket = \"b\"\n", "is not among [cluster.buckets.NAME]"},
                      Wrong{kSmall + "get = 0\nput = 0\n", "a weight above 0"},
                      Wrong{kSmall + "[links]\ndelay = { exponential_ms = 1, constant_ms = 2 }\n", "exactly one of"},
                      Wrong{kSmall + "[links]\ndelay = { file = \"nowhere.txt\" }\n", "cannot read the delays"},
                      Wrong{kSmall + "[[fault]]\nwhat = \"flood\"\n", "fault.what is one of: partition"},
                      Wrong{kSmall + "[[fault]]\nwhat = \"partition\"\n", "needs groups"},
                      Wrong{kSmall + "[[fault]]\nwhat = \"crash\"\nnode = \"n9\"\n", "which is no node"},
                      Wrong{kSmall + "[[fault]]\nwhat = \"loss\"\n", "needs the share"},
                      Wrong{kSmall + "[[fault]]\nwhat = \"disk_slow\"\nnode = \"n1\"\n", "needs delay"},
                      Wrong{kSmall + "[random_faults]\nper_minute = 1\nwhat = [\"x\"]\n", "no kind of fault"},
                      Wrong{kSmall + "[random_faults]\nper_minute = 1\nwhat = [\"crash\"]\n", "how long one lasts"},
                      Wrong{kSmall + "[[links.rule]]\nfrom = \"n1\"\n", "needs from and to"},
                      Wrong{kSmall + "[[fault]]\nwhat = \"ring\"\nat_s = 70\n", "after the load has ended"},
                      Wrong{kSmall + "[[fault]]\nwhat = \"clock_jump\"\nnode = \"n1\"\n[cluster]\ngossip_only = true\n",
                            "only gossips"},
                      Wrong{kSmall + "[cluster]\nnodes = 2\n", "fewer nodes than replicas"},
                      Wrong{kSmall + "[variants.a]\nseconds = 0\n", "in variant a"}));

// ---- strong buckets ------------------------------------------------------------------------------------------------

const std::string kStrong = R"(
name = "strong"
[cluster.buckets.safe]
kind = "strong"
[[workload]]
bucket = "safe"
)";

TEST(ScenarioFile, AStrongBucketHasItsLevelAndCompareAndSets) {
  const StudyFile study = study_of(kStrong + "level = \"strong\"\ncas = 20\n");
  const Workload& load = study.variants[0].scenario.workloads.front();
  EXPECT_EQ(study.variants[0].scenario.cluster.buckets.front().kind, Kind::strong);
  EXPECT_EQ(load.level, Level::strong);
  EXPECT_EQ(load.cas, 20U);
  EXPECT_FALSE(load.fill) << "its keys begin without a value";
}

// So that variants can make one bucket strong and another not.
TEST(ScenarioFile, WhatAStrongBucketHasNotMayBeSaidToBeAbsent) {
  const StudyFile study = study_of(kStrong + "r = 0\nw = 0\nfill = false\n");
  EXPECT_EQ(study.variants.size(), 1U);
  EXPECT_EQ(study_of(kSmall + "cas = 0\n").variants.size(), 1U);
}

const std::string kNeedsStrong = "needs a bucket of kind strong, and \"default\" is of kind siblings";
const std::string kNoReplies = "means nothing in a strong bucket";

INSTANTIATE_TEST_SUITE_P(
    Strong, WrongScenario,
    ::testing::Values(Wrong{kSmall + "level = \"strong\"\n", "line 4, column 9: workload.level strong " + kNeedsStrong},
                      Wrong{kSmall + "cas = 1\n", "line 4, column 7: workload.cas " + kNeedsStrong},
                      Wrong{
                          "name = \"x\"\n[cluster.buckets.b]\nkind = \"lww\"\n[[workload]]\nbucket = \"b\"\ncas = 1\n",
                          "line 6, column 7: workload.cas needs a bucket of kind strong, and \"b\" is of kind lww"},
                      Wrong{kStrong + "r = 1\n", "line 7, column 5: workload.r " + kNoReplies},
                      Wrong{kStrong + "w = -1\n", "line 7, column 5: workload.w " + kNoReplies},
                      Wrong{kStrong + "fill = true\n", "line 7, column 8: workload.fill must be false"},
                      Wrong{kStrong + "[cluster.buckets.other]\nkind = \"strong\"\nw = 2\n",
                            "line 9, column 5: cluster.buckets.other.w " + kNoReplies},
                      Wrong{kStrong + "get = 0\nput = 0\n",
                            "line 5, column 1: a workload needs a weight above 0 for get, put, del or cas"}));

}  // namespace
}  // namespace shoal::study
