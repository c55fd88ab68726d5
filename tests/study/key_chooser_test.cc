#include "bench/study/key_chooser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace shoal::study {
namespace {

std::vector<int> counts_of(const Workload& load, std::uint32_t keys, int draws) {
  const KeyChooser chooser(load, keys);
  Rng rng(3);
  std::vector<int> counts(keys, 0);
  for (int i = 0; i < draws; ++i) ++counts[chooser.choose(rng)];
  return counts;
}

TEST(KeyChooser, ZipfianReachesEveryKeyAndFavoursFew) {
  Workload load;
  load.choice = KeyChoice::zipfian;
  std::vector<int> counts = counts_of(load, 100, 300'000);
  EXPECT_GT(std::ranges::min(counts), 0);
  std::ranges::sort(counts, std::greater{});
  EXPECT_NEAR(counts[0] / 300'000.0, 1 / 5.2775, 0.01) << "1 / (sum of i^-0.99)";
  EXPECT_NEAR(static_cast<double>(counts[0]) / counts[1], 1.99, 0.1);
}

TEST(KeyChooser, ZipfianOfTwoKeysUsesBoth) {
  Workload load;
  load.choice = KeyChoice::zipfian;
  EXPECT_GT(std::ranges::min(counts_of(load, 2, 1000)), 200);
}

TEST(KeyChooser, AHotspotHasItsShare) {
  Workload load;
  load.choice = KeyChoice::hotspot;
  const std::vector<int> counts = counts_of(load, 10, 100'000);
  EXPECT_NEAR((counts[0] + counts[1]) / 100'000.0, 0.8, 0.01);
}

}  // namespace
}  // namespace shoal::study
