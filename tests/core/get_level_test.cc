// Reads at each level: whom they wait for, and what they say when it cannot be had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Eventual, IsAnsweredByOneReplica) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .w = 3});
  c.isolate('a');
  const GetReply read = c.get('a', {.level = Level::eventual});
  EXPECT_THAT(values_of(read), ElementsAre("v1"));
  EXPECT_EQ(read.outcome.acks, 1);
  EXPECT_EQ(read.outcome.needed, 1);
}

TEST(Primaries, AreOwnersThatAreUp) {
  Cluster c("abcde");
  const std::string owners = c.owners("k");
  c.put(owners[0], {.w = 3});
  c.believe(owners[2], Liveness::dead);
  EXPECT_EQ(c.get(owners[0], {.r = 1, .pr = 2}).outcome.acks, 2);
  const GetReply refused = c.get(owners[0], {.r = 1, .pr = 3});
  EXPECT_EQ(refused.outcome.code, Errc::unavailable);
  EXPECT_THAT(refused.outcome.message, HasSubstr("only 2 of the key's 3 owners are up and pr is 3"));
}

// ---- session

// Two owners, and a write that only the first of them has.
class Session : public testing::Test {
 protected:
  void SetUp() override {
    c.isolate('a');
    token = c.put('a', {.value = "v1", .w = 1}).context;
    c.heal();
  }
  Get read(const std::string& session) { return {.timeout = 400ms, .level = Level::session, .session = session}; }

  Cluster c{"abc"};
  std::string token;
};

TEST_F(Session, WithoutAPastIsAQuorumRead) { EXPECT_EQ(c.get('b', read("")).outcome.acks, 2); }

TEST_F(Session, ReadsItsOwnWriteWhereverItIs) {
  c.cut('b', 'a');  // b finds c first, which has nothing either
  const CallId get = c.start_get('b', read(token));
  c.run();
  EXPECT_FALSE(c.answered(get));
  c.heal();
  c.advance(200ms);
  EXPECT_THAT(values_of(c.reply<GetReply>(get)), ElementsAre("v1"));
  EXPECT_GE(c.marks('b', Mark::get_behind_session), 1U);
}

TEST_F(Session, AsksTheOthersAtOnceWhenTheQuorumIsBehind) {
  const std::string first_two = "bc";
  const CallId get = c.start_get('b', {.r = 1, .level = Level::session, .session = token});
  c.run();
  ASSERT_TRUE(c.answered(get));
  EXPECT_THAT(values_of(c.reply<GetReply>(get)), ElementsAre("v1"));
}

TEST_F(Session, ThatCannotBeSatisfiedSaysSoAtItsDeadline) {
  c.isolate('a');
  const CallId get = c.start_get('b', read(token));
  c.advance(399ms);
  EXPECT_FALSE(c.answered(get));
  c.advance(1ms);
  const GetReply& refused = c.reply<GetReply>(get);
  EXPECT_EQ(refused.outcome.code, Errc::session_not_satisfied);
  EXPECT_THAT(refused.values, IsEmpty());
  EXPECT_EQ(refused.outcome.acks, 2);
}

TEST_F(Session, WithTooFewRepliesIsATimeout) {
  c.isolate('b');
  const CallId get = c.start_get('b', read(token));
  c.advance(400ms);
  EXPECT_EQ(c.reply<GetReply>(get).outcome.code, Errc::timeout);
}

TEST_F(Session, AcceptsOnlyTokensOfItsKey) {
  EXPECT_EQ(c.get('b', read("nonsense")).outcome.code, Errc::bad_context);
  const std::string other = c.put('a', {.key = "other"}).context;
  EXPECT_EQ(c.get('b', read(other)).outcome.code, Errc::bad_context);
}

// A token never goes backwards: what it is given, the next read has.
TEST_F(Session, ReadsMonotonically) {
  const GetReply first = c.get('b', read(token));
  c.isolate('a');
  const GetReply second = c.get('c', read(first.context));  // the first read has repaired b
  EXPECT_THAT(values_of(second), ElementsAre("v1"));
}

// Fallbacks may have what no owner has.
TEST(SessionAmongFallbacks, AsksThemToo) {
  Cluster c("abcde");
  const std::string owners = c.owners("k");
  c.isolate(owners[0]);
  const std::string token = c.put(owners[0], {.value = "v1", .w = 1}).context;
  c.heal();
  c.keep_hint(c.fallbacks("k")[1], owners[1], "k", owners[0]);
  c.store(owners[0]).forget(c.slot("k"));
  const CallId get = c.start_get(owners[1], {.level = Level::session, .session = token});
  c.advance(300ms);
  EXPECT_THAT(values_of(c.reply<GetReply>(get)), ElementsAre("v1"));
}

// Ruling 14: what a session is shown must not be gone after a power cut.
TEST(SessionDurability, WaitsForTheDiskThatHoldsWhatItShows) {
  Cluster c("abc", {.relaxed = "c"});
  c.slow_disk('a');
  c.start_put('b', {.value = "v1"});
  c.run();
  c.cut('a', 'b');
  c.cut('a', 'c');
  EXPECT_THAT(values_of(c.get('a', {.r = 1})), ElementsAre("v1"));
  const CallId get = c.start_get('a', {.r = 1, .level = Level::session});
  c.run();
  EXPECT_FALSE(c.answered(get));
  c.fast_disk('a');
  EXPECT_THAT(values_of(c.reply<GetReply>(get)), ElementsAre("v1"));
  c.slow_disk('c');  // a relaxed node promises nothing and waits for nothing
  EXPECT_THAT(values_of(c.get('c', {.r = 1, .level = Level::session})), ElementsAre("v1"));
}

// ---- all

TEST(All, WithOwnersThatAgreeIsAnsweredAtOnce) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .w = 3});
  const GetReply read = c.get('b', {.level = Level::all});
  EXPECT_THAT(values_of(read), ElementsAre("v1"));
  EXPECT_EQ(read.outcome.acks, 3);
  EXPECT_EQ(c.marks('b', Mark::get_made_all_agree), 0U);
}

TEST(All, MakesTheOwnersAgreeBeforeItAnswers) {
  Cluster c("abc");
  c.isolate('a');
  c.put('a', {.value = "v1", .w = 1});
  c.put('b', {.value = "v2"});
  c.heal();
  const GetReply read = c.get('c', {.level = Level::all});
  EXPECT_THAT(values_of(read), ElementsAre("v1", "v2"));
  EXPECT_EQ(c.record('a', "k"), c.record('b', "k"));
  EXPECT_EQ(c.record('a', "k"), c.record('c', "k"));
  EXPECT_EQ(c.marks('c', Mark::get_made_all_agree), 3U);
}

TEST(All, IsNotAnsweredBeforeTheLastAcknowledgement) {
  Cluster c("abc");
  c.isolate('a');
  c.put('b', {.value = "v1"});
  c.heal();
  c.slow_disk('a');
  const CallId get = c.start_get('c', {.level = Level::all});
  c.advance(300ms);
  EXPECT_FALSE(c.answered(get));
  c.fast_disk('a');
  EXPECT_THAT(values_of(c.reply<GetReply>(get)), ElementsAre("v1"));
}

TEST(All, SendsTheJoinAgainWhenItIsLost) {
  Cluster c("abc");
  c.isolate('a');
  c.put('b', {.value = "v1"});
  c.heal();
  bool lose = true;
  c.watch([&](const Cluster::Flight& flight, bool) {
    const auto* repair = std::get_if<Replicate>(&flight.message);
    if (repair != nullptr && repair->purpose == Purpose::repair && std::exchange(lose, false)) c.cut('a', 'c');
  });
  const CallId get = c.start_get('c', {.level = Level::all});
  c.run();
  EXPECT_FALSE(c.answered(get));
  c.heal();
  c.advance(200ms);
  EXPECT_THAT(values_of(c.reply<GetReply>(get)), ElementsAre("v1"));
}

TEST(All, ThatCannotAgreeInTimeIsInconsistent) {
  Cluster c("abc");
  c.isolate('a');
  c.put('b', {.value = "v1"});
  c.heal();
  c.slow_disk('a');
  const CallId silent = c.start_get('c', {.timeout = 300ms, .level = Level::all});
  c.advance(300ms);
  EXPECT_EQ(c.reply<GetReply>(silent).outcome.code, Errc::inconsistent);
  c.isolate('a');
  const CallId lost = c.start_get('c', {.timeout = 300ms, .level = Level::all});
  c.advance(300ms);
  EXPECT_EQ(c.reply<GetReply>(lost).outcome.code, Errc::inconsistent);
  EXPECT_THAT(c.reply<GetReply>(lost).outcome.message, HasSubstr("only 2 of 3 replicas answered the read"));
}

// Whatever r says: who was not asked is not known to agree.
TEST(All, NeedsEveryOwner) {
  Cluster c("abcde");
  const std::string owners = c.owners("k");
  c.put(owners[0], {.w = 3});
  EXPECT_EQ(c.get(owners[0], {.r = 1, .level = Level::all, .pr = 1}).outcome.acks, 3);
  c.believe(owners[1], Liveness::dead);
  EXPECT_EQ(c.get(owners[0], {.level = Level::all}).outcome.code, Errc::unavailable);
}

}  // namespace
}  // namespace shoal
