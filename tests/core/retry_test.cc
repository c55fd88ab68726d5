// Retries and tokens: what a request id and a receipt's context may and may not do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr RequestId kRequest{42, 1};

TEST(Retry, AtTheSameCoordinatorMakesNoSecondDot) {
  Cluster c("abc");
  const PutReply first = c.put('a', {.request = kRequest});
  const PutReply again = c.put('a', {.request = kRequest});
  EXPECT_EQ(again.outcome.code, Errc::ok);
  EXPECT_EQ(again.context, first.context);
  EXPECT_THAT(c.record('b', "k").siblings, SizeIs(1));
  EXPECT_EQ(c.marks('a', Mark::put_retry_recognised), 1U);
}

TEST(Retry, AtAnotherCoordinatorMakesASecondDotThatReadersSeeOnce) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .request = kRequest});
  EXPECT_EQ(c.put('b', {.value = "v1", .request = kRequest}).siblings, 1U);
  EXPECT_THAT(c.record('c', "k").siblings, SizeIs(2));
  const GetReply read = c.get('c');
  EXPECT_THAT(values_of(read), ElementsAre("v1"));
  c.put('c', {.value = "v2", .context = read.context});
  EXPECT_THAT(c.record('a', "k").siblings, SizeIs(1));
}

// A client whose connection broke asks again before the first question was answered.
TEST(Retry, JoinsTheRequestThatIsStillOpen) {
  Cluster c("abc");
  for (const Name name : {'a', 'b', 'c'}) c.slow_disk(name);
  const CallId first = c.start_put('a', {.request = kRequest});
  c.run();
  const CallId second = c.start_put('a', {.request = kRequest});
  c.fast_disk('a');
  c.fast_disk('b');
  EXPECT_FALSE(c.answered(first));
  EXPECT_EQ(c.reply<PutReply>(second).outcome.code, Errc::ok);
  EXPECT_THAT(c.record('a', "k").siblings, SizeIs(1));
}

// The retry finds too few owners up and changes nothing, but the first try minted: "certainly not applied" would lie.
TEST(Retry, ThatIsRefusedDoesNotDenyTheFirstTry) {
  Cluster c("abc");
  c.isolate('a');
  const CallId first = c.start_put('a', {.request = kRequest, .timeout = 100ms});
  c.advance(100ms);
  ASSERT_TRUE(c.reply<PutReply>(first).outcome.maybe_applied());
  c.believe('b', Liveness::dead);
  c.believe('c', Liveness::dead);
  EXPECT_TRUE(c.put('a', {.request = kRequest}).outcome.maybe_applied());
}

TEST(Retry, AfterAFailureFinishesTheWriteItBegan) {
  Cluster c("abc");
  c.isolate('a');
  const CallId first = c.start_put('a', {.request = kRequest, .timeout = 100ms});
  c.advance(100ms);
  ASSERT_TRUE(c.reply<PutReply>(first).outcome.maybe_applied());
  c.heal();
  EXPECT_EQ(c.put('a', {.request = kRequest}).outcome.code, Errc::ok);
  EXPECT_THAT(c.record('b', "k").siblings, SizeIs(1));
}

// The first try is on a's disk: whatever stops the second, "nothing was written" would be a lie.
TEST(Retry, IsNeverToldThatNothingWasWritten) {
  Cluster c("abc");
  c.isolate('a');
  c.start_put('a', {.request = kRequest, .timeout = 100ms});
  c.advance(100ms);
  c.believe('b', Liveness::dead);
  c.believe('c', Liveness::dead);
  const PutReply again = c.put('a', {.request = kRequest});
  EXPECT_TRUE(again.outcome.maybe_applied());
  EXPECT_THAT(again.outcome.message, HasSubstr("an earlier try of this write may have been applied"));
}

TEST(Retry, OfAWriteWhoseRecordWasLostMakesItAgain) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .request = kRequest});
  for (const Name name : {'a', 'b', 'c'}) c.store(name).forget(c.slot("k"));
  EXPECT_EQ(c.put('a', {.value = "v1", .request = kRequest}).outcome.code, Errc::ok);
  EXPECT_THAT(values_of(c.get('b', {.r = 3})), ElementsAre("v1"));
}

// What is there now was written after the loss: it does not cover the first try.
TEST(Retry, OfAWriteThatWasLostUnderANewerOneMakesItAgain) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .request = kRequest});
  for (const Name name : {'a', 'b', 'c'}) c.store(name).forget(c.slot("k"));
  c.put('a', {.value = "v2"});
  c.put('a', {.value = "v1", .request = kRequest});
  EXPECT_THAT(values_of(c.get('b', {.r = 3})), ElementsAre("v1", "v2"));
}

// Others have gone on since: the retry brings nothing back, and its token overwrites nothing.
TEST(Retry, OfAWriteThatWasOverwrittenChangesNothing) {
  Cluster c("abc");
  const PutReply first = c.put('a', {.value = "v1", .request = kRequest});
  c.put('b', {.value = "v2", .context = first.context});
  const PutReply again = c.put('a', {.value = "v1", .request = kRequest});
  EXPECT_EQ(again.outcome.code, Errc::ok);
  EXPECT_THAT(values_of(c.get('c', {.r = 3})), ElementsAre("v2"));
  EXPECT_FALSE(c.decode("k", again.context).may_overwrite);
}

// Two dots of one write: whoever made it has seen all that is there.
TEST(Retry, ElsewhereGetsATokenThatOverwritesBothTries) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .request = kRequest});
  const PutReply again = c.put('b', {.value = "v1", .request = kRequest});
  ASSERT_THAT(c.record('b', "k").siblings, SizeIs(2));
  EXPECT_EQ(again.siblings, 1U);
  EXPECT_EQ(c.put('c', {.value = "v2", .context = again.context}).outcome.code, Errc::ok);
  EXPECT_THAT(c.record('c', "k").siblings, SizeIs(1));
  EXPECT_THAT(values_of(c.get('a', {.r = 3})), ElementsAre("v2"));
}

TEST(Retry, ElsewhereBesideAnotherWriteGetsATokenForTheSessionOnly) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .request = kRequest});
  c.put('c', {.value = "other"});
  const PutReply again = c.put('b', {.value = "v1", .request = kRequest});
  EXPECT_EQ(again.siblings, 2U);
  EXPECT_FALSE(c.decode("k", again.context).may_overwrite);
}

TEST(Retry, OfAnotherKeyUnderTheSameIdIsAWriteOfItsOwn) {
  Cluster c("abc");
  for (const Name name : {'a', 'b', 'c'}) c.slow_disk(name);
  const CallId one = c.start_put('a', {.key = "k1", .value = "v1", .request = kRequest});
  const CallId two = c.start_put('a', {.key = "k2", .value = "v2", .request = kRequest});
  for (const Name name : {'a', 'b', 'c'}) c.fast_disk(name);
  EXPECT_TRUE(c.answered(one) && c.answered(two));
  EXPECT_THAT(values_of(c.get('b', {.key = "k1"})), ElementsAre("v1"));
  EXPECT_THAT(values_of(c.get('b', {.key = "k2"})), ElementsAre("v2"));
}

TEST(Retry, IsNotSeenInWritesWithoutAnId) {
  Cluster c("abc");
  for (const Name name : {'a', 'b', 'c'}) c.slow_disk(name);
  PutRequest anonymous;
  anonymous.key = {"default", "k"};
  anonymous.value = Blob("v1");
  const CallId first = c.ask('a', anonymous);
  anonymous.value = Blob("v2");
  const CallId second = c.ask('a', anonymous);
  for (const Name name : {'a', 'b', 'c'}) c.fast_disk(name);
  EXPECT_TRUE(c.answered(first) && c.answered(second));
  anonymous.value = Blob("v3");
  c.ask('a', anonymous);
  c.run();
  EXPECT_THAT(values_of(c.get('b', {.r = 3})), ElementsAre("v1", "v2", "v3"));
}

// ---- tokens ---------------------------------------------------------------------------------------------------------

TEST(Token, OfASoleWriteMayOverwriteIt) {
  Cluster c("abc");
  const PutReply first = c.put('a', {.value = "v1"});
  EXPECT_TRUE(c.decode("k", first.context).may_overwrite);
  c.put('b', {.value = "v2", .context = first.context});
  EXPECT_THAT(values_of(c.get('c', {.r = 3})), ElementsAre("v2"));
}

// Ruling 1: one client writes A; another, who never saw A, blindly writes B. If B's token covered A, its next write
// would delete A unseen.
TEST(Token, OfAWriteThatLeftSiblingsOverwritesNothing) {
  Cluster c("abc");
  const PutReply of_a = c.put('a', {.value = "A"});
  const PutReply of_b = c.put('a', {.value = "B"});
  EXPECT_EQ(of_b.siblings, 2U);
  const PutReply refused = c.put('a', {.value = "B2", .context = of_b.context});
  EXPECT_EQ(refused.outcome.code, Errc::conflict);
  EXPECT_THAT(refused.outcome.message, HasSubstr("a write that left siblings"));
  EXPECT_EQ(c.marks('a', Mark::token_refused_session_only), 1U);
  EXPECT_THAT(values_of(c.get('b', {.r = 3})), ElementsAre("A", "B"));
  c.put('b', {.value = "A2", .context = of_a.context});  // A's own token covers A alone
  EXPECT_THAT(values_of(c.get('b', {.r = 3})), ElementsAre("A2", "B"));
}

TEST(Token, OfAnotherKeyIsRefused) {
  Cluster c("abc");
  const PutReply other = c.put('a', {.key = "other"});
  const PutReply refused = c.put('a', {.context = other.context});
  EXPECT_EQ(refused.outcome.code, Errc::bad_context);
  EXPECT_THAT(refused.outcome.message, HasSubstr("belongs to another key"));
  EXPECT_TRUE(c.record('a', "k").siblings.empty());
}

TEST(Token, ThatIsMalformedIsRefusedWhereverItIsCutOrChanged) {
  Cluster c("abc");
  const std::string token = c.put('a', {}).context;
  for (std::size_t length = 1; length < token.size(); ++length)
    ASSERT_EQ(c.put('a', {.context = token.substr(0, length)}).outcome.code, Errc::bad_context) << length;
  for (std::size_t at = 0; at < token.size(); ++at) {
    std::string changed = token;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    ASSERT_EQ(c.put('a', {.context = changed}).outcome.code, Errc::bad_context) << at;
  }
  EXPECT_THAT(c.record('a', "k").siblings, SizeIs(1));
}

// Ruling 2: {a: 10^18} would cover every write that a will ever make.
TEST(Token, ThatIsForgedUnderAnotherClustersKeyIsRefused) {
  Cluster c("abc");
  const Dot future{{Incarnation::of(1, 1), 1}, 1'000'000'000'000'000'000};
  CausalContext forged{.slot = c.slot("k")};
  forged.seen.raise(future);
  HashKey other = c.cluster_key();
  other.bytes[0] ^= 1;
  EXPECT_THAT(c.put('a', {.context = encode_context(forged, other)}).outcome.message,
              HasSubstr("damaged or of another cluster"));
  EXPECT_EQ(c.store('a').records(), 0U);
}

// Ruling 2 again, with the cluster's own key: the actor whose future is taken is given up, and no write is lost.
TEST(Token, ThatCoversTheFutureCostsAnEpochAndNoWrite) {
  Cluster c("abc");
  c.put('a', {.value = "v1"});
  const Dot mine = c.record('a', "k").siblings.front().dot;
  CausalContext forged{.slot = c.slot("k")};
  forged.seen.raise({mine.actor, 1'000'000});
  const PutReply put = c.put('a', {.value = "v2", .context = encode_context(forged, c.cluster_key())});
  ASSERT_EQ(put.outcome.code, Errc::ok);
  c.put('a', {.value = "v3"});
  EXPECT_THAT(values_of(c.get('b', {.r = 3})), ElementsAre("v2", "v3"));
}

TEST(Token, OfANodesEarlierLifeStillCounts) {
  Cluster c("abc");
  const PutReply first = c.put('a', {.value = "v1"});
  c.kill('a');
  c.start('a');
  EXPECT_EQ(c.put('a', {.value = "v2", .context = first.context}).siblings, 1U);
  EXPECT_THAT(values_of(c.get('a', {.r = 3})), ElementsAre("v2"));
  EXPECT_THAT(c.decode("k", c.get('a').context).seen.entries(), SizeIs(2));  // a new life is a new actor
}

// ---- amnesia ---------------------------------------------------------------------------------------------

// A forgets the record while it lives and goes on counting: as the same actor, its next clock would claim to cover v1,
// which B and C still hold.
TEST(Amnesia, OfANodeThatLivesOnLosesNoWriteOfOthers) {
  Cluster c("abc");
  c.put('a', {.value = "v1"});
  c.store('a').forget(c.slot("k"));
  c.put('a', {.value = "v2"});
  EXPECT_THAT(values_of(c.get('b', {.r = 3})), ElementsAre("v1", "v2"));
  const std::vector<VersionVector::Entry> actors = c.record('b', "k").clock.entries();
  ASSERT_THAT(actors, SizeIs(2));
  EXPECT_EQ(actors[0].actor.incarnation, actors[1].actor.incarnation);
  EXPECT_NE(actors[0].actor.epoch, actors[1].actor.epoch);
}

TEST(Amnesia, IsNoticedInTheContextOfAClient) {
  Cluster c("abc");
  const PutReply first = c.put('a', {.value = "v1"});
  c.store('a').forget(c.slot("k"));
  c.put('a', {.value = "v2", .context = first.context});
  EXPECT_EQ(c.marks('a', Mark::put_new_epoch_after_amnesia), 1U);
  EXPECT_THAT(values_of(c.get('b', {.r = 3})), ElementsAre("v2"));
}

// A's record falls back to an older state of its own. A client that saw v2 but never v3 writes on: as the same actor,
// the next dot would claim to cover v3.
TEST(Amnesia, OfTheNewestPartIsNoticedInTheContextOfAClient) {
  Cluster c("abc");
  const PutReply first = c.put('a', {.value = "v1"});
  const EntryPtr older = c.store('a').held(c.slot("k"));
  const PutReply second = c.put('a', {.value = "v2", .context = first.context});
  c.put('a', {.value = "v3"});
  c.store('a').write(c.slot("k"), older);
  c.put('a', {.value = "v4", .context = second.context});
  EXPECT_THAT(values_of(c.get('b', {.r = 3})), ElementsAre("v3", "v4"));
}

TEST(Amnesia, IsHealedByAPeersState) {
  Cluster c("abc");
  const PutReply first = c.put('a', {.value = "v1"});
  c.store('a').forget(c.slot("k"));
  c.put('b', {.value = "v2", .w = 3});  // brings v1 along
  EXPECT_THAT(c.record('a', "k").siblings, SizeIs(2));
  c.put('a', {.value = "v3", .context = first.context});
  EXPECT_THAT(values_of(c.get('c', {.r = 3})), ElementsAre("v2", "v3"));
}

// The write that only a crashed node had is gone, as `w` promised; its dot is never given out again.
TEST(Amnesia, OfACrashNeverReusesADot) {
  Cluster c("abc");
  c.slow_disk('a');
  const CallId put = c.start_put('a', {.value = "v1", .w = 3});
  c.run();
  c.kill('a');
  EXPECT_FALSE(c.answered(put));
  c.fast_disk('a');
  c.start('a');
  c.put('a', {.value = "v2"});
  EXPECT_THAT(values_of(c.get('c', {.r = 3})), ElementsAre("v1", "v2"));
}

}  // namespace
}  // namespace shoal
