// Digest reads, and the repair of replicas that a read found behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// Records what travels of reads and repairs: "ab record", "ab digest", "ab repair".
class ReadRepairTest : public testing::Test {
 protected:
  void watch() {
    c.watch([this](const Cluster::Flight& flight, bool) {
      const std::string link{flight.from, flight.to};
      if (const auto* fetch = std::get_if<Fetch>(&flight.message))
        seen.push_back(link + (fetch->digest_only ? " digest" : " record"));
      const auto* replicate = std::get_if<Replicate>(&flight.message);
      if (replicate != nullptr && replicate->purpose == Purpose::repair) seen.push_back(link + " repair");
    });
  }
  void write_behind(Name who, const std::string& value) {
    c.isolate(who);
    const Name other = who == 'a' ? 'b' : 'a';
    c.put(other, {.value = value});
    c.heal();
  }

  Cluster c{"abc"};
  std::vector<std::string> seen;
};

TEST_F(ReadRepairTest, TheRecordComesOnceAndDigestsDoForTheRest) {
  c.put('a', {.value = "v1", .w = 3});
  watch();
  c.get('a', {.r = 3});
  EXPECT_THAT(seen, testing::UnorderedElementsAre("ab digest", "ac digest"));  // its own record needs no message
}

TEST_F(ReadRepairTest, ADigestThatDiffersIsFollowedByTheRecord) {
  write_behind('a', "v1");
  watch();
  const GetReply read = c.get('a', {.r = 2});
  EXPECT_THAT(values_of(read), ElementsAre("v1"));
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].substr(2), " digest");
  EXPECT_EQ(seen[1], seen[0].substr(0, 2) + " record");
  EXPECT_EQ(c.marks('a', Mark::get_fetched_what_differed), 1U);
  EXPECT_EQ(c.record('a', "k"), c.record('b', "k"));  // and a has repaired itself
}

TEST_F(ReadRepairTest, WhoIsBehindIsSentTheJoin) {
  c.isolate('a');
  c.put('a', {.value = "v1", .w = 1});
  c.put('b', {.value = "v2"});
  c.heal();
  EXPECT_THAT(values_of(c.get('a', {.r = 3})), ElementsAre("v1", "v2"));
  for (const Name name : {'a', 'b', 'c'})
    EXPECT_THAT(values_of(c.get(name, {.r = 1})), ElementsAre("v1", "v2")) << name;
}

TEST_F(ReadRepairTest, NobodyIsSentAnythingWhenAllAgree) {
  c.put('a', {.w = 3});
  watch();
  c.get('a', {.r = 3});
  EXPECT_EQ(std::ranges::count_if(seen, [](const std::string& s) { return s.ends_with("repair"); }), 0);
  EXPECT_EQ(c.marks('a', Mark::read_repair_sent), 0U);
}

// The reader does not wait for it.
TEST_F(ReadRepairTest, TheAnswerIsNotDelayedByIt) {
  write_behind('c', "v1");
  c.slow_disk('c');
  EXPECT_THAT(values_of(c.get('a', {.r = 3})), ElementsAre("v1"));
}

// A reply that comes after the answer is still worth a repair.
TEST_F(ReadRepairTest, LateRepliesAreRepaired) {
  write_behind('c', "v1");
  const Name other = c.owners("k")[0] == 'a' ? c.owners("k")[1] : c.owners("k")[0];
  std::optional<Cluster::Flight> held;
  c.watch([&](const Cluster::Flight& flight, bool lost) {
    if (flight.from == 'c' && std::holds_alternative<Fetched>(flight.message) && lost) held = flight;
  });
  c.cut('c', 'a');
  c.cut('b', 'a');
  const CallId get = c.start_get('a', {.r = 2});
  c.advance(30ms);  // both are asked; neither answer arrives
  ASSERT_TRUE(held) << other;
  const Message late = held->message;
  c.heal();
  c.advance(100ms);  // asked again, they answer
  ASSERT_TRUE(c.answered(get));
  c.inject('c', 'a', late);
  c.run();
  EXPECT_EQ(c.record('c', "k"), c.record('b', "k"));
}

TEST_F(ReadRepairTest, AReadThatIsAnsweredIsNotOpenThoughItStillListens) {
  c.put('a', {.w = 3});
  c.cut('b', 'a');
  c.cut('c', 'a');
  const CallId get = c.start_get('a', {.r = 2});
  c.advance(30ms);
  c.heal();
  c.cut('b', 'a');
  c.advance(60ms);
  ASSERT_TRUE(c.answered(get));
  EXPECT_EQ(c.node('a').open_requests(), 0U);
  EXPECT_NE(c.node('a').next_deadline(), kNever);
  c.advance(2s);
  EXPECT_EQ(c.node('a').open_requests(), 0U);
}

// Repairs are bounded: a reader of many stale keys does not flood whoever was away.
TEST_F(ReadRepairTest, OverTheBoundTheyAreSkippedAndMarked) {
  c.isolate('c');
  const int keys = static_cast<int>(ReadRepair::kOutstandingMax) + 10;
  for (int i = 0; i < keys; ++i) c.put('a', {.key = std::to_string(i)});
  c.heal();
  c.slow_disk('c');
  for (int i = 0; i < keys; ++i) c.get('a', {.key = std::to_string(i), .r = 3});
  EXPECT_EQ(c.marks('a', Mark::read_repair_sent), ReadRepair::kOutstandingMax);
  EXPECT_EQ(c.marks('a', Mark::read_repair_skipped), 10U);
  c.fast_disk('c');  // they are acknowledged
  c.get('a', {.key = std::to_string(keys - 1), .r = 3});
  EXPECT_EQ(c.marks('a', Mark::read_repair_sent), ReadRepair::kOutstandingMax + 1);
}

// Whoever forgot everything gets it back, tombstones included.
TEST_F(ReadRepairTest, BringsTombstonesBackToo) {
  const PutReply put = c.put('a', {.w = 3});
  c.put('a', {.value = "", .context = put.context, .w = 3, .tombstone = true});
  c.store('c').forget(c.slot("k"));
  EXPECT_THAT(c.get('a', {.r = 3}).values, IsEmpty());
  EXPECT_EQ(c.record('c', "k"), c.record('a', "k"));
  EXPECT_FALSE(c.record('c', "k").clock.empty());
}

}  // namespace
}  // namespace shoal
