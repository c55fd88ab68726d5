// Reads: who is asked, what is merged, and what counts towards r.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Get, OfWhatNobodyWroteIsAnAnswerWithoutContext) {
  Cluster c("abc");
  const GetReply read = c.get('a', {.r = 3});
  EXPECT_EQ(read.outcome.code, Errc::ok);
  EXPECT_EQ(read.outcome.acks, 3);
  EXPECT_THAT(read.values, IsEmpty());
  EXPECT_THAT(read.context, IsEmpty());
}

TEST(Get, OfAnEmptyValueIsAValue) {
  Cluster c("abc");
  c.put('a', {.value = ""});
  EXPECT_THAT(values_of(c.get('b')), ElementsAre(""));
}

// Two sides of a partition took a write each.
TEST(Get, MergesRepliesThatDiffer) {
  Cluster c("abc");
  c.isolate('a');
  c.put('a', {.value = "v1", .w = 1});
  c.put('b', {.value = "v2"});
  c.heal();
  EXPECT_THAT(values_of(c.get('a', {.r = 1})), ElementsAre("v1"));
  EXPECT_THAT(values_of(c.get('b', {.r = 1})), ElementsAre("v2"));
  const GetReply read = c.get('a', {.r = 3});
  EXPECT_THAT(values_of(read), ElementsAre("v1", "v2"));
  EXPECT_GE(c.marks('a', Mark::get_merged_differing_replies), 1U);
  c.put('c', {.value = "v3", .context = read.context, .w = 3});
  EXPECT_THAT(values_of(c.get('a', {.r = 1})), ElementsAre("v3"));
}

// Whoever has only the older state must not bring the overwritten value back.
TEST(Get, PrefersTheStateThatCoversTheOther) {
  Cluster c("abc");
  const PutReply first = c.put('a', {.value = "v1", .w = 3});
  c.isolate('c');
  c.put('a', {.value = "v2", .context = first.context});
  c.heal();
  EXPECT_THAT(values_of(c.get('c', {.r = 3})), ElementsAre("v2"));
}

TEST(Get, WithROneAsksOnlyTheNodeItself) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .w = 3});
  c.isolate('a');
  EXPECT_THAT(values_of(c.get('a', {.r = 1})), ElementsAre("v1"));
}

TEST(Get, AsksNoMoreThanItNeeds) {
  Cluster c("abc");
  c.put('a', {.w = 3});
  const std::size_t before = c.delivered("ab") + c.delivered("ac");
  c.get('a', {.r = 2});
  EXPECT_EQ(c.delivered("ab") + c.delivered("ac"), before + 1);
}

TEST(Get, AsksTheDeadLast) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .w = 3});
  const Name second = c.owners("k")[0] != 'a' ? c.owners("k")[0] : c.owners("k")[1];
  c.believe(second, Liveness::dead);
  c.isolate(second);
  EXPECT_THAT(values_of(c.get('a', {.r = 2})), ElementsAre("v1"));
}

TEST(Get, OfMoreReplicasThanAreUpIsRefusedAtOnce) {
  Cluster c("abc");
  c.believe('b', Liveness::dead);
  const GetReply refused = c.get('a', {.r = -1});
  EXPECT_EQ(refused.outcome.code, Errc::unavailable);
  EXPECT_THAT(refused.outcome.message, HasSubstr("only 2 of the key's 3 owners are up and r is 3"));
  EXPECT_EQ(c.get('a', {.r = 4}).outcome.code, Errc::invalid);
}

TEST(Get, WidensWhenAnOwnerIsSlow) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .w = 3});
  const std::string owners = c.owners("k");
  c.cut('a', owners[0] != 'a' ? owners[0] : owners[1]);
  const CallId get = c.start_get('a', {.r = 2});
  c.advance(29ms);
  EXPECT_FALSE(c.answered(get));
  c.advance(1ms);
  EXPECT_THAT(values_of(c.reply<GetReply>(get)), ElementsAre("v1"));
  EXPECT_EQ(c.marks('a', Mark::get_widened), 1U);
}

// Questions may be lost as well: whoever has not answered is asked again and again until the deadline.
TEST(Get, AsksAgainAfterALossyMoment) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .w = 3});
  c.isolate('a');
  const CallId get = c.start_get('a', {.r = 3});
  c.advance(100ms);
  c.heal();
  c.advance(300ms);
  EXPECT_THAT(values_of(c.reply<GetReply>(get)), ElementsAre("v1"));
}

TEST(Get, WithTooFewRepliesTimesOutAndSaysHowManyCame) {
  Cluster c("abc");
  c.isolate('a');
  const CallId get = c.start_get('a', {.r = 2, .timeout = 200ms});
  c.advance(200ms);
  const Error& outcome = c.reply<GetReply>(get).outcome;
  EXPECT_EQ(outcome.code, Errc::timeout);
  EXPECT_THAT(outcome.message, HasSubstr("only 1 of 2 replicas answered the read"));
  EXPECT_EQ(outcome.acks, 1);
}

TEST(Get, IgnoresWhatComesAfterItsAnswer) {
  Cluster c("abc");
  c.put('a', {.w = 3});
  const CallId get = c.start_get('a', {.r = 1, .timeout = 10ms});
  c.run();
  EXPECT_TRUE(c.answered(get));
  c.inject('b', 'a', Fetched{get, {1}, Errc::ok, nullptr});
  c.inject('b', 'a', Replicated{{12345}, {1}, Errc::ok, true});
  c.inject('b', 'a', KeysFetched{{12345}, {1}, Errc::ok, {}, std::nullopt});
  c.inject('b', 'a', Forwarded{{12345}, GetReply{}});
  c.inject('b', 'a', JoinReply{{12345}, {}, std::nullopt});
  c.run();
  EXPECT_EQ(c.get('a').outcome.code, Errc::ok);
}

TEST(Get, CountsAReplicaOnceThoughItAnswersTwice) {
  Cluster c("abc");
  c.deliver_twice(true);
  c.isolate('c');
  const CallId get = c.start_get('a', {.r = 3, .timeout = 100ms});
  c.advance(100ms);
  EXPECT_EQ(c.reply<GetReply>(get).outcome.acks, 2);
}

// An unreadable copy is "don't know": it neither counts nor reads as absence.
TEST(Get, CountsNoReplicaThatDoesNotKnow) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .w = 3});
  c.store('a').spoil(c.slot("k"));
  const GetReply read = c.get('a', {.r = 2});
  EXPECT_THAT(values_of(read), ElementsAre("v1"));
  EXPECT_EQ(c.marks('a', Mark::unreadable_record_answered_dont_know), 1U);
  EXPECT_EQ(c.marks('a', Mark::get_widened), 1U);
  c.store('b').spoil(c.slot("k"));
  const GetReply refused = c.get('c', {.r = 2});
  EXPECT_EQ(refused.outcome.code, Errc::timeout);
  EXPECT_EQ(refused.outcome.acks, 1);
}

TEST(Get, OfASingleUnreadableCopyIsNotAbsence) {
  Cluster c("abc");
  c.put('a', {.w = 3});
  for (const Name name : {'a', 'b', 'c'}) c.store(name).spoil(c.slot("k"));
  const GetReply read = c.get('a', {.r = 1});
  EXPECT_EQ(read.outcome.code, Errc::timeout);
}

TEST(Get, OfAStrangerInTheSlotIsNotTheStrangersValue) {
  Cluster c("abc");
  c.put('b', {.key = "stranger", .value = "secret", .w = 3});
  const EntryPtr stranger = c.store('a').held(c.slot("stranger"));
  for (const Name name : {'a', 'b', 'c'}) c.store(name).write(c.slot("k"), stranger);
  EXPECT_THAT(c.get('a', {.r = 1}).values, IsEmpty());
}

TEST(Status, SaysWhatTheNodeSees) {
  Cluster c("abc", {.relaxed = "a"});
  c.put('a', {.w = 3});
  c.believe('b', Liveness::dead);
  c.store('a').set_trouble(fail(Errc::no_space, "the disk is full"));
  const auto& status = c.reply<StatusReply>(c.ask('a', StatusRequest{}));
  EXPECT_EQ(status.node, id_of('a'));
  EXPECT_EQ(status.incarnation.start(), 1U);
  EXPECT_EQ(status.document, c.document('a'));
  ASSERT_EQ(status.members.size(), 3U);
  EXPECT_EQ(status.members[0].liveness, Liveness::alive);
  EXPECT_EQ(status.members[1].liveness, Liveness::dead);
  EXPECT_EQ(status.records, 1U);
  EXPECT_EQ(status.store_trouble, "the disk is full");
  EXPECT_FALSE(status.sync);
}

TEST(Hello, IsAnsweredWithTheMembershipDocument) {
  Cluster c("abc");
  const auto& welcome = c.reply<Welcome>(c.ask('b', Hello{}));
  EXPECT_EQ(welcome.node, id_of('b'));
  EXPECT_EQ(welcome.document, c.document('b'));
}

// A client may not speak as a peer, nor a peer as a client.
TEST(Border, ClientsAndPeersKeepToTheirOwnMessages) {
  Cluster c("abc");
  auto state = std::make_shared<Record>();
  state->clock.raise({{Incarnation::of(1, 2), 1}, 1});
  c.ask('a', Replicate{{}, {1}, {"default", "k"}, state});
  c.ask('a', CloseFormation{{1}});
  c.ask('a', DocumentPush{c.document('a')});
  c.inject('b', 'a', GetRequest{{7}, {"default", "k"}, 1, 1000ms});
  c.inject('b', 'a', StatusRequest{{7}});
  c.run();
  EXPECT_EQ(c.store('a').records(), 0U);
  EXPECT_EQ(c.delivered("ab"), 0U);
}

}  // namespace
}  // namespace shoal
