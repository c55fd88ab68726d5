// Writes: what an acknowledgement means, and what every failure says about the write's fate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/base/limits.h"
#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST(Put, IsAcknowledgedWhenWReplicasHaveItOnDisk) {
  Cluster c("abc");
  c.slow_disk('b');
  c.slow_disk('c');
  const CallId put = c.start_put('a', {.value = "v1"});
  c.run();
  EXPECT_FALSE(c.answered(put));  // on a's disk alone
  c.fast_disk('c');
  ASSERT_TRUE(c.answered(put));
  const auto& receipt = c.reply<PutReply>(put);
  EXPECT_EQ(receipt.outcome.code, Errc::ok);
  EXPECT_EQ(receipt.outcome.acks, 2);
  EXPECT_EQ(receipt.outcome.needed, 2);
  EXPECT_TRUE(receipt.durable);
  EXPECT_EQ(receipt.siblings, 1U);
}

TEST(Put, WaitsForTheCoordinatorsOwnDiskLikeForAnyOther) {
  Cluster c("abc");
  for (const Name name : {'a', 'b', 'c'}) c.slow_disk(name);
  const CallId put = c.start_put('a', {.w = 1});
  c.run();
  EXPECT_FALSE(c.answered(put));
  EXPECT_EQ(c.record('b', "k").siblings.size(), 1U);  // sent in parallel with the own sync
  c.fast_disk('a');
  EXPECT_TRUE(c.answered(put));
}

TEST(Put, OfAllWaitsForEveryOwner) {
  Cluster c("abc");
  c.slow_disk('b');
  const CallId put = c.start_put('a', {.w = -1});
  c.run();
  EXPECT_FALSE(c.answered(put));
  c.fast_disk('b');
  EXPECT_EQ(c.reply<PutReply>(put).outcome.acks, 3);
}

TEST(Put, RelaxedNodesAcknowledgeAtOnceAndSaySo) {
  Cluster c("abc", {.relaxed = "abc"});
  for (const Name name : {'a', 'b', 'c'}) c.slow_disk(name);
  const PutReply receipt = c.put('a', {});
  EXPECT_EQ(receipt.outcome.code, Errc::ok);
  EXPECT_FALSE(receipt.durable);
}

TEST(Put, IsDurableOnlyIfEveryCountedAcknowledgementWas) {
  Cluster c("abc", {.relaxed = "b"});
  EXPECT_FALSE(c.put('a', {.w = 3}).durable);
}

TEST(Put, ForMoreReplicasThanThereAreIsRefused) {
  Cluster c("abc");
  for (const std::int32_t w : {4, 1000, -2}) {
    const PutReply reply = c.put('a', {.w = w});
    EXPECT_EQ(reply.outcome.code, Errc::invalid);
    EXPECT_THAT(reply.outcome.message, HasSubstr("a key has 3; use 1 to 3, or all"));
  }
  EXPECT_TRUE(c.record('a', "k").siblings.empty());
}

TEST(Put, WithTooFewOwnersUpIsCertainlyNotApplied) {
  Cluster c("abc");
  c.believe('b', Liveness::dead);
  c.believe('c', Liveness::dead);
  const PutReply reply = c.put('a', {});
  EXPECT_EQ(reply.outcome.code, Errc::unavailable);
  EXPECT_EQ(reply.outcome.acks, 1);
  EXPECT_EQ(reply.outcome.needed, 2);
  EXPECT_THAT(reply.outcome.message, HasSubstr("only 1 of the key's 3 owners are up and w is 2; nothing was written"));
  EXPECT_FALSE(reply.outcome.maybe_applied());
  for (const Name name : {'a', 'b', 'c'}) EXPECT_EQ(c.store(name).records(), 0U);
  EXPECT_EQ(c.marks('a', Mark::put_refused_too_few_alive), 1U);
  c.believe('b', Liveness::alive);
  EXPECT_EQ(c.put('a', {}).outcome.code, Errc::ok);
}

TEST(Put, CountsASuspectAsUp) {
  Cluster c("abc");
  c.believe('b', Liveness::suspect);
  c.believe('c', Liveness::dead);
  EXPECT_EQ(c.put('a', {}).outcome.code, Errc::ok);
}

TEST(Put, ThatIsNotConfirmedInTimeMayHaveBeenApplied) {
  Cluster c("abc");
  c.isolate('a');
  const CallId put = c.start_put('a', {.timeout = 400ms});
  c.advance(399ms);
  EXPECT_FALSE(c.answered(put));
  c.advance(1ms);
  const Error& outcome = c.reply<PutReply>(put).outcome;
  EXPECT_TRUE(outcome.maybe_applied());
  EXPECT_EQ(outcome.acks, 1);
  EXPECT_THAT(outcome.message, HasSubstr("1 of 2 replicas acknowledged the write before the deadline; it may have"));
  EXPECT_THAT(c.record('a', "k").siblings, SizeIs(1));
}

TEST(Put, AsksSilentOwnersAgain) {
  Cluster c("abc");
  c.isolate('a');
  const CallId put = c.start_put('a', {});
  c.advance(100ms);
  c.heal();
  c.advance(200ms);
  EXPECT_EQ(c.reply<PutReply>(put).outcome.code, Errc::ok);
  EXPECT_EQ(c.marks('a', Mark::put_resent), 1U);
}

// Each time the silence lasts twice as long, so that a slow cluster is not flooded.
TEST(Put, AsksAgainLessAndLessOften) {
  Cluster c("abc");
  c.isolate('a');
  c.start_put('a', {.timeout = 10s});
  c.advance(9s);  // after 250, 750, 1750, 3750 and 7750 ms
  EXPECT_EQ(c.marks('a', Mark::put_resent), 5U);
}

TEST(Put, DoesNotAskAgainWhoHasAcknowledged) {
  Cluster c("abc");
  c.isolate('c');
  c.start_put('a', {.w = 3});
  c.advance(240ms);
  const std::size_t before = c.delivered("ab");
  c.advance(20ms);
  EXPECT_EQ(c.marks('a', Mark::put_resent), 1U);
  EXPECT_EQ(c.delivered("ab"), before);
}

TEST(Put, RefusedByTooManyOwnersMayHaveBeenApplied) {
  Cluster c("abc");
  c.store('b').spoil(c.slot("k"));
  c.store('c').spoil(c.slot("k"));
  const PutReply reply = c.put('a', {});
  EXPECT_TRUE(reply.outcome.maybe_applied());
  EXPECT_THAT(reply.outcome.message, HasSubstr("1 of 2 replicas acknowledged the write; the others refused it"));
}

TEST(Put, SucceedsPastOneOwnerThatRefuses) {
  Cluster c("abc");
  c.store('b').spoil(c.slot("k"));
  EXPECT_EQ(c.put('a', {}).outcome.code, Errc::ok);
}

TEST(Put, CountsADuplicatedAcknowledgementOnce) {
  Cluster c("abc");
  c.deliver_twice(true);
  c.isolate('c');
  const CallId put = c.start_put('a', {.w = 3, .timeout = 100ms});
  c.advance(100ms);
  EXPECT_EQ(c.reply<PutReply>(put).outcome.acks, 2);
  EXPECT_THAT(c.record('b', "k").siblings, SizeIs(1));
}

TEST(Put, ThatBreaksALimitChangesNothing) {
  Cluster c("abc");
  EXPECT_THAT(c.put('a', {.key = ""}).outcome.message, HasSubstr("the key is empty"));
  EXPECT_THAT(c.put('a', {.key = std::string(1025, 'k')}).outcome.message, HasSubstr("the key has 1025 bytes"));
  EXPECT_EQ(c.put('a', {.key = std::string(1024, 'k')}).outcome.code, Errc::ok);
  const PutReply big = c.put('a', {.value = std::string(kValueBytesMax + 1, 'v')});
  EXPECT_EQ(big.outcome.code, Errc::too_large);
  PutRequest other;
  other.key = {"accounts", "k"};
  EXPECT_THAT(c.reply<PutReply>(c.ask('a', other)).outcome.message, HasSubstr("there is no bucket \"accounts\""));
  EXPECT_EQ(c.store('a').records(), 1U);
}

TEST(Put, IsRefusedByAFullDiskWhichStillServesReadsAndPeers) {
  Cluster c("abc");
  c.put('a', {.value = "old"});
  c.store('a').set_trouble(fail(Errc::no_space, "the disk is full"));
  const PutReply refused = c.put('a', {.value = "new"});
  EXPECT_EQ(refused.outcome.code, Errc::no_space);
  EXPECT_THAT(values_of(c.get('a', {.r = 3})), ElementsAre("old"));
  EXPECT_EQ(c.put('b', {.value = "other", .w = 3}).outcome.code, Errc::ok);  // a merges it
  c.store('a').set_trouble(std::nullopt);
  EXPECT_EQ(c.put('a', {.value = "new"}).outcome.code, Errc::ok);
}

TEST(Put, OverAnUnreadableRecordIsRefused) {
  Cluster c("abc");
  c.store('a').spoil(c.slot("k"));
  EXPECT_EQ(c.put('a', {}).outcome.code, Errc::corrupt);
  EXPECT_EQ(c.store('b').records(), 0U);
}

// Two keys of one 128-bit hash: the second is refused at the coordinator, and at a replica that holds the first.
TEST(Put, OfAKeyWhoseSlotIsTakenIsRefused) {
  Cluster c("abc");
  const auto stranger = std::make_shared<const Entry>(Entry{.key = {"default", "stranger"}});
  c.store('a').write(c.slot("k"), stranger);
  EXPECT_THAT(c.put('a', {}).outcome.message, HasSubstr("hash is taken by another key"));
  EXPECT_EQ(c.marks('a', Mark::slot_collision_refused), 1U);
  const PutReply all = c.put('b', {.w = 3});
  EXPECT_TRUE(all.outcome.maybe_applied());  // known at once: three can no longer be reached
}

TEST(Put, IsRefusedEarlyWhenTooManyRequestsAreOpen) {
  Cluster c("abc", {.open_requests_max = 2});
  c.isolate('a');
  c.start_put('a', {.key = "k1"});
  c.start_get('a', {.key = "k2"});
  const PutReply refused = c.put('a', {.key = "k3"});
  EXPECT_EQ(refused.outcome.code, Errc::overloaded);
  EXPECT_EQ(c.get('a', {.key = "k3"}).outcome.code, Errc::overloaded);
  c.advance(1s);
  EXPECT_EQ(c.put('a', {.key = "k3", .w = 1}).outcome.code, Errc::ok);
}

TEST(Put, TakesItsHybridTimeFromTheWallClockAndNeverBackwards) {
  Cluster c("abc");
  c.set_wall(5000);
  const PutReply first = c.put('a', {.value = "v1"});
  EXPECT_EQ(c.decode("k", first.context).hlc.wall_ms(), 5000);
  c.set_wall(1000);  // the clock jumped back
  const PutReply second = c.put('a', {.value = "v2", .context = first.context});
  EXPECT_GT(c.decode("k", second.context).hlc, c.decode("k", first.context).hlc);
}

// ---- siblings and their limit ---------------------------------------------------------------------------------------

TEST(Siblings, OfBlindWritesAreAllReturnedAndResolvedByOneWrite) {
  Cluster c("abc");
  EXPECT_EQ(c.put('a', {.value = "v1"}).siblings, 1U);
  EXPECT_EQ(c.put('b', {.value = "v2"}).siblings, 2U);
  const GetReply read = c.get('c');
  EXPECT_THAT(values_of(read), ElementsAre("v1", "v2"));
  EXPECT_EQ(c.put('c', {.value = "v3", .context = read.context}).siblings, 1U);
  for (const Name name : {'a', 'b', 'c'}) EXPECT_THAT(values_of(c.get(name, {.r = 3})), ElementsAre("v3"));
}

TEST(Siblings, OverTheLimitAreRefusedUntilSomebodyResolvesThem) {
  Cluster c("abc");
  for (std::size_t i = 0; i < kSiblingsMax; ++i) ASSERT_EQ(c.put('a', {}).outcome.code, Errc::ok);
  const PutReply refused = c.put('a', {});
  EXPECT_EQ(refused.outcome.code, Errc::conflict);
  EXPECT_THAT(refused.outcome.message, HasSubstr("the key has 100 concurrent values"));
  EXPECT_THAT(c.record('a', "k").siblings, SizeIs(kSiblingsMax));
  EXPECT_EQ(c.put('a', {.context = c.get('a').context}).siblings, 1U);
}

// What two sides of a partition took must come together, or it could never be repaired.
TEST(Siblings, OverTheLimitAreNeverRefusedByAMerge) {
  Cluster c("abc");
  c.isolate('a');
  for (int i = 0; i < 60; ++i) c.put('a', {.w = 1});
  for (int i = 0; i < 60; ++i) c.put('b', {.w = 1});
  c.heal();
  EXPECT_EQ(c.put('b', {.w = 3}).outcome.code, Errc::ok);
  EXPECT_THAT(c.record('a', "k").siblings, SizeIs(121));
  EXPECT_EQ(c.put('a', {}).outcome.code, Errc::conflict);
  EXPECT_EQ(c.put('a', {.context = c.get('a').context}).siblings, 1U);
}

TEST(Delete, LeavesATombstoneThatAReaderSeesAsAbsenceWithAContext) {
  Cluster c("abc");
  const PutReply put = c.put('a', {.value = "v1"});
  EXPECT_EQ(c.del('b', "k", put.context).siblings, 0U);
  const GetReply read = c.get('c', {.r = 3});
  EXPECT_EQ(read.outcome.code, Errc::ok);
  EXPECT_TRUE(read.values.empty());
  EXPECT_FALSE(read.context.empty());
  ASSERT_THAT(c.record('c', "k").siblings, SizeIs(1));
  EXPECT_TRUE(c.record('c', "k").siblings.front().tombstone);
  EXPECT_EQ(c.put('a', {.value = "v2", .context = read.context}).siblings, 1U);
}

TEST(Delete, DoesNotHideWhatItNeverSaw) {
  Cluster c("abc");
  c.put('a', {.value = "v1"});
  c.del('b', "k", "");
  EXPECT_THAT(values_of(c.get('c', {.r = 3})), ElementsAre("v1"));
}

}  // namespace
}  // namespace shoal
