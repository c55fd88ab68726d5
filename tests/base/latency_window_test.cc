// Quantiles without sorting: how far off they may be, and what is forgotten.
#include "node/base/latency_window.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{std::chrono::hours(1)};

TEST(LatencyWindow, SaysNothingOnFewSamples) {
  LatencyWindow window;
  for (std::uint64_t i = 1; i < LatencyWindow::kSamplesMin; ++i) window.add(1ms, kStart);
  EXPECT_EQ(window.quantile(950, kStart), std::nullopt);
  window.add(1ms, kStart);
  EXPECT_NE(window.quantile(950, kStart), std::nullopt);
}

// Never below the true quantile, and at most an eighth above.
TEST(LatencyWindow, IsWithinAnEighthOfTheTrueQuantileOnEveryScale) {
  for (const Duration unit : {Duration(1us), Duration(10us), Duration(1ms), Duration(100ms)}) {
    LatencyWindow window;
    for (int i = 1; i <= 1000; ++i) window.add(i * unit, kStart);
    for (const std::uint32_t permille : {500U, 950U, 990U, 1000U}) {
      const Duration truth = permille * unit;
      const Duration found = *window.quantile(permille, kStart);
      EXPECT_GE(found, truth) << permille << " of " << unit.count();
      EXPECT_LE(found, truth + truth / 8 + 1us) << permille << " of " << unit.count();
    }
  }
}

TEST(LatencyWindow, ForgetsWhatIsOlderThanItsTwoHalves) {
  LatencyWindow window;
  for (int i = 0; i < 100; ++i) window.add(100ms, kStart);
  EXPECT_GE(*window.quantile(950, kStart + 16s), 100ms);
  for (int i = 0; i < 100; ++i) window.add(1ms, kStart + 16s);
  EXPECT_GE(*window.quantile(950, kStart + 16s), 100ms);  // half of them are old
  EXPECT_LT(*window.quantile(950, kStart + 31s), 2ms);
  EXPECT_EQ(window.quantile(950, kStart + 50s), std::nullopt);
}

TEST(LatencyWindow, TakesAnyDuration) {
  LatencyWindow window;
  for (int i = 0; i < 20; ++i) window.add(i % 2 == 0 ? Duration(-5s) : Duration(std::chrono::hours(1000)), kStart);
  EXPECT_GT(*window.quantile(1000, kStart), 10min);
  EXPECT_EQ(*window.quantile(100, kStart), 0us);
}

}  // namespace
}  // namespace shoal
