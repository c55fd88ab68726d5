#include <gtest/gtest.h>

#include "bench/sim/batch.h"

namespace shoal::sim {
namespace {

constexpr std::uint64_t kSeeds = 300;

// What cannot happen by chance, in the order of the marks; each has a scenario made by hand: unreachable_marks_test.cc,
// and in tests/core bucket_test.cc (seeds make no buckets) and read_repair_test.cc (256 repairs under way at once).
const std::vector<std::string> kUnreachable = {"read_repair_skipped", "slot_collision_refused",
                                               "lww_dropped_concurrent_value", "bucket_changed", "bucket_refused"};

TEST(Soak, HundredsOfSeedsHoldAndReachEveryMark) {
  const Batch batch = run_batch(1, kSeeds, [](const Batch&) { return false; });
  EXPECT_EQ(batch.failing, std::vector<std::uint64_t>{});
  EXPECT_EQ(batch.counted, kSeeds);
  EXPECT_EQ(batch.marks_never_hit(), kUnreachable);
}

}  // namespace
}  // namespace shoal::sim
