#include "bench/study/measures.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/study/story.h"

namespace shoal::study {
namespace {

constexpr MeasureSettings kEverySecond{.round_s = 1};

double number(const Measures& measures, const std::string& name) {
  for (const Number& number : numbers_of(measures))
    if (number.name == name) return number.value.value_or(std::nan(""));
  ADD_FAILURE() << "no number " << name;
  return 0;
}

// S halves every second once the load has ended.
TEST(Convergence, ContractionOfAQuietCluster) {
  Story story;
  story.fault(2, 5);
  for (int t = 0; t <= 10; ++t) story.sample(t, t < 3 ? 0 : 32);
  std::uint64_t behind = 32;
  for (int t = 11; behind > 0; ++t) story.sample(t, behind /= 2);
  const Convergence found = measure(story.told(), kEverySecond).convergence;
  EXPECT_EQ(found.peak, 32U);
  EXPECT_EQ(found.peak_at, 3);
  EXPECT_EQ(found.left, 0U);
  EXPECT_EQ(found.rounds, 6U);  // 32 16 8 4 2 1 0
  EXPECT_EQ(found.alpha_median, 0.5);
  EXPECT_EQ(found.alpha_worst, 0.5);
  EXPECT_EQ(found.time_to_zero_s, 6);
  EXPECT_EQ(found.first_zero_s, 11);
}

TEST(Convergence, NotReachedIsNoTime) {
  Story story;
  for (int t = 0; t <= 20; ++t) story.sample(t, 4);
  const Measures found = measure(story.told(), kEverySecond);
  EXPECT_FALSE(found.convergence.time_to_zero_s);
  EXPECT_EQ(found.convergence.alpha_worst, 1);
  EXPECT_EQ(found.convergence.left, 4U);
  EXPECT_TRUE(std::isnan(number(found, "time_to_zero_s")));
}

// A zero that does not last is not the end.
TEST(Convergence, ZeroMustStay) {
  Story story;
  story.sample(10, 0);
  story.sample(11, 2);
  story.sample(12, 0);
  const Convergence found = measure(story.told(), kEverySecond).convergence;
  EXPECT_EQ(found.time_to_zero_s, 2);
  EXPECT_EQ(found.first_zero_s, 10);
}

// While writes go on, S(t + 1) = 0.5 S(t) + 10 is found again.
TEST(Convergence, FitUnderLoad) {
  Story story;
  double behind = 1044;
  for (int t = 0; t <= 10; ++t) {
    story.sample(t, static_cast<std::uint64_t>(behind));
    behind = 0.5 * behind + 10;
  }
  const Convergence found = measure(story.told(), kEverySecond).convergence;
  EXPECT_EQ(found.fit_points, 10U);
  EXPECT_NEAR(found.fit_alpha.value_or(0), 0.5, 0.01);
  EXPECT_NEAR(found.fit_beta.value_or(0), 10, 1);
}

TEST(Staleness, ProbesByDistance) {
  Story story;
  story.put(1, 1);
  story.put(2, 2, {1});
  story.probe(2, 0, {1});
  story.probe(2, 0.0101, {2});  // a real node's clock: 10 ms were meant
  story.probe(2, 0.0099, {2});
  story.probe(1, 0, {});
  const Staleness found = measure(story.told(), {.probes_ms = {0, 10}}).staleness;
  ASSERT_EQ(found.probes.size(), 2U);
  EXPECT_EQ(found.probes[0].fresh.trials, 2U);
  EXPECT_EQ(found.probes[0].fresh.hits, 0U);
  EXPECT_EQ(found.probes[1].from_ms, 10);
  EXPECT_EQ(found.probes[1].fresh.hits, 2U);
  EXPECT_EQ(visible_after_ms(found.probes, 0.5), 5);
}

// Something newer than what is looked for is fresh, too.
TEST(Staleness, NewerIsFresh) {
  Story story;
  story.put(1, 1);
  story.put(2, 1.02, {1});
  story.probe(1, 0.1, {2});
  EXPECT_EQ(measure(story.told(), {}).staleness.probes.at(0).fresh.hits, 1U);
}

TEST(Staleness, OrdinaryReads) {
  Story story;
  story.put(1, 1);
  story.put(2, 2, {1});
  story.get(2.013, {1});  // 3 ms after the acknowledgement
  story.get(2.016, {2});  // 6 ms
  story.get(9, {2});
  story.get(0.5);  // nothing was there to be seen
  const Staleness found = measure(story.told(), {}).staleness;
  EXPECT_EQ(found.fresh_reads.trials, 4U);
  EXPECT_EQ(found.fresh_reads.hits, 3U);
  EXPECT_EQ(found.reads_behind[0], 3U);
  EXPECT_EQ(found.reads_behind[1], 1U);
  EXPECT_EQ(found.behind_max, 1U);
  EXPECT_EQ(found.reads[2].from_ms, 2);
  EXPECT_EQ(found.reads[2].fresh.trials, 1U);
  EXPECT_EQ(found.reads[2].fresh.hits, 0U);
  EXPECT_EQ(found.reads[3].fresh.hits, 1U);
}

TEST(Staleness, VisibleAfterTakesTheLastCrossing) {
  const auto point = [](double at, std::uint64_t hits) { return Visibility{at, at, {hits, 100}}; };
  EXPECT_EQ(visible_after_ms({point(0, 50), point(1, 99), point(2, 90), point(3, 100)}, 0.99), 2.9);
  EXPECT_EQ(visible_after_ms({point(5, 100)}, 0.99), 5);
  EXPECT_FALSE(visible_after_ms({point(0, 100), point(1, 98)}, 0.99));
  EXPECT_FALSE(visible_after_ms({}, 0.99));
}

TEST(Siblings, OfReadsThatReturnSomething) {
  Story story;
  story.put(1, 1);
  story.put(2, 1);
  story.get(2, {1, 2});
  story.get(2.1, {1});
  story.get(2.2);
  const Measures found = measure(story.told(), {});
  EXPECT_EQ(found.siblings.reads, 2U);
  EXPECT_EQ(found.siblings.mean, 1.5);
  EXPECT_EQ(found.siblings.max, 2U);
  EXPECT_EQ(found.siblings.more_than_one.value(), 0.5);
  EXPECT_EQ(found.seconds_lines.find("siblings")->values[2], 1.5);
}

TEST(LostUpdates, CountedOnce) {
  Story story;
  story.put(1, 1);
  story.put(2, 2, {1});  // lost; what it replaced is not counted again
  story.put(3, 3).outcome = Outcome::info;
  story.ends({});
  const LostUpdates found = measure(story.told(), {}).lost;
  EXPECT_EQ(found.acknowledged, 2U);
  EXPECT_EQ(found.lost, 1U);
  EXPECT_EQ(found.dropped, 0U);
}

TEST(LostUpdates, ReplacedDeletedAndPresentAreNotLost) {
  Story story;
  story.put(1, 1);
  story.put(2, 2, {1});
  story.put(3, 2.5);
  story.del(4, 3, {3}).outcome = Outcome::info;
  story.ends({2});
  EXPECT_EQ(measure(story.told(), {}).lost.lost, 0U);
}

TEST(LostUpdates, LastWriterWinsDrops) {
  Story story;
  story.recording.kinds = {Kind::lww};
  story.put(1, 1);
  story.put(2, 1);
  story.ends({2});
  const LostUpdates found = measure(story.told(), {}).lost;
  EXPECT_EQ(found.lost, 0U);
  EXPECT_EQ(found.dropped, 1U);
}

TEST(LostUpdates, UnknownEnds) {
  Story story;
  story.put(1, 1);
  story.ends({}).known = false;
  EXPECT_EQ(measure(story.told(), {}).lost.unknown, 1U);
}

TEST(Repair, AgainstThePeakOfDifferences) {
  Story story;
  story.recording.samples = {
      {.at = 0, .behind = 4, .hints = 7},
      {.at = 1, .behind = 0, .handoff_bytes = 100, .read_repair_bytes = 20, .anti_entropy_bytes = 80}};
  const Repair found = measure(story.told(), {}).repair;
  EXPECT_EQ(found.bytes_per_pair, 50);
  EXPECT_EQ(found.hints_max, 7U);
  EXPECT_EQ(found.anti_entropy_bytes, 80U);
}

TEST(Latency, ByPeriod) {
  Story story;
  story.fault(2, 4);
  story.get(1);
  story.get(1.995).completed = 2.5;  // reaches into the fault
  story.get(3).outcome = Outcome::fail;
  story.get(5).completed = 5.1;
  story.put(1, 6);
  story.get(-1);  // filling does not count
  const Measures found = measure(story.told(), {});
  EXPECT_EQ(found.reads.in(Period::before).ok, 1U);
  EXPECT_EQ(found.reads.in(Period::during).ok, 1U);
  EXPECT_EQ(found.reads.in(Period::during).fail, 1U);
  EXPECT_EQ(found.reads.in(Period::after).ok, 1U);
  EXPECT_EQ(found.reads.in(Period::all).ok, 3U);
  EXPECT_NEAR(found.reads.in(Period::during).ok_ms.max, 505, 1e-6);
  EXPECT_NEAR(found.reads.in(Period::after).ok_ms.p50, 100, 1e-6);
  EXPECT_EQ(found.writes.in(Period::after).ok, 1U);
  EXPECT_NEAR(number(found, "read_p99_during_ms"), 505, 1e-6);
  EXPECT_TRUE(std::isnan(number(found, "write_p99_during_ms")));
}

TEST(Latency, BySecond) {
  Story story;
  story.get(1.2);
  story.get(1.3).completed = 1.33;
  story.put(1, 1.4).outcome = Outcome::info;
  const Lines lines = measure(story.told(), {}).seconds_lines;
  ASSERT_EQ(lines.at.size(), 10U);
  EXPECT_EQ(lines.find("read_ok")->values[1], 2);
  EXPECT_EQ(lines.find("write_info")->values[1], 1);
  EXPECT_NEAR(lines.find("read_p99")->values[1], 30, 1e-6);
  EXPECT_TRUE(std::isnan(lines.find("read_p99")->values[0]));
  EXPECT_EQ(lines.find("nothing"), nullptr);
}

Measures with_peak(std::uint64_t seed, std::uint64_t peak, double until) {
  Story story;
  story.recording.seed = seed;
  for (double t = 0; t <= until; t += 1) story.sample(t, t < until ? peak : 0);
  return measure(story.told(), kEverySecond);
}

TEST(Aggregate, MediansAndBands) {
  const VariantMeasures all = aggregate({with_peak(1, 10, 11), with_peak(2, 20, 12), with_peak(3, 60, 20)});
  EXPECT_EQ(all.seeds, (std::vector<std::uint64_t>{1, 2, 3}));
  ASSERT_NE(all.number("behind_peak"), nullptr);
  EXPECT_EQ(all.number("behind_peak")->median, 20);
  EXPECT_EQ(all.number("behind_peak")->mean, 30);
  EXPECT_EQ(all.number("time_to_zero_s")->median, 2);
  const Band* band = all.band("behind");
  ASSERT_NE(band, nullptr);
  ASSERT_EQ(band->at.size(), 21U);
  EXPECT_EQ(band->median[5], 20);
  EXPECT_DOUBLE_EQ(band->low[5], 11);
  EXPECT_DOUBLE_EQ(band->high[5], 56);
  EXPECT_EQ(band->median[11], 20) << "of 0, 20, 60";
  EXPECT_EQ(band->median[15], 0) << "runs that ended stay where they were";
}

TEST(Aggregate, GroupsByVariant) {
  Measures other = with_peak(1, 5, 3);
  other.variant = "other";
  const auto all = aggregate_all({with_peak(1, 10, 3), other, with_peak(2, 20, 3)});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].seeds.size(), 2U);
  EXPECT_EQ(all[1].variant, "other");
}

}  // namespace
}  // namespace shoal::study
