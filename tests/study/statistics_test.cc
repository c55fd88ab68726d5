#include "bench/study/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace shoal::study {
namespace {

TEST(Statistics, QuantilesInterpolate) {
  const std::vector<double> values = {1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 4);
  EXPECT_DOUBLE_EQ(quantile({7}, 0.95), 7);
}

TEST(Statistics, PercentilesAreValuesThatWereThere) {
  std::vector<double> values;
  for (int i = 1000; i >= 1; --i) values.push_back(i);
  const Percentiles found = percentiles_of(values);
  EXPECT_EQ(found.count, 1000U);
  EXPECT_DOUBLE_EQ(found.mean, 500.5);
  EXPECT_EQ(found.p50, 500);
  EXPECT_EQ(found.p95, 950);
  EXPECT_EQ(found.p99, 990);
  EXPECT_EQ(found.p999, 999);
  EXPECT_EQ(found.max, 1000);
  EXPECT_EQ(percentiles_of({}).count, 0U);
  EXPECT_EQ(percentiles_of({3}).p999, 3);
}

// Brown, Cai and DasGupta, "Interval estimation for a binomial proportion" (2001), and every table of it.
TEST(Statistics, WilsonIntervals) {
  const Share half{.hits = 5, .trials = 10};
  EXPECT_NEAR(half.wilson().low, 0.2366, 5e-5);
  EXPECT_NEAR(half.wilson().high, 0.7634, 5e-5);
  EXPECT_NEAR(half.standard_error(), std::sqrt(0.025), 1e-12);
  const Share none{.hits = 0, .trials = 10};
  EXPECT_EQ(none.wilson().low, 0);
  EXPECT_NEAR(none.wilson().high, 0.2775, 5e-5);
  EXPECT_EQ(Share{}.wilson().high, 1);
}

// The interval of a mean of many values is close to the normal one, and the same every time.
TEST(Statistics, BootstrapOfTheMean) {
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) values.push_back(i % 2);
  const Bootstrap found = bootstrap(values);
  EXPECT_NEAR(found.mean.low, 0.5 - 1.96 * 0.025, 0.006);
  EXPECT_NEAR(found.mean.high, 0.5 + 1.96 * 0.025, 0.006);
  EXPECT_EQ(bootstrap(values).mean.low, found.mean.low);
  EXPECT_EQ(bootstrap({4}).median.high, 4);
}

TEST(Statistics, DifferenceOfMedians) {
  const std::vector<double> slow = {10, 11, 12, 13, 14};
  const std::vector<double> fast = {1, 2, 3, 4, 5};
  const Interval found = bootstrap_difference_of_medians(slow, fast);
  EXPECT_GT(found.low, 4);
  EXPECT_LT(found.high, 14);
  EXPECT_LE(bootstrap_difference_of_medians(slow, slow).low, 0);
}

TEST(Statistics, SpreadSaysWhatIsMissing) {
  const Spread spread = spread_of("x", "s", {1.0, std::nullopt, 3.0, 2.0});
  EXPECT_EQ(spread.runs, 3U);
  EXPECT_EQ(spread.missing, 1U);
  EXPECT_EQ(spread.median, 2);
  EXPECT_EQ(spread.min, 1);
  EXPECT_EQ(spread.max, 3);
  EXPECT_DOUBLE_EQ(spread.low, 1.1);
  EXPECT_EQ(spread_of("x", "s", {std::nullopt}).runs, 0U);
}

}  // namespace
}  // namespace shoal::study
