#include "bench/load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "node/base/rng.h"

namespace shoal {
namespace {

using std::chrono::microseconds;

TEST(Histogram, AnEmptyOneSaysZero) { EXPECT_EQ(Histogram().at(0.99), microseconds(0)); }

TEST(Histogram, SmallLatenciesAreExact) {
  Histogram histogram;
  for (int us = 1; us <= 100; ++us) histogram.record(microseconds(us));
  EXPECT_EQ(histogram.count(), 100u);
  EXPECT_EQ(histogram.at(0.5), microseconds(50));
  EXPECT_EQ(histogram.at(0.99), microseconds(99));
  EXPECT_EQ(histogram.at(1.0), microseconds(100));
}

// Against sorting: never below the true quantile, never more than a bucket (1/64) above it.
TEST(Histogram, QuantilesAgreeWithSorting) {
  Rng rng(7);
  Histogram histogram;
  std::vector<std::int64_t> sorted;
  for (int i = 0; i < 50'000; ++i) {
    const auto us = static_cast<std::int64_t>(rng.below(std::uint64_t{1} << rng.between(1, 31)));
    sorted.push_back(us);
    histogram.record(microseconds(us));
  }
  std::ranges::sort(sorted);
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size()))) - 1;
    const std::int64_t exact = sorted[rank];
    EXPECT_GE(histogram.at(share).count(), exact) << share;
    EXPECT_LE(histogram.at(share).count(), exact + exact / 64 + 1) << share;
  }
}

TEST(Histogram, AddingIsRecordingBoth) {
  Histogram a;
  Histogram b;
  a.record(microseconds(10));
  b.record(microseconds(5000));
  a.add(b);
  EXPECT_EQ(a.count(), 2u);
  EXPECT_EQ(a.at(0.5), microseconds(10));
  EXPECT_EQ(a.max(), microseconds(5000));
}

TEST(Histogram, AbsurdLatenciesStayInTheLastBucket) {
  Histogram histogram;
  histogram.record(std::chrono::hours(100));
  histogram.record(-std::chrono::seconds(1));
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_EQ(histogram.at(0.5), microseconds(0));
}

}  // namespace
}  // namespace shoal
