// One of three replicas stops. All time is virtual, so these figures do not depend on the machine.
#include <gtest/gtest.h>

#include "bench/sim/tail_study.h"

namespace shoal::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kSlowdownMax = 3;

TailOptions options_of(std::uint64_t seed, std::uint32_t nodes) {
  return {.seed = seed, .nodes = nodes, .healthy = seconds(10), .afterwards = seconds(10)};
}

class Tail : public ::testing::TestWithParam<std::uint32_t> {};

// Half a second after the stop the scores have reacted; the failure detector declares the death seconds later.
TEST_P(Tail, SlowestReadsStayWithinThreeTimesTheHealthyOnes) {
  std::vector<TailReport> reports;
  for (const std::uint64_t seed : {1U, 2U, 3U})
    reports.push_back(report_of(TailWorld(options_of(seed, GetParam())).run()));
  const TailReport report = median_of(reports);
  EXPECT_LT(report.slowdown(TailPhase::reacted), kSlowdownMax) << table_of(report);
  EXPECT_LT(report.slowdown(TailPhase::afterwards), kSlowdownMax) << table_of(report);
  for (const TailFigures& figures : report.reads) EXPECT_EQ(figures.errors, 0u) << table_of(report);
  for (const TailFigures& figures : report.writes) EXPECT_EQ(figures.errors, 0u) << table_of(report);
}

// A process hangs and its failure detector goes on, so nobody ever declares it dead. For longer than anybody remembers
// how fast it was, and with few requests: each coordinator's tries to ask it again are a large share of them.
TEST_P(Tail, StaysSoWhenNobodySuspectsTheNode) {
  std::vector<TailReport> reports;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    TailOptions options = options_of(seed, GetParam());
    options.fault = TailFault::hangs;
    options.rate = 300;
    options.healthy = seconds(20);
    options.afterwards = seconds(60);
    reports.push_back(report_of(TailWorld(options).run()));
  }
  const TailReport report = median_of(reports);
  EXPECT_LT(report.slowdown(TailPhase::afterwards), kSlowdownMax) << table_of(report);
  EXPECT_EQ(report.reads_in(TailPhase::afterwards).errors, 0u) << table_of(report);
}

INSTANTIATE_TEST_SUITE_P(Nodes, Tail, ::testing::Values(3U, 5U));

// The figures are about something: reads that had been sent to the stopped node wait for the application's patience.
TEST(TailWorld, TheStopIsFelt) {
  const TailReport report = report_of(TailWorld(options_of(1, 3)).run());
  EXPECT_GT(report.reads_in(TailPhase::stop).max, milliseconds(300));
  EXPECT_LT(report.reads_in(TailPhase::healthy).p999, milliseconds(50));
}

TEST(TailWorld, ASeedNamesOneResult) {
  const auto table = [](std::uint64_t seed) {
    return table_of(report_of(TailWorld({.seed = seed, .healthy = seconds(1), .afterwards = seconds(1)}).run()));
  };
  EXPECT_EQ(table(7), table(7));
  EXPECT_NE(table(7), table(8));
}

TEST(TailReport, CountsQuantilesByRank) {
  std::vector<TailSample> samples;
  for (int i = 1; i <= 1000; ++i) samples.push_back({TailPhase::healthy, false, i != 5, milliseconds(i)});
  samples.push_back({TailPhase::afterwards, false, true, milliseconds(1998)});
  samples.push_back({TailPhase::healthy, true, true, seconds(9)});
  const TailReport report = report_of(samples);
  const TailFigures& healthy = report.reads_in(TailPhase::healthy);
  EXPECT_EQ(healthy.requests, 1000u);
  EXPECT_EQ(healthy.errors, 1u);
  EXPECT_EQ(healthy.p50, milliseconds(500));
  EXPECT_EQ(healthy.p99, milliseconds(990));
  EXPECT_EQ(healthy.p999, milliseconds(999));
  EXPECT_EQ(healthy.max, milliseconds(1000));
  EXPECT_DOUBLE_EQ(report.slowdown(TailPhase::afterwards), 2);
}

TEST(TailReport, TakesTheMedianOfEachFigure) {
  std::vector<TailReport> reports(3);
  reports[0].reads[0].p50 = milliseconds(1);
  reports[1].reads[0].p50 = milliseconds(100);
  reports[2].reads[0].p50 = milliseconds(2);
  reports[0].writes[1].errors = 7;
  const TailReport middle = median_of(reports);
  EXPECT_EQ(middle.reads[0].p50, milliseconds(2));
  EXPECT_EQ(middle.writes[1].errors, 0u);
}

}  // namespace
}  // namespace shoal::sim
