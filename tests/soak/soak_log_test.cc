#include "bench/soak/soak_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace shoal {
namespace {

class SoakLogTest : public ::testing::Test {
 protected:
  void TearDown() override { unlink(path_.c_str()); }
  SoakLog log() { return SoakLog({.minutes = 1, .log = path_, .commit = "abc"}); }
  std::string path_ = ::testing::TempDir() + "shoal_soak_log_" + std::to_string(getpid());
};

TEST_F(SoakLogTest, GoesOnAfterItsLastSeed) {
  EXPECT_EQ(log().first_seed().value(), 1U);
  ASSERT_TRUE(log().append({{"first_seed", 1}, {"last_seed", 30}}));
  ASSERT_TRUE(log().append({{"first_seed", 31}, {"last_seed", 42}}));
  EXPECT_EQ(log().first_seed().value(), 43U);
  EXPECT_EQ(SoakLog({.first_seed = 7, .log = path_}).first_seed().value(), 7U);
}

TEST_F(SoakLogTest, ALineSaysWhatWasRunAndForHowLong) {
  ASSERT_TRUE(log().append({{"last_seed", 3}, {"failing_seeds", {2}}}));
  std::string text;
  std::getline(std::ifstream(path_), text);
  const auto line = nlohmann::json::parse(text);
  EXPECT_EQ(line["commit"], "abc");
  EXPECT_EQ(line["failing_seeds"][0], 2);
  EXPECT_GE(line["seconds"].get<double>(), 0);
}

TEST_F(SoakLogTest, RefusesAFileOfSomethingElse) {
  std::ofstream(path_) << "dear diary\n";
  EXPECT_EQ(log().first_seed().error().code, Errc::corrupt);
}

TEST_F(SoakLogTest, SaysThatALineCouldNotBeWritten) {
  EXPECT_EQ(SoakLog({.log = "/nowhere/at/all"}).append({{"last_seed", 1}}).error().code, Errc::io);
}

}  // namespace
}  // namespace shoal
