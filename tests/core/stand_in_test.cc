// Reads while owners are down: who stands in, what they know, and what it counts for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Seven nodes; o1, o2, o3 own the key, f1, f2, ... are its fallbacks in rank order.
class StandIn : public testing::Test {
 protected:
  void SetUp() override {
    const std::string owners = c.owners("k");
    o1 = owners[0];
    o2 = owners[1];
    o3 = owners[2];
    const std::string fallbacks = c.fallbacks("k");
    f1 = fallbacks[0];
    f2 = fallbacks[1];
    c.put(o1, {.value = "v1", .w = 3});
  }
  void die(std::initializer_list<Name> names) {
    for (const Name name : names) {
      c.believe(name, Liveness::dead);
      c.isolate(name);
    }
  }

  Cluster c{"abcdefg"};
  Name o1 = 0, o2 = 0, o3 = 0, f1 = 0, f2 = 0;
};

TEST_F(StandIn, AnswersWithItsHintAndIsCounted) {
  c.keep_hint(f1, o2, "k", o1);
  c.keep_hint(f2, o3, "k", o1);
  die({o2, o3});
  const GetReply read = c.get(o1, {.r = 2});
  EXPECT_THAT(values_of(read), ElementsAre("v1"));
  EXPECT_EQ(read.outcome.acks, 2);
  EXPECT_EQ(read.stand_ins, 1);
}

TEST_F(StandIn, ThatWasToldNothingDoesNotCount) {
  die({o2, o3});
  const GetReply refused = c.get(o1, {.r = 2});
  EXPECT_EQ(refused.outcome.code, Errc::unavailable);
  EXPECT_EQ(refused.outcome.acks, 1);
  EXPECT_THAT(refused.outcome.message, HasSubstr("who stands in for them has nothing of it"));
}

TEST_F(StandIn, ThatDoesNotKnowGivesItsSeatToTheNext) {
  c.keep_hint(f2, o3, "k", o1);
  die({o3});
  const GetReply read = c.get(o1, {.r = 3});
  EXPECT_EQ(read.outcome.code, Errc::ok);
  EXPECT_EQ(read.stand_ins, 1);
  EXPECT_EQ(c.marks(o1, Mark::get_asked_next_stand_in), 1U);
}

TEST_F(StandIn, IsAskedAfterTheOwners) {
  c.keep_hint(f1, o1, "k", o2);
  die({o1});
  const GetReply read = c.get(o2, {.r = 2});
  EXPECT_EQ(read.stand_ins, 0);
  EXPECT_EQ(c.delivered(std::string{o2, f1}), 0U);
}

// Hints for two owners at one fallback: it knows their join.
TEST_F(StandIn, AnswersWithTheJoinOfItsHints) {
  c.keep_hint(f1, o3, "k", o1);
  c.isolate(o1);
  c.put(o1, {.value = "v2", .w = 1});
  c.keep_hint(f1, o2, "k", o1);
  c.heal();
  die({o1, o2, o3});
  EXPECT_THAT(values_of(c.get(f1, {.r = 1})), ElementsAre("v1", "v2"));
}

TEST_F(StandIn, ThatCannotReadItsHintDoesNotKnow) {
  c.keep_hint(f1, o1, "k", o2);
  c.store(f1).spoil(Place(id_of(o1), c.slot("k")));
  die({o1});
  EXPECT_EQ(c.get(o2, {.r = 3}).outcome.code, Errc::unavailable);
}

TEST_F(StandIn, IsNoPrimary) {
  c.keep_hint(f1, o1, "k", o2);
  die({o1});
  EXPECT_EQ(c.get(o2, {.r = 3, .pr = 2}).outcome.acks, 3);
  EXPECT_EQ(c.get(o2, {.r = 3, .pr = 3}).outcome.code, Errc::unavailable);
}

// It would keep what nobody asks it to hand over.
TEST_F(StandIn, IsNeverRepaired) {
  c.keep_hint(f1, o1, "k", o2);
  c.put(o2, {.value = "v2", .w = 3});
  const EntryPtr before = c.store(f1).held(Place(id_of(o1), c.slot("k")));
  die({o1});
  EXPECT_THAT(values_of(c.get(o2, {.r = 3})), ElementsAre("v1", "v2"));
  EXPECT_EQ(c.store(f1).held(Place(id_of(o1), c.slot("k"))), before);
  EXPECT_EQ(c.store(f1).records(), 0U);
}

TEST_F(StandIn, ReplacesAnOwnerThatDiesMeanwhile) {
  c.keep_hint(f1, o3, "k", o1);
  c.isolate(o3);
  const CallId get = c.start_get(o1, {.r = 3});
  c.advance(20ms);
  c.believe(o3, Liveness::dead);
  c.advance(200ms);
  EXPECT_EQ(c.reply<GetReply>(get).stand_ins, 1);
}

// ---- nobody of the owners is up

TEST_F(StandIn, CoordinatesWhenNoOwnerIsUp) {
  c.keep_hint(f1, o1, "k", o1);
  c.keep_hint(f2, o2, "k", o2);
  die({o1, o2, o3});
  EXPECT_THAT(values_of(c.get(f1, {.r = 2})), ElementsAre("v1"));
  EXPECT_EQ(c.marks(f1, Mark::get_coordinated_by_fallback), 1U);
}

TEST_F(StandIn, IsPassedTheReadThatSomebodyElseWasAsked) {
  c.keep_hint(f1, o1, "k", o1);
  die({o1, o2, o3});
  EXPECT_THAT(values_of(c.get(f2, {.r = 1})), ElementsAre("v1"));
  EXPECT_EQ(c.marks(f1, Mark::get_coordinated_by_fallback), 1U);
  EXPECT_EQ(c.get(f2, {.r = 2}).outcome.code, Errc::unavailable);
}

// ---- listings

class StandInList : public StandIn {
 protected:
  [[nodiscard]] PartitionId partition() { return c.node('a').ring()->partition_of(c.slot("k")); }
  ListReply page(Name via, std::int32_t r, std::uint32_t limit = 100) {
    return c.list(via, {.partition = partition(), .limit = limit, .r = r});
  }
  // A key of the same partition that only `f1` has heard of, for `o3`.
  std::string hint_only() {
    std::string key;
    for (int i = 0; key.empty() || c.node('a').ring()->partition_of(c.slot(key)) != partition(); ++i)
      key = "n" + std::to_string(i);
    c.isolate(o1);
    c.put(o1, {.key = key, .w = 1});
    c.heal();
    c.keep_hint(f1, o3, key, o1);
    c.store(o1).forget(c.slot(key));
    return key;
  }
};

TEST_F(StandInList, AddsTheKeysOfHints) {
  const std::string key = hint_only();
  die({o3});
  const ListReply listed = page(o1, 2);
  EXPECT_THAT(listed.names, testing::UnorderedElementsAre("k", key));
  EXPECT_EQ(listed.outcome.acks, 2);
  EXPECT_EQ(c.marks(o1, Mark::list_merged_hints), 1U);
}

// Its list proves nothing about the keys that are not in it.
TEST_F(StandInList, DoesNotCountTowardsR) {
  c.keep_hint(f1, o3, "k", o1);
  die({o3});
  const ListReply refused = page(o1, 3);
  EXPECT_EQ(refused.outcome.code, Errc::unavailable);
  EXPECT_THAT(refused.outcome.message, HasSubstr("only 2 of the partition's 3 owners are up and r is 3"));
}

TEST_F(StandInList, IsNotWaitedForTooLong) {
  die({o3});
  c.isolate(f1);
  const CallId list = c.ask(o1, ListRequest{{}, "default", "", partition(), std::nullopt, 10, 2, 1000ms});
  c.run();
  EXPECT_FALSE(c.answered(list));
  c.advance(200ms);
  EXPECT_THAT(c.reply<ListReply>(list).names, ElementsAre("k"));
}

TEST_F(StandInList, ComesInPagesThatEndWhereTheShortestScanEnds) {
  const std::string key = hint_only();
  c.keep_hint(f1, o3, "k", o1);
  die({o3});
  std::vector<std::string> seen;
  for (std::optional<Slot> after;;) {
    const ListReply got = c.list(o1, {.partition = partition(), .after = after, .limit = 1, .r = 2});
    seen.insert(seen.end(), got.names.begin(), got.names.end());
    if (!(after = got.next)) break;
  }
  EXPECT_THAT(seen, testing::UnorderedElementsAre("k", key));
}

}  // namespace
}  // namespace shoal
