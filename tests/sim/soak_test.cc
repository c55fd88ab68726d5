#include <gtest/gtest.h>

#include "bench/sim/batch.h"

namespace shoal::sim {
namespace {

constexpr std::uint64_t kSeeds = 300;

// What does not happen by chance, in the order of the marks; each has a scenario made by hand. 256 repairs under way at
// once, or 1024 answered reads that still wait: read_repair_test.cc in tests/core, for a run is too small for it. Two
// keys of one 128-bit hash: unreachable_marks_test.cc. No client breaks the glass: topology_test.cc in tests/core. A
// vote on damaged pages: strong_test.cc there.
const std::vector<std::string> kUnreachable = {"read_repair_skipped", "slot_collision_refused", "glass_broken",
                                               "acceptor_unreadable"};
// An owner whose crash lost its copy and kept its hint of it: one seed in hundreds; hints_test.cc in tests/core.
const std::string kRare = "hint_taken_over_by_owner";

TEST(Soak, HundredsOfSeedsHoldAndReachEveryMarkAndEveryFaultStrikes) {
  const Batch batch = run_batch(1, kSeeds, [](const Batch&) { return false; });
  EXPECT_EQ(batch.failing, std::vector<std::uint64_t>{});
  EXPECT_GE(batch.counted, kSeeds - kSeeds / 50);  // some draw few kinds of faults
  std::vector<std::string> never_hit = batch.marks_never_hit();
  std::erase(never_hit, kRare);
  EXPECT_EQ(never_hit, kUnreachable);
  EXPECT_EQ(batch.kinds_never_struck(), std::vector<std::string>{});
}

}  // namespace
}  // namespace shoal::sim
