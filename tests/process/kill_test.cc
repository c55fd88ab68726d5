#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/process/kill_loop.h"
#include "tests/process/program.h"

namespace shoal::test {
namespace {

void expect_nothing_lost(KillOptions options) {
  const TempFolder folder;
  options.shoald = shoald_program();
  options.dir = folder.path();
  const KillReport report = run_kill_loop(options).value();
  for (const std::string& violation : report.violations) ADD_FAILURE() << violation;
  EXPECT_GE(report.kills, static_cast<std::uint64_t>(options.rounds));
  EXPECT_GT(report.counts.acknowledged, 100U * static_cast<unsigned>(options.rounds) / 2);
  EXPECT_GE(report.counts.reads, report.keys);
  testing::Test::RecordProperty("acknowledged", std::to_string(report.counts.acknowledged));
  testing::Test::RecordProperty("unsure", std::to_string(report.counts.unsure));
  testing::Test::RecordProperty("refused", std::to_string(report.counts.refused));
}

TEST(KillLoop, NothingAcknowledgedIsLostWhenNodesAreKilledOneByOne) {
  expect_nothing_lost({.shoald = {}, .dir = {}, .seed = 1, .rounds = 15, .victims = Victims::one});
}

TEST(KillLoop, NothingAcknowledgedIsLostWhenAllNodesAreKilledAtOnce) {
  expect_nothing_lost({.shoald = {}, .dir = {}, .seed = 2, .rounds = 6, .victims = Victims::all});
}

// The loop can fail: nodes that answer before their disks have it lose writes when all die at once.
TEST(KillLoop, NoticesWhatNodesThatDoNotSyncLose) {
  const TempFolder folder;
  const std::filesystem::path config = folder.path() / "shoald.toml";
  write_file(config, "[storage]\nrelaxed_interval_ms = 60000\n");
  const KillReport report = run_kill_loop({.shoald = shoald_program(),
                                           .dir = folder.path(),
                                           .seed = 3,
                                           .rounds = 2,
                                           .victims = Victims::all,
                                           .arguments = {"--durability", "relaxed", "--config", config.string()}})
                                .value();
  EXPECT_THAT(report.violations, testing::Contains(testing::HasSubstr("was acknowledged and is lost")));
}

}  // namespace
}  // namespace shoal::test
