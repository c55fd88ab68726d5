// The store's benchmark on tiny sizes: it ends by itself, and its figures hang together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "tests/client/run_command.h"

namespace shoal::test {
namespace {

using ::testing::HasSubstr;

Ran bench(const std::string& arguments) {
  const TempDir dir;
  Ran ran = run_command(std::string(SHOAL_BIN_DIR) + "/shoal_store_bench --dir " + dir.path() + " " + arguments);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path())) << "it leaves files behind";
  return ran;
}

// The first group of the first match; a failure when there is none.
double figure(const std::string& text, const std::string& pattern) {
  std::smatch found;
  if (std::regex_search(text, found, std::regex(pattern))) return std::stod(found[1]);
  ADD_FAILURE() << "no " << pattern << " in:\n" << text;
  return -1;
}

TEST(StoreBench, DurablePutsBesideLmdbAndTheFloor) {
  const Ran ran = bench("durable --records 1000 --seconds 0.1 --rounds 1");
  ASSERT_EQ(ran.code, 0) << ran.err;
  for (const std::string store : {"LMDB, its own sync", "sync", "relaxed"})
    for (const std::string inflight : {"1", "48", "256"})
      EXPECT_GT(figure(ran.out, "\n" + store + " +" + inflight + " +([0-9]+)"), 0);
  EXPECT_EQ(figure(ran.out, "LMDB, its own sync +48 +[0-9]+ +[0-9]+ +[0-9]+ +([0-9.]+)"), 1);
  EXPECT_GT(figure(ran.out, "([0-9]+)/s into written blocks"), 0);
}

TEST(StoreBench, SteadyPutsSecondBySecond) {
  const Ran ran = bench("steady --records 1000 --seconds 1 --overlay-mib 32");
  ASSERT_EQ(ran.code, 0) << ran.err;
  for (const std::string store : {"sync, overlay 32 MiB", "sync, overlay 16 MiB", "LMDB, its own sync"}) {
    const double median = figure(ran.out, store + " +([0-9]+)");
    const double worst = figure(ran.out, store + " +[0-9]+ +([0-9]+)");
    EXPECT_GT(worst, 0);
    EXPECT_LE(worst, median);
  }
}

TEST(StoreBench, LargeDataIsMeasuredOrSkippedWithAReason) {
  const Ran ran = bench("large --records 20000 --seconds 0.2 --rounds 1 --overlay-mib 4");
  ASSERT_EQ(ran.code, 0) << ran.err;
  if (ran.out.starts_with("skipped: ")) GTEST_SKIP() << ran.out;
  EXPECT_GT(figure(ran.out, "limited ([0-9]+) puts/s"), 0);
}

TEST(StoreBench, AFilledStoreIsOpenedAgainWithAllItsRecords) {
  const Ran ran = bench("load --records 20000 --overlay-mib 4");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_GT(figure(ran.out, "disk: ([0-9]+) bytes a record"), 100);
  EXPECT_GT(figure(ran.out, "memory: at most ([0-9]+) MiB"), 0);
  EXPECT_GT(figure(ran.out, "open after a clean end: ([0-9.]+) s"), 0);
  EXPECT_GT(figure(ran.out, "open after a kill, [0-9]+ puts later: ([0-9.]+) s"), 0);
}

TEST(StoreBench, NoStudyIsAMisuse) {
  const Ran ran = bench("");
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err + ran.out, HasSubstr("subcommand"));
}

}  // namespace
}  // namespace shoal::test
