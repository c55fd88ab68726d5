// A harness that finds no bugs proves nothing: each deliberate bug must be found within a few seeds, and the program as
// built passes the very same seeds.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>

namespace {

constexpr int kViolated = 6;

int run(const std::string& program, int seeds) {
  const std::string command =
      std::string(SHOAL_BIN_DIR) + "/" + program + " --seeds 1.." + std::to_string(seeds) + " >/dev/null";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct Mutant {
  const char* name;
  int seeds;  // within which it must be found
};

class Mutants : public ::testing::TestWithParam<Mutant> {};

TEST_P(Mutants, IsFound) {
  const auto [name, seeds] = GetParam();
  EXPECT_EQ(run(std::string("shoal_sim_") + name, seeds), kViolated);
  EXPECT_EQ(run("shoal_sim", seeds), 0);
}

INSTANTIATE_TEST_SUITE_P(All, Mutants,
                         ::testing::Values(Mutant{"no_record_epoch", 60}, Mutant{"ack_before_commit", 5},
                                           Mutant{"reuse_incarnation", 5}, Mutant{"merge_by_clock_time", 5},
                                           Mutant{"lww_oldest_wins", 10}),
                         [](const auto& mutant) { return std::string(mutant.param.name); });

}  // namespace
