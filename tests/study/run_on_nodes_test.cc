#include <gtest/gtest.h>

#include <algorithm>

#include "bench/study/checkers.h"
#include "bench/study/driver.h"
#include "bench/study/scenario_file.h"

namespace shoal::study {
namespace {

namespace fs = std::filesystem;

class RunOnNodes : public ::testing::Test {
 protected:
  ~RunOnNodes() override { fs::remove_all(dir_); }

  Result<Recording> run(const std::string& text) {
    Result<StudyFile> study = parse_study("name = \"test\"\nsettle_s = 60\n" + text, {});
    EXPECT_TRUE(study) << (study ? "" : study.error().message);
    const RealOptions options{.shoald = fs::path(SHOAL_BIN_DIR) / "shoald", .dir = dir_};
    return run_on_nodes(study->variants.front(), 1, options, {});
  }

 private:
  fs::path dir_ = fs::path(::testing::TempDir()) /
                  ("study-" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
};

void expect_equal_at_the_end(const Recording& recording) {
  EXPECT_EQ(recording.samples.back().behind, 0U);
  EXPECT_FALSE(recording.finals.empty());
  for (const LastState& last : recording.finals) EXPECT_TRUE(last.equal && last.known) << recording.keys[last.key];
  EXPECT_TRUE(recording.trouble.empty()) << recording.trouble.front();
}

TEST_F(RunOnNodes, AKilledNodeIsMendedAndAllThatWasMeasuredIsThere) {
  const Result<Recording> recording = run(R"(
seconds = 4
[cluster]
nodes = 4
repair_interval_s = 1
[[workload]]
rate = 100
keys = 50
end_s = 3.5
[[fault]]
what = "kill"
node = "n2"
at_s = 1
for_s = 2
)");
  ASSERT_TRUE(recording) << recording.error().message;
  EXPECT_GT(recording->operations.size(), 150U);
  ASSERT_EQ(recording->faults.size(), 1U);
  EXPECT_GT(std::ranges::max(recording->samples, {}, &Sample::behind).behind, 5U);
  EXPECT_GT(recording->samples.back().handoff_bytes + recording->samples.back().anti_entropy_bytes, 0U);
  EXPECT_FALSE(recording->counters.empty());
  expect_equal_at_the_end(*recording);
}

TEST_F(RunOnNodes, APartitionIsOrderedAndEnds) {
  const Result<Recording> recording = run(R"(
seconds = 5
[cluster]
nodes = 4
repair_interval_s = 1
[[workload]]
near = ["n1", "n2"]
rate = 60
keys = 40
r = 1
w = 1
end_s = 4
[[workload]]
near = ["n3", "n4"]
rate = 60
keys = 40
r = 1
w = 1
end_s = 4
[[fault]]
what = "partition"
groups = ["n1,n2", "n3,n4"]
at_s = 1
for_s = 3
)");
  ASSERT_TRUE(recording) << recording.error().message;
  EXPECT_GT(std::ranges::max(recording->samples, {}, &Sample::behind).behind, 10U);
  expect_equal_at_the_end(*recording);
}

// Two of five owners are cut off. The others go on; what the two answer once they know is a clear refusal; afterwards
// all go on, and one order of each key explains everything.
TEST_F(RunOnNodes, AStrongBucketIsLinearizableWhileItsMinorityIsCutOff) {
  const Result<Recording> recording = run(R"(
seconds = 6
[cluster]
nodes = 5
replicas = 5
repair_interval_s = 1
[cluster.buckets.safe]
kind = "strong"
[workload.majority]
bucket = "safe"
near = ["n3", "n4", "n5"]
rate = 60
keys = 20
put = 30
cas = 20
contexts = "none"
[workload.minority]
bucket = "safe"
near = ["n1", "n2"]
rate = 30
keys = 20
put = 30
cas = 20
contexts = "none"
timeout_ms = 500
[[fault]]
what = "partition"
groups = ["n1,n2", "n3,n4,n5"]
at_s = 1
for_s = 2
)");
  ASSERT_TRUE(recording) << recording.error().message;
  const auto count = [&](auto wanted) { return std::ranges::count_if(recording->operations, wanted); };
  const auto is_during = [](const Operation& op) { return op.invoked > 1.1 && op.completed < 2.9; };
  EXPECT_GT(count([&](const Operation& op) { return is_during(op) && op.outcome == Outcome::ok; }), 20);
  EXPECT_GT(count([&](const Operation& op) { return is_during(op) && op.outcome != Outcome::ok && !op.lost(); }), 5);
  EXPECT_GT(count([](const Operation& op) { return op.function == Function::cas && op.outcome == Outcome::ok; }), 5);
  const Verdict verdict = check(*recording);
  for (const Check& one : verdict.checks)
    EXPECT_EQ(one.judgement, Judgement::valid) << one.name << ": " << ::testing::PrintToString(one.sentences);
  expect_equal_at_the_end(*recording);
}

// Of faults that overlap each one ends by itself: a node that stands still hears that it shall end, one that is killed
// twice is started once, and whatever was wrong, all nodes are there at the end.
TEST_F(RunOnNodes, FaultsOfOneNodeMayOverlap) {
  const Result<Recording> recording = run(R"(
seconds = 4
[cluster]
nodes = 4
repair_interval_s = 1
[[workload]]
rate = 60
keys = 20
end_s = 3.5
[[fault]]
what = "pause"
node = "n2"
at_s = 0.5
for_s = 1.5
[[fault]]
what = "restart"
node = "n2"
at_s = 1
for_s = 0.1
[[fault]]
what = "kill"
node = "n3"
at_s = 0.5
for_s = 1
[[fault]]
what = "crash"
node = "n3"
at_s = 1
for_s = 1.5
[[fault]]
what = "pause"
node = "n4"
at_s = 1
for_s = 9
[[fault]]
what = "kill"
node = "n4"
at_s = 1.5
for_s = 0.5
)");
  ASSERT_TRUE(recording) << recording.error().message;
  EXPECT_EQ(recording->faults.size(), 6U);
  expect_equal_at_the_end(*recording);
}

TEST_F(RunOnNodes, ALostDiskCountsNoMoreEvenIfItsNodeWasDown) {
  const Result<Recording> recording = run(R"(
seconds = 3
[cluster]
nodes = 4
repair_interval_s = 1
[[workload]]
rate = 60
keys = 20
end_s = 2.5
[[fault]]
what = "kill"
node = "n2"
at_s = 0.5
for_s = 1
[[fault]]
what = "disk_lost"
node = "n2"
at_s = 1
)");
  ASSERT_TRUE(recording) << recording.error().message;
  EXPECT_EQ(recording->samples.back().behind_by_node.at(1), 0U);
  expect_equal_at_the_end(*recording);
}

// Nothing leaves n3 any more, which is down when that begins: it is told when it is up again, and what its clients
// write reaches nobody else until the end of the cut.
TEST_F(RunOnNodes, RulesReachANodeThatWasDownWhenTheyBegan) {
  const Result<Recording> recording = run(R"(
seconds = 6
[cluster]
nodes = 3
repair_interval_s = 1
[[workload]]
near = ["n3"]
rate = 100
keys = 30
r = 1
w = 1
end_s = 5
[[fault]]
what = "kill"
node = "n3"
at_s = 0.5
for_s = 1
[[fault]]
what = "partition"
groups = ["n3", "n1,n2"]
one_way = true
at_s = 0.8
for_s = 4.2
)");
  ASSERT_TRUE(recording) << recording.error().message;
  const auto cut = [](const Sample& sample) { return sample.at > 2.5 && sample.at < 4.5; };
  EXPECT_GT(std::ranges::count_if(recording->samples, cut), 5);
  for (const Sample& sample : recording->samples)
    if (cut(sample)) {
      EXPECT_GT(sample.behind_by_node.at(0), 0U) << sample.at;
    }
  expect_equal_at_the_end(*recording);
}

TEST_F(RunOnNodes, SwitchesAreTheNodesOwn) {
  const Result<Recording> recording = run(R"(
seconds = 2
[cluster]
nodes = 3
[cluster.switches]
hints = false
anti_entropy = false
hedging = false
[[workload]]
rate = 50
keys = 20
)");
  ASSERT_TRUE(recording) << recording.error().message;
  EXPECT_EQ(recording->counters.count("hint_kept"), 0U);
  EXPECT_EQ(recording->counters.count("repair_found_equal"), 0U);
}

}  // namespace
}  // namespace shoal::study
