#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "bench/sim/batch.h"

namespace shoal::sim {
namespace {

constexpr std::uint64_t kSeeds = 24;

TEST(Seeds, AFewDozenHoldEveryInvariantAndCount) {
  const Batch batch = run_batch(1, kSeeds, [](const Batch&) { return false; });
  EXPECT_EQ(batch.failing, std::vector<std::uint64_t>{}) << "run shoal_sim with the seed to see what happened";
  EXPECT_EQ(batch.counted, kSeeds);
  EXPECT_GE(batch.operations, kSeeds * 200);
}

TEST(Seeds, ReplayEventByEvent) {
  for (const std::uint64_t seed : {3u, 11u}) EXPECT_EQ(compare_two_runs(draw_options(seed)), "");
}

TEST(Seeds, DifferentSeedsAreDifferentRuns) {
  EXPECT_NE(run_seed(draw_options(5)).state_hash, run_seed(draw_options(6)).state_hash);
}

// The comparison itself can fail: a run with one fault less is another run.
TEST(Seeds, LeavingOutAFaultChangesTheRun) {
  const Options whole = draw_options(5);
  Options less = whole;
  less.faults.erase(less.faults.begin());
  EXPECT_NE(run_seed(whole).state_hash, run_seed(less).state_hash);
}

TEST(Seeds, OptionsPrintEveryFault) {
  const Options options = draw_options(2);
  const std::string text = describe(options);
  EXPECT_NE(text.find("seed 2\n"), std::string::npos);
  for (const Fault& fault : options.faults) EXPECT_NE(text.find(describe(fault)), std::string::npos);
}

class SoakLog : public ::testing::Test {
 protected:
  void TearDown() override { unlink(path_.c_str()); }
  std::string path_ = ::testing::TempDir() + "shoal_sim_log_" + std::to_string(getpid());
};

TEST_F(SoakLog, GoesOnAfterItsLastSeed) {
  EXPECT_EQ(next_seed(path_).value(), 1u);
  Batch batch;
  batch.add(41, RunResult{});
  batch.add(42, RunResult{});
  std::ofstream(path_, std::ios::app) << log_line(batch, "abc", 1.5) << '\n';
  EXPECT_EQ(next_seed(path_).value(), 43u);
}

TEST_F(SoakLog, RefusesAFileOfSomethingElse) {
  std::ofstream(path_) << "dear diary\n";
  EXPECT_EQ(next_seed(path_).error().code, Errc::corrupt);
}

TEST_F(SoakLog, NamesFailingSeeds) {
  Batch batch;
  RunResult bad;
  bad.violations.push_back("lost");
  batch.add(7, bad);
  EXPECT_NE(log_line(batch, "abc", 1.5).find("\"failing_seeds\":[7]"), std::string::npos);
}

}  // namespace
}  // namespace shoal::sim
