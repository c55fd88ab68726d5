#include "gossip/suspicion.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using namespace std::chrono_literals;

constexpr SuspicionRange kRange{2s, 30s, 3};

// memberlist's own vectors: what is left after so many confirmations and so long.
TEST(Suspicion, LeavesWhatMemberlistLeaves) {
  struct Row {
    int confirmed;
    Duration elapsed;
    Duration left;
  };
  for (const Row& row :
       {Row{0, 0s, 30s}, Row{1, 2s, 14s}, Row{2, 3s, 4810ms}, Row{3, 4s, -2s}, Row{4, 5s, -3s}, Row{5, 10s, -8s}}) {
    const Duration left = suspicion_timeout(row.confirmed, kRange) - row.elapsed;
    EXPECT_LE(std::chrono::abs(left - row.left), 1ms) << row.confirmed;
  }
}

TEST(Suspicion, MinimumGrowsWithTheLogarithmOfTheCluster) {
  struct Row {
    std::size_t n;
    Duration scaled;
  };
  for (const Row& row : {Row{0, 1000ms}, Row{1, 1000ms}, Row{5, 1000ms}, Row{10, 1000ms}, Row{50, 1698ms},
                         Row{100, 2000ms}, Row{500, 2698ms}, Row{1000, 3000ms}})
    EXPECT_EQ(scaled_by_size(1s, row.n), row.scaled) << row.n;
}

TEST(Suspicion, NeverFallsBelowTheMinimumNorRisesWithConfirmations) {
  for (int wanted = 0; wanted <= 5; ++wanted) {
    for (const auto& [min, max] : {std::pair{2s, 12s}, std::pair{2s, 2s}, std::pair{1s, 600s}}) {
      Duration before = max;
      for (int confirmed = 0; confirmed <= 8; ++confirmed) {
        const Duration timeout = suspicion_timeout(confirmed, {min, max, wanted});
        EXPECT_GE(timeout, min);
        EXPECT_LE(timeout, before);
        before = timeout;
      }
      EXPECT_EQ(before, min);
    }
  }
}

TEST(Suspicion, WithoutAnybodyToConfirmTheMinimumHoldsAtOnce) { EXPECT_EQ(suspicion_timeout(0, {2s, 12s, 0}), 2s); }

TEST(Suspicion, CountsEveryAccuserOnceAndNoMoreThanWanted) {
  const Instant start{100s};
  Suspicion suspicion(NodeId{1}, kRange, start);
  EXPECT_EQ(suspicion.deadline(), start + 30s);
  EXPECT_FALSE(suspicion.confirm(NodeId{1}));
  EXPECT_EQ(suspicion.deadline(), start + 30s);
  EXPECT_TRUE(suspicion.confirm(NodeId{2}));
  EXPECT_EQ(suspicion.deadline(), start + 16s);
  EXPECT_FALSE(suspicion.confirm(NodeId{2}));
  EXPECT_TRUE(suspicion.confirm(NodeId{3}));
  EXPECT_TRUE(suspicion.confirm(NodeId{4}));
  EXPECT_EQ(suspicion.deadline(), start + 2s);
  EXPECT_FALSE(suspicion.confirm(NodeId{5}));
  EXPECT_EQ(suspicion.deadline(), start + 2s);
  EXPECT_EQ(suspicion.first_accuser(), NodeId{1});
}

TEST(Suspicion, ExcusesNoMoreThanHasPassed) {
  Suspicion suspicion(NodeId{1}, kRange, Instant{100s});
  suspicion.excuse(5s, Instant{110s});
  EXPECT_EQ(suspicion.deadline(), Instant{135s});
  suspicion.excuse(1h, Instant{111s});
  EXPECT_EQ(suspicion.deadline(), Instant{141s});
}

}  // namespace
}  // namespace shoal
