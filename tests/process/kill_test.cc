#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "node/io/storage/log_segment.h"
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

// As a power cut may leave the log of a relaxed node: without all that nothing in it proves to have been synced.
void lose_what_was_not_synced(const std::filesystem::path& data) {
  const std::filesystem::path log = data / "store" / "log";
  const std::filesystem::path newest = segment_path(log, list_log_files(log)->segments.back());
  const std::string bytes = read_file(newest);
  const SegmentHeader header = decode_segment_header(bytes).value();
  std::map<CommitId, std::size_t> begins;
  CommitId synced{header.first.value - 1};
  std::size_t end = kLogBlock;
  while (const auto frame = frame_at(bytes, end, header.salt)) {
    begins[frame->commit] = end;
    synced = std::max(synced, frame->synced);
    end += frame->size;
  }
  if (const auto lost = begins.upper_bound(synced); lost != begins.end()) end = lost->second;
  write_file(newest, bytes.substr(0, end) + std::string(bytes.size() - end, '\0'));
}

// The loop can fail: nodes that answer before their disks have it lose writes when the power goes everywhere at once.
TEST(KillLoop, NoticesWhatNodesThatDoNotSyncLose) {
  const TempFolder folder;
  const std::filesystem::path config = folder.path() / "shoald.toml";
  write_file(config, "[storage]\nrelaxed_interval_ms = 60000\n");
  const KillReport report = run_kill_loop({.shoald = shoald_program(),
                                           .dir = folder.path(),
                                           .seed = 3,
                                           .rounds = 2,
                                           .victims = Victims::all,
                                           .arguments = {"--durability", "relaxed", "--config", config.string()},
                                           .meanwhile = lose_what_was_not_synced})
                                .value();
  EXPECT_THAT(report.violations, testing::Contains(testing::HasSubstr("was acknowledged and is lost")));
}

}  // namespace
}  // namespace shoal::test
