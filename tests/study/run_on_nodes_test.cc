#include <gtest/gtest.h>

#include <algorithm>

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
