#include <gtest/gtest.h>

#include <algorithm>

#include "bench/study/driver.h"
#include "bench/study/load.h"
#include "bench/study/scenario_file.h"

namespace shoal::study {
namespace {

Variant variant_of(const std::string& text) {
  const std::string head = "name = \"test\"\nseconds = 20\nsettle_s = 40\n";
  Result<StudyFile> study = parse_study(head + text, {});
  EXPECT_TRUE(study) << (study ? "" : study.error().message);
  return study ? study->variants.front() : Variant{};
}

const std::string kLoad = R"(
[cluster]
repair_interval_s = 2
[[workload]]
rate = 100
keys = 50
clients = 4
)";

std::size_t count_ok(const Recording& recording) {
  return static_cast<std::size_t>(
      std::ranges::count_if(recording.operations, [](const Operation& op) { return op.outcome == Outcome::ok; }));
}

bool all_equal(const Recording& recording) {
  return std::ranges::all_of(recording.finals, [](const LastState& last) { return last.equal && last.known; });
}

std::uint64_t peak_of(const Recording& recording) {
  std::uint64_t peak = 0;
  for (const Sample& sample : recording.samples) peak = std::max(peak, sample.behind);
  return peak;
}

TEST(Simulate, ALoadWithoutFaultsSucceedsAsAWhole) {
  const Recording recording = simulate(variant_of(kLoad), 1, {});
  EXPECT_NEAR(static_cast<double>(recording.operations.size()), 3000, 300) << "1500 reads, and 1500 reads to write";
  EXPECT_EQ(count_ok(recording), recording.operations.size());
  EXPECT_EQ(recording.finals.size(), 50);
  EXPECT_TRUE(all_equal(recording));
  EXPECT_EQ(recording.samples.back().behind, 0);
}

TEST(Simulate, AReadReturnsWhatWasWrittenLast) {
  const Recording recording = simulate(variant_of("[[workload]]\nclients = 1\nrate = 20\nkeys = 1\n"), 1, {});
  WriteId newest = 0;
  double newest_at = 0;
  int fresh = 0;
  for (const Operation& op : recording.operations) {
    if (op.function == Function::get && newest != 0 && op.invoked > newest_at)
      fresh += std::ranges::find(op.returned, newest) != op.returned.end() ? 1 : 0;
    if (op.function == Function::put && op.outcome == Outcome::ok) newest = op.write, newest_at = op.completed;
  }
  EXPECT_GT(fresh, 100);
}

TEST(Simulate, TheSameSeedDoesTheSameAndAnotherDoesNot) {
  const Variant variant = variant_of(kLoad + R"(
[random_faults]
per_minute = 30
what = ["crash", "partition", "loss", "pause", "clock_jump"]
lasts = 2000
)");
  const Recording once = simulate(variant, 5, {});
  const Recording again = simulate(variant, 5, {});
  const Recording other = simulate(variant, 6, {});
  EXPECT_EQ(once.event_hash, again.event_hash);
  EXPECT_EQ(once.operations.size(), again.operations.size());
  EXPECT_NE(once.event_hash, other.event_hash);
  EXPECT_GT(once.faults.size(), 5);
}

TEST(Simulate, APartitionDivergesAndHeals) {
  const Recording recording = simulate(variant_of(kLoad + R"(
near = ["n1", "n2"]
[[workload]]
rate = 100
keys = 50
near = ["n3", "n4", "n5"]
[[fault]]
what = "partition"
at_s = 5
for_s = 8
groups = ["n1,n2", "n3,n4,n5"]
)"),
                                       1, {});
  EXPECT_GT(peak_of(recording), 20);
  EXPECT_EQ(recording.samples.back().behind, 0);
  EXPECT_TRUE(all_equal(recording));
  ASSERT_EQ(recording.faults.size(), 1);
  EXPECT_DOUBLE_EQ(recording.faults[0].end, 13);
  EXPECT_FALSE(recording.messages.empty());
}

TEST(Simulate, WithoutRepairOfAnyKindReplicasStayApart) {
  const Recording recording = simulate(variant_of(kLoad + R"(
near = ["n1", "n2", "n3"]
[cluster.switches]
hints = false
read_repair = false
anti_entropy = false
[[fault]]
what = "isolate"
node = "n5"
at_s = 5
for_s = 14
)"),
                                       1, {});
  EXPECT_GT(recording.samples.back().behind, 0);
  EXPECT_FALSE(all_equal(recording));
  EXPECT_EQ(recording.counters.count("repair_pulled"), 0U);
}

// Each kind of fault strikes, does what its name says, and what it did is mended afterwards.
class EveryFault : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryFault, StrikesAndIsMended) {
  const Recording recording = simulate(variant_of(R"(
[cluster]
repair_interval_s = 2
scrub_s = 10
[[workload]]
rate = 100
keys = 100
[[fault]]
at_s = 5
for_s = 6
)" + GetParam()),
                                       1, {});
  ASSERT_EQ(recording.faults.size(), 1);
  EXPECT_GT(count_ok(recording), recording.operations.size() / 2);
  EXPECT_TRUE(all_equal(recording));
  EXPECT_EQ(recording.samples.back().behind, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Words, EveryFault,
    ::testing::Values(
        "what = \"partition\"\ngroups = [\"n1\", \"n2,n3,n4,n5\"]\n", "what = \"isolate\"\nnode = \"n2\"\n",
        "what = \"bridge\"\ngroups = [\"n1,n2\", \"n4,n5\"]\n", "what = \"ring\"\n", "what = \"delay\"\ndelay = 30\n",
        "what = \"slow\"\nnode = \"n1\"\nfactor = 20\n", "what = \"loss\"\nshare = 0.2\n",
        "what = \"duplicate\"\nshare = 0.5\n", "what = \"reorder\"\nshare = 0.2\ndelay = 40\n",
        "what = \"corrupt\"\nshare = 0.1\n", "what = \"crash\"\nnode = [\"n1\", \"n2\"]\n",
        "what = \"kill\"\nnode = \"n1\"\n", "what = \"restart\"\nnode = \"n1\"\n", "what = \"pause\"\nnode = \"n1\"\n",
        "what = \"clock_jump\"\nnode = \"n1\"\noffset_ms = 3600000\n",
        "what = \"clock_drift\"\nnode = \"n1\"\ndrift_ppm = 500\n", "what = \"disk_slow\"\nnode = \"n1\"\ndelay = 50\n",
        "what = \"disk_full\"\nnode = \"n1\"\n", "what = \"disk_error\"\nnode = \"n1\"\n",
        "what = \"lost_sync\"\nnode = \"n1\"\n", "what = \"disk_lost\"\nnode = \"n1\"\n",
        "what = \"partition_lost\"\nnode = \"n1\"\namount = 40\n",
        "what = \"record_lost\"\nnode = \"n1\"\namount = 20\n", "what = \"bit_flip\"\nnode = \"n1\"\namount = 5\n"));

// A node that had handed over as much as its rate allows woke again and again without a clock moving, while it was not
// yet time to try its owner again.
TEST(Simulate, HandingOverAtALowRateComesToAnEnd) {
  const Recording recording = simulate(variant_of(R"(
[cluster]
repair_interval_s = 30
handoff_mib_per_s = 0.2
[cluster.switches]
anti_entropy = false
[[workload]]
rate = 200
get = 0
put = 100
keys = 1000
value_bytes = 4000
end_s = 12
[[fault]]
what = "kill"
node = "n3"
at_s = 2
for_s = 10
)"),
                                       1, {});
  EXPECT_GT(peak_of(recording), 100);
  EXPECT_EQ(recording.samples.back().behind, 0);
  EXPECT_EQ(recording.samples.back().hints, 0);
  EXPECT_GT(recording.samples.back().at, 15) << "it takes its time";
}

TEST(Simulate, GossipAloneFindsWhoIsDownAndWhoIsBack) {
  const Recording recording = simulate(variant_of(R"(
sample_ms = 500
[cluster]
nodes = 60
gossip_only = true
[[fault]]
what = "crash"
node = ["n3", "n9"]
at_s = 2
for_s = 14
)"),
                                       1, {});
  EXPECT_EQ(peak_of(recording), 2 * 58);
  const auto at = [&](double s) {
    return std::ranges::find_if(recording.samples, [&](const Sample& sample) { return sample.at >= s; })->behind;
  };
  EXPECT_EQ(at(1), 0);
  EXPECT_EQ(at(15), 0) << "everybody knows who is down";
  EXPECT_EQ(recording.samples.back().behind, 0) << "and who is back";
}

const std::string kStrongLoad = R"(
[cluster.buckets.safe]
kind = "strong"
[[workload]]
bucket = "safe"
rate = 60
keys = 5
clients = 3
get = 40
put = 20
del = 10
cas = 30
)";

std::size_t count_if(const Recording& recording, Function function, bool (*wanted)(const Operation&)) {
  return static_cast<std::size_t>(std::ranges::count_if(
      recording.operations, [&](const Operation& op) { return op.function == function && wanted(op); }));
}

// Everything that a checker needs is recorded: the version of each answer, and what each write went by.
TEST(Simulate, StrongOperationsAreRecordedWithTheirVersions) {
  const Recording recording = simulate(variant_of(kStrongLoad), 1, {});
  const auto is_ok = [](const Operation& op) { return op.outcome == Outcome::ok; };
  const auto is_lost = [](const Operation& op) { return op.lost(); };
  EXPECT_GT(count_if(recording, Function::cas, is_ok), 100U);
  EXPECT_GT(count_if(recording, Function::del, is_ok), 30U);
  EXPECT_GT(count_if(recording, Function::cas, [](const Operation& op) { return op.expected == 0; }), 5U);
  EXPECT_GT(count_if(recording, Function::cas, is_lost) + count_if(recording, Function::put, is_lost), 0U);
  for (const Operation& op : recording.operations) {
    EXPECT_TRUE(op.linearizable);
    EXPECT_EQ(op.version.has_value(), op.outcome == Outcome::ok);
    EXPECT_TRUE(op.outcome == Outcome::ok || op.lost()) << describe(op.error);
    if (op.function == Function::put || op.function == Function::del) {
      EXPECT_TRUE(op.expected_version || op.replaces.empty());
    }
    if (op.function == Function::cas && op.expected != 0) {
      EXPECT_EQ(op.replaces, std::vector<WriteId>{op.expected});
    }
  }
  EXPECT_EQ(recording.samples.back().behind, 0);
}

TEST(Simulate, BlindWritesBesideCompareAndSets) {
  const Recording recording = simulate(variant_of(kStrongLoad + "contexts = \"none\"\n"), 1, {});
  const auto is_lost = [](const Operation& op) { return op.lost(); };
  EXPECT_EQ(count_if(recording, Function::put, is_lost), 0U) << "nothing was expected";
  EXPECT_GT(count_if(recording, Function::cas, is_lost), 50U) << "what was seen last is often gone";
  EXPECT_GT(count_if(recording, Function::cas, [](const Operation& op) { return op.outcome == Outcome::ok; }), 50U);
}

TEST(Simulate, EventualReadsOfAStrongBucketHaveNoPlaceInItsOrder) {
  const Recording recording = simulate(variant_of(kStrongLoad + "level = \"eventual\"\n"), 1, {});
  for (const Operation& op : recording.operations) EXPECT_EQ(op.linearizable, op.is_write());
}

TEST(ValueOf, NamesItsWriter) {
  EXPECT_EQ(writer_of(value_of(77, 100)), 77U);
  EXPECT_EQ(value_of(77, 100).size(), 100U);
  EXPECT_EQ(value_of(77, 1).size(), 8U);
  EXPECT_EQ(writer_of("short"), 0U);
}

}  // namespace
}  // namespace shoal::study
