#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

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

TEST(Batches, NameFailingSeeds) {
  Batch batch;
  RunResult bad;
  bad.violations.push_back("lost");
  batch.add(7, bad);
  EXPECT_EQ(facts_of(batch)["failing_seeds"], nlohmann::ordered_json::array({7}));
}

TEST(Batches, CountTheSeedsThatAFaultStruckIn) {
  RunResult crashed;
  crashed.struck = only(FaultKind::crash);
  RunResult cut;
  cut.struck = only(FaultKind::crash) | only(FaultKind::halves);
  Batch batch;
  batch.add(1, crashed);
  batch.add(2, cut);
  EXPECT_EQ(facts_of(batch)["faults_struck"]["crash"], 2);
  EXPECT_EQ(facts_of(batch)["faults_struck"]["halves"], 1);
  EXPECT_EQ(batch.kinds_never_struck().size(), static_cast<std::size_t>(FaultKind::count_) - 2);
}

}  // namespace
}  // namespace shoal::sim
