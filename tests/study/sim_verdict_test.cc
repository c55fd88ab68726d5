// The simulator's runs, judged: what the store promises holds under every fault that takes no copies away, and what the
// last writer wins throws away is counted.
#include <gtest/gtest.h>

#include <algorithm>

#include "bench/study/checkers.h"
#include "bench/study/driver.h"
#include "bench/study/measures.h"
#include "bench/study/scenario_file.h"

namespace shoal::study {
namespace {

Variant variant_of(const std::string& text) {
  Result<StudyFile> study = parse_study("name = \"test\"\nseconds = 20\nsettle_s = 60\n" + text, {});
  EXPECT_TRUE(study) << (study ? "" : study.error().message);
  return study ? study->variants.front() : Variant{};
}

const std::string kFaults = R"(
[random_faults]
per_minute = 30
what = ["crash", "kill", "restart", "partition", "isolate", "loss", "duplicate", "pause", "clock_jump", "slow"]
lasts = 2000
)";

const std::string kLoad = R"(
[cluster]
repair_interval_s = 2
[[workload]]
rate = 100
keys = 20
clients = 4
put = 40
del = 10
timeout_ms = 4000
)";

const Check& named(const Verdict& verdict, const std::string& name) {
  return *std::ranges::find(verdict.checks, name, &Check::name);
}

void expect_valid(const Variant& variant, std::uint64_t seed) {
  const Recording recording = simulate(variant, seed, {});
  const Verdict verdict = check(recording);
  for (const Check& one : verdict.checks)
    EXPECT_EQ(one.judgement, Judgement::valid)
        << "seed " << seed << ", " << one.name << ": " << testing::PrintToString(one.sentences);
  EXPECT_EQ(measure(recording, settings_for(variant.scenario)).lost.lost, 0U) << "seed " << seed;
}

TEST(SimVerdict, SiblingsKeepEveryPromise) {
  const Variant variant = variant_of(kLoad + kFaults);
  for (std::uint64_t seed = 1; seed <= 6; ++seed) expect_valid(variant, seed);
}

TEST(SimVerdict, SessionsKeepEveryPromise) {
  const Variant variant = variant_of(kLoad + "level = \"session\"\nsessions = true\n" + kFaults);
  for (std::uint64_t seed = 1; seed <= 6; ++seed) expect_valid(variant, seed);
}

TEST(SimVerdict, LastWriterWinsDropsWhatItIsGiven) {
  const Variant variant = variant_of(kLoad + "contexts = \"none\"\nbucket = \"lww\"\n" + R"(
[cluster.buckets.lww]
kind = "lww"
)");
  expect_valid(variant, 1);
  const Measures measures = measure(simulate(variant, 1, {}), settings_for(variant.scenario));
  EXPECT_GT(measures.lost.dropped, 20U);
}

const std::string kStrongLoad = R"(
[cluster]
repair_interval_s = 2
[cluster.buckets.safe]
kind = "strong"
[[workload]]
bucket = "safe"
rate = 100
keys = 20
clients = 4
get = 50
put = 10
del = 10
cas = 30
timeout_ms = 4000
)";

TEST(SimVerdict, StrongBucketsAreLinearizable) {
  for (const char* how : {"", "contexts = \"none\"\n", "contexts = \"last_seen\"\n"}) {
    const Variant variant = variant_of(kStrongLoad + how + kFaults);
    for (std::uint64_t seed = 1; seed <= 4; ++seed) expect_valid(variant, seed);
  }
}

TEST(SimVerdict, StaleReadsOfAStrongBucketAreNotHeldToItsOrder) {
  const Variant variant = variant_of(kStrongLoad + "level = \"eventual\"\n" + kFaults);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) expect_valid(variant, seed);
}

TEST(SimVerdict, SessionsInAStrongBucketKeepEveryPromise) {
  const Variant variant = variant_of(kStrongLoad + "level = \"session\"\nsessions = true\n" + kFaults);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) expect_valid(variant, seed);
}

// A compare-and-set that was won by two clients, in a run that is right otherwise.
TEST(SimVerdict, AForgedAnswerIsNoticedAmongThousands) {
  Recording recording = simulate(variant_of(kStrongLoad + "contexts = \"none\"\n" + kFaults), 1, {});
  const Verdict before = check(recording);
  ASSERT_EQ(named(before, "linearizability").judgement, Judgement::valid);
  ASSERT_GT(named(before, "linearizability").examined, 1000U);
  const auto lost = std::ranges::find_if(recording.operations,
                                         [](const Operation& op) { return op.function == Function::cas && op.lost(); });
  ASSERT_NE(lost, recording.operations.end());
  lost->outcome = Outcome::ok;
  lost->error = Errc::ok;
  const Verdict after = check(recording);
  const Check& forged = named(after, "linearizability");
  EXPECT_EQ(forged.judgement, Judgement::invalid);
  EXPECT_EQ(forged.violations, 1U);
}

TEST(SimVerdict, WithoutRepairDifferencesAreOnlyNoted) {
  const Variant variant = variant_of(kLoad + R"(
[cluster.switches]
anti_entropy = false
hints = false
read_repair = false
[[fault]]
what = "isolate"
node = "n1"
at_s = 10
for_s = 10
)");
  const Verdict verdict = check(simulate(variant, 1, {}));
  EXPECT_GT(named(verdict, "convergence").violations, 0U);
  EXPECT_EQ(verdict.judgement(), Judgement::valid);
}

}  // namespace
}  // namespace shoal::study
