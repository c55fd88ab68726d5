// A harness that finds no bugs proves nothing. Each deliberate bug must be found within a bound of seeds, in each of
// several ranges that share none; how many it took is printed. The program as built passes the very same seeds.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {

constexpr int kOk = 0;
constexpr int kViolated = 6;
constexpr std::uint64_t kRangeEvery = 1000;

struct Ran {
  int exit_code = -1;
  std::string output;
};

Ran run(const std::string& program, const std::string& arguments) {
  const std::string command = std::string(SHOAL_BIN_DIR) + "/" + program + " " + arguments + " 2>&1";
  Ran ran;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> buffer{};
  while (const std::size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) ran.output.append(buffer.data(), got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) ran.exit_code = WEXITSTATUS(status);
  return ran;
}

std::string range(std::uint64_t first, std::uint64_t count) {
  return "--seeds " + std::to_string(first) + ".." + std::to_string(first + count - 1);
}

// How many seeds it took to the first that fails, which is the only one that is named: "seed 19: lost: ..."
std::uint64_t seeds_needed(const Ran& ran, std::uint64_t first) {
  const std::size_t named = ran.output.find("seed ");
  return named == std::string::npos ? 0 : std::stoull(ran.output.substr(named + 5)) - first + 1;
}

struct Mutant {
  const char* name;
  std::uint64_t seeds_max;  // within which it must be found, wherever one begins
  std::uint64_t ranges = 9;
  const char* options = "";
};

class Mutants : public ::testing::TestWithParam<Mutant> {};

TEST_P(Mutants, AreFoundWithinABoundOfSeeds) {
  const auto [name, seeds_max, ranges, options] = GetParam();
  std::vector<std::uint64_t> needed;
  for (std::uint64_t i = 0; i < ranges; ++i) {
    const std::uint64_t first = 1 + i * kRangeEvery;
    const Ran mutant = run(std::string("shoal_sim_") + name, range(first, seeds_max) + " --until-failure" + options);
    ASSERT_EQ(mutant.exit_code, kViolated) << "not found in " << range(first, seeds_max) << "\n" << mutant.output;
    needed.push_back(seeds_needed(mutant, first));
    ASSERT_GT(needed.back(), 0U) << mutant.output;
    EXPECT_EQ(run("shoal_sim", range(first, needed.back()) + options).exit_code, kOk);
  }
  std::ranges::sort(needed);
  std::printf("%s: found after %lu seeds (median of %lu ranges), %lu at worst; the bound is %lu\n", name,
              static_cast<unsigned long>(needed[ranges / 2]), static_cast<unsigned long>(ranges),
              static_cast<unsigned long>(needed.back()), static_cast<unsigned long>(seeds_max));
}

constexpr const char* kStrong = " --strong";

INSTANTIATE_TEST_SUITE_P(All, Mutants,
                         ::testing::Values(Mutant{"no_record_epoch", 60}, Mutant{"ack_before_commit", 5},
                                           Mutant{"forget_hints", 10}, Mutant{"reuse_incarnation", 5},
                                           Mutant{"merge_by_clock_time", 5}, Mutant{"lww_oldest_wins", 10},
                                           Mutant{"vote_before_sync", 400, 3, kStrong},
                                           Mutant{"accept_below_promise", 20, 9, kStrong},
                                           Mutant{"read_without_agreement", 400, 3, kStrong}),
                         [](const auto& mutant) { return std::string(mutant.param.name); });

std::size_t faults_in(const std::string& text) {
  std::size_t faults = 0;
  for (std::size_t at = text.find("  #"); at != std::string::npos; at = text.find("  #", at + 1)) ++faults;
  return faults;
}

// The shrunken run is a file that fails in the same way whenever it is replayed, and with a fraction of the faults.
TEST(Mutant, LeavesAShrunkenScriptThatReplays) {
  const std::string path = ::testing::TempDir() + "shoal_shrunken_" + std::to_string(getpid()) + ".json";
  const Ran whole = run("shoal_sim_no_record_epoch", "19");
  ASSERT_EQ(whole.exit_code, kViolated);
  ASSERT_NE(whole.output.find("VIOLATED  lost: "), std::string::npos) << whole.output;
  const Ran shrunken = run("shoal_sim_no_record_epoch", "19 --shrink --save " + path);
  EXPECT_EQ(shrunken.exit_code, kViolated) << shrunken.output;
  EXPECT_NE(shrunken.output.find("replay    shoal_sim --script " + path), std::string::npos) << shrunken.output;
  const Ran replayed = run("shoal_sim_no_record_epoch", "--script " + path + " --twice");
  EXPECT_EQ(replayed.exit_code, kViolated);
  EXPECT_NE(replayed.output.find("VIOLATED  lost: "), std::string::npos) << replayed.output;
  EXPECT_NE(replayed.output.find("twice     the same"), std::string::npos) << replayed.output;
  EXPECT_LE(2 * faults_in(replayed.output), faults_in(whole.output)) << replayed.output;
  EXPECT_EQ(run("shoal_sim", "--script " + path).exit_code, kOk);
  unlink(path.c_str());
}

// A share of the seeds of every range runs twice. Chance that does not come from the seed breaks no other invariant.
TEST(Mutant, ThatDoesNotReplayIsFoundByTheSeedsThatRunTwice) {
  EXPECT_EQ(run("shoal_sim_restless_disk", "--seeds 41..49").exit_code, kOk);
  const Ran compared = run("shoal_sim_restless_disk", "--seeds 50..50");
  EXPECT_EQ(compared.exit_code, kViolated);
  EXPECT_NE(compared.output.find("seed 50: determinism: the runs differ from event "), std::string::npos)
      << compared.output;
  EXPECT_EQ(run("shoal_sim", "--seeds 50..50").exit_code, kOk);
}

}  // namespace
