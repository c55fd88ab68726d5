#include "bench/study/distribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace shoal::study {
namespace {

constexpr int kDraws = 200'000;

std::vector<double> draws_of(const Distribution& distribution) {
  Rng rng(7);
  std::vector<double> drawn;
  for (int i = 0; i < kDraws; ++i) drawn.push_back(ms_of(distribution.draw(rng)));
  std::ranges::sort(drawn);
  return drawn;
}

double quantile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

TEST(Distribution, OfOneShapeHasItsQuantiles) {
  const auto exponential = draws_of(Distribution({{1, Exponential{2}}}, 0));
  EXPECT_NEAR(quantile(exponential, 0.5), 2 * std::log(2.0), 0.03);
  EXPECT_NEAR(quantile(exponential, 0.99), 2 * std::log(100.0), 0.3);
  const auto pareto = draws_of(Distribution({{1, Pareto{1.05, 1.51}}}, 0));
  EXPECT_GE(pareto.front(), 1.05);
  EXPECT_NEAR(quantile(pareto, 0.9), 1.05 * std::pow(10, 1 / 1.51), 0.1);
  const auto uniform = draws_of(Distribution({{1, Uniform{3, 5}}}, 0));
  EXPECT_NEAR(quantile(uniform, 0.25), 3.5, 0.02);
  const auto normal = draws_of(Distribution({{1, Normal{10, 2}}}, 0));
  EXPECT_NEAR(quantile(normal, 0.5), 10, 0.05);
  EXPECT_NEAR(quantile(normal, 0.841344), 12, 0.06);
}

TEST(Distribution, OfANormalShapeIsNeverNegative) {
  EXPECT_GE(draws_of(Distribution({{1, Normal{0.1, 5}}}, 0)).front(), 0);
}

TEST(Distribution, MixesShapesByTheirShares) {
  const auto drawn = draws_of(Distribution({{3, Constant{1}}, {1, Constant{9}}}, 0.5));
  const auto ones = static_cast<double>(std::ranges::count_if(drawn, [](double ms) { return ms < 2; }));
  EXPECT_NEAR(ones / kDraws, 0.75, 0.005);
  EXPECT_DOUBLE_EQ(drawn.front(), 1.5);
  EXPECT_DOUBLE_EQ(drawn.back(), 9.5);
}

TEST(Distribution, OfAMixtureAddsToEachPartWhatIsItsOwn) {
  const auto drawn = draws_of(Distribution({{1, Constant{1}, 10}, {1, Constant{2}, 0}}, 0));
  EXPECT_DOUBLE_EQ(drawn.front(), 2);
  EXPECT_DOUBLE_EQ(drawn.back(), 11);
}

TEST(Distribution, OfAFileLiesBetweenItsValues) {
  const auto values = std::make_shared<const std::vector<double>>(std::vector<double>{1, 2, 10});
  const auto drawn = draws_of(Distribution({{1, Empirical{values}}}, 0));
  EXPECT_NEAR(quantile(drawn, 0.5), 2, 0.05);
  EXPECT_NEAR(quantile(drawn, 0.75), 6, 0.1);
  EXPECT_GE(drawn.front(), 1);
  EXPECT_LE(drawn.back(), 10);
}

}  // namespace
}  // namespace shoal::study
