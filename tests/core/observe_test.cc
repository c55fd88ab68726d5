// What a laboratory reads from one node: its own copies, what it keeps for others, what repair has cost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ObserveTest : public testing::Test {
 protected:
  ObserveReply observe(Name node, std::vector<Key> keys) {
    const CallId call = c.ask(node, ObserveRequest{.call = {}, .token = {}, .keys = std::move(keys)});
    c.run();
    return c.reply<ObserveReply>(call);
  }

  Cluster c{"abc"};
};

TEST_F(ObserveTest, CopiesAreTheNodesOwn) {
  c.put('a', {.value = "v1", .w = 3});
  c.isolate('c');
  c.put('a', {.value = "v2", .w = 1});
  const ObserveReply here = observe('a', {{"default", "k"}, {"default", "absent"}});
  const ObserveReply behind = observe('c', {{"default", "k"}});
  EXPECT_EQ(here.outcome.code, Errc::ok);
  EXPECT_EQ(here.node, id_of('a'));
  ASSERT_THAT(here.copies, SizeIs(2));
  EXPECT_EQ(here.copies[0].clock, c.record('a', "k").clock);
  EXPECT_EQ(here.copies[0].siblings, 2U);
  EXPECT_THAT(here.copies[1].clock.entries(), IsEmpty());
  EXPECT_EQ(here.copies[1].digest, Hash128{});
  ASSERT_THAT(behind.copies, SizeIs(1));
  EXPECT_TRUE(here.copies[0].clock.descends(behind.copies[0].clock));
  EXPECT_NE(here.copies[0].digest, behind.copies[0].digest);
}

TEST_F(ObserveTest, ADeletedKeyHasAClockAndNoSiblings) {
  const PutReply written = c.put('a', {.value = "v1", .w = 3});
  c.del('a', "k", written.context);
  const ObserveReply seen = observe('a', {{"default", "k"}});
  EXPECT_FALSE(seen.copies[0].clock.empty());
  EXPECT_EQ(seen.copies[0].siblings, 0U);
}

TEST_F(ObserveTest, TooManyKeysAreRefused) {
  const ObserveReply seen = observe('a', std::vector<Key>(ObserveRequest::kKeysMax + 1, Key{"default", "k"}));
  EXPECT_EQ(seen.outcome.code, Errc::invalid);
  EXPECT_THAT(seen.outcome.message, HasSubstr("at most 10000 keys"));
  EXPECT_THAT(seen.copies, IsEmpty());
}

// A peer may not ask: no token was looked at.
TEST_F(ObserveTest, IsForClientsAlone) {
  c.inject('b', 'a', ObserveRequest{.call = {7}, .token = {}, .keys = {{"default", "k"}}});
  const std::size_t before = c.delivered("ab");
  c.run();
  EXPECT_EQ(c.delivered("ab"), before);
}

TEST_F(ObserveTest, ReadRepairIsCountedWhereItIsSent) {
  c.isolate('c');
  c.put('a', {.value = std::string(1000, 'v')});
  c.heal();
  c.get('a', {.r = 3});
  EXPECT_GE(c.node('a').repair_traffic().read_repair_bytes, 1000U);
  EXPECT_LT(c.node('a').repair_traffic().read_repair_bytes, 1200U);
  EXPECT_EQ(c.node('c').repair_traffic(), RepairTraffic{});
}

TEST(ObserveTraffic, OfAntiEntropyIsCountedByTheOneThatAsks) {
  Cluster c("abc", {.hint_bytes_max = 0});
  c.isolate('c');
  c.put('a', {.value = std::string(1000, 'v')});
  c.advance(5s);  // nobody sends it again
  c.heal();
  c.advance(20s);
  ASSERT_EQ(c.record('c', "k"), c.record('a', "k"));
  const auto spent = [&](Name node) { return c.node(node).repair_traffic().anti_entropy_bytes; };
  EXPECT_GE(spent('a') + spent('b'), 1000U);
  EXPECT_LT(spent('a') + spent('b'), 10'000U);
  const CallId call = c.ask('a', ObserveRequest{});
  c.run();
  EXPECT_EQ(c.reply<ObserveReply>(call).traffic, c.node('a').repair_traffic());
  EXPECT_EQ(spent('c'), 0U);  // it has the highest id: never begins
}

TEST(ObserveHints, AreCountedWhereTheyAreKeptAndSent) {
  Cluster c("abcd");
  const std::string owners = c.owners("k");
  const Name keeper = c.fallbacks("k").front();
  c.kill(owners[2]);
  c.believe(owners[2], Liveness::dead);
  c.put(owners[0], {.value = std::string(1000, 'v'), .w = 3});
  EXPECT_EQ(c.node(keeper).hints_held(), 1U);
  EXPECT_GE(c.node(keeper).hint_bytes(), 1000U);
  c.start(owners[2]);
  c.believe(owners[2], Liveness::alive);
  c.advance(5s);
  EXPECT_EQ(c.node(keeper).hints_held(), 0U);
  EXPECT_GE(c.node(keeper).repair_traffic().handoff_bytes, 1000U);
}

TEST(StudySwitchesTest, NameWhatIsNotAsUsual) {
  EXPECT_THAT(deviations({}), IsEmpty());
  StudySwitches switches;
  switches.hints = false;
  switches.ask_all = true;
  EXPECT_THAT(deviations(switches), testing::ElementsAre("hints off", "ask_all on"));
}

}  // namespace
}  // namespace shoal
