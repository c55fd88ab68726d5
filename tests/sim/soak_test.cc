#include <gtest/gtest.h>

#include "bench/sim/batch.h"

namespace shoal::sim {
namespace {

constexpr std::uint64_t kSeeds = 300;

// What cannot happen by chance has a scenario in unreachable_marks_test.cc.
const std::vector<std::string> kUnreachable = {"slot_collision_refused"};

TEST(Soak, HundredsOfSeedsHoldAndReachEveryMark) {
  const Batch batch = run_batch(1, kSeeds, [](const Batch&) { return false; });
  EXPECT_EQ(batch.failing, std::vector<std::uint64_t>{});
  EXPECT_EQ(batch.counted, kSeeds);
  EXPECT_EQ(batch.marks_never_hit(), kUnreachable);
}

}  // namespace
}  // namespace shoal::sim
