// Who a write is by: when a replica goes on under its actor, and when it has to start a new epoch.
#include <gtest/gtest.h>

#include "tests/vclock/replica.h"
#include "vclock/record.h"

namespace shoal {
namespace {

TEST(Mint, ContinuesItsEpochWhileTheRecordIsHeld) {
  Replica a('a');
  a.write_other_keys(4);
  EXPECT_EQ(text(a.put("v1")), "a5:5");
  a.write_other_keys(10);
  EXPECT_EQ(text(a.put("v2")), "a5:16");
}

TEST(Mint, StartsAnEpochForARecordThatCameFromAPeer) {
  Replica a('a');
  Replica b('b');
  b.put("v1");
  a.merge(b);
  EXPECT_EQ(text(a.put("v2")), "a1:1");
}

TEST(Mint, StartsAnEpochAfterARestart) {
  Replica a('a');
  a.put("v1");
  a.restart();
  EXPECT_EQ(text(a.put("v2")), "a'1:1");
  EXPECT_EQ(text(a), "{a1:1 a'1:1} a1:1=v1 a'1:1=v2");
}

// The bad run at the top of mint.cc: without an epoch, b's copy of v1 would be dropped as seen and replaced.
TEST(Mint, AfterALossCoversNothingThatWasForgotten) {
  Replica a('a');
  Replica b('b');
  a.put("v1");
  b.merge(a);
  a.lose_record();
  a.put("v2");
  b.merge(a);
  EXPECT_EQ(text(b), "{a1:1 a2:2} a1:1=v1 a2:2=v2");
}

// The record is gone but the note of who minted in it has stayed.
TEST(Mint, StartsAnEpochForAnAbsentRecordWhateverTheOwnershipSays) {
  Replica a('a');
  Replica b('b');
  a.put("v1");
  b.merge(a);
  a.record = {};
  a.put("v2");
  b.merge(a);
  EXPECT_EQ(text(b), "{a1:1 a2:2} a1:1=v1 a2:2=v2");
}

TEST(Mint, StartsAnEpochWhereItsClockAlreadyCoversTheDot) {
  Record record;
  Ownership ownership{Incarnation{7}, 3};
  record.clock.raise({{Incarnation{7}, 3}, 1'000'000});
  const Dot dot = mint(record, ownership, {Incarnation{7}, 9});
  EXPECT_EQ(dot, (Dot{{Incarnation{7}, 9}, 9}));
  EXPECT_EQ(ownership, (Ownership{Incarnation{7}, 9}));
  EXPECT_TRUE(record.clock.covers(dot));
}

TEST(Mint, StartsAnEpochWhenItsCounterOnlyEqualsTheClock) {
  Record record;
  Ownership ownership{Incarnation{7}, 3};
  record.clock.raise({{Incarnation{7}, 3}, 9});
  EXPECT_EQ(mint(record, ownership, {Incarnation{7}, 9}).actor.epoch, 9u);
}

// An earlier life's epoch says nothing about this life, even where both have the same number.
TEST(Mint, StartsAnEpochWhenAnEarlierLifeOwnedTheRecord) {
  Record record;
  Ownership ownership{Incarnation{6}, 3};
  record.clock.raise({{Incarnation{7}, 3}, 5});
  EXPECT_EQ(mint(record, ownership, {Incarnation{7}, 9}), (Dot{{Incarnation{7}, 9}, 9}));
}

// A forged or broken context claims to have seen a's writes of the future. They must not count as seen when they come.
TEST(Put, WithAContextFromTheFutureStaysVisible) {
  Replica a('a');
  a.put("v1");
  const Dot ours = a.put("v2", VersionVector({{{a.minter.incarnation, 1}, 1'000'000'000'000}}));
  EXPECT_EQ(text(a), "{a1:1000000000000 a2:2} a2:2=v2");
  Record elsewhere;
  elsewhere.clock = VersionVector({{{a.minter.incarnation, 1}, 1'000'000'000'000}});
  EXPECT_NE(merged(elsewhere, a.record).find(ours), nullptr);
}

// The sync of v2 failed after b had acknowledged it; a went back to v1 and learns of it from a client.
TEST(Put, StartsAnEpochWhenAClientHasSeenMoreOfUsThanWeHave) {
  Replica a('a');
  Replica b('b');
  a.put("v1");
  const Replica before = a;
  a.put("v2");
  b.merge(a);
  a.record = before.record;
  a.ownership = before.ownership;
  EXPECT_EQ(text(a.put("v3", b.read())), "a3:3");
  a.merge(b);
  EXPECT_EQ(text(a), "{a1:2 a3:3} a3:3=v3");
}

TEST(Merge, StartsAnEpochWhenAPeerHasSeenMoreOfUsThanWeHave) {
  Replica a('a');
  Replica b('b');
  a.put("v1");
  const Replica before = a;
  a.put("v2");
  b.merge(a);
  a.record = before.record;
  a.ownership = before.ownership;
  a.merge(b);
  EXPECT_EQ(a.ownership.epoch, 0u);
  EXPECT_EQ(text(a.put("v3")), "a3:3");
  EXPECT_EQ(text(a), "{a1:2 a3:3} a1:1=v1 a1:2=v2 a3:3=v3");
}

TEST(Merge, KeepsTheEpochWhenPeersKnowNoMoreOfUsThanWeDo) {
  Replica a('a');
  Replica b('b');
  a.put("v1");
  b.merge(a);
  b.put("v2");
  a.merge(b);
  EXPECT_EQ(text(a.put("v3")), "a1:2");
}

// Without the new incarnation, v3 would be dot 3 of the actor whose forgotten dot 2 it then claimed to cover.
TEST(Put, AfterARollBackAndANewIncarnationLosesNothing) {
  Replica a('a');
  Replica b('b');
  a.put("v1");
  const Replica before = a;
  a.put("v2");
  b.merge(a);
  a.record = before.record;
  a.ownership = before.ownership;
  a.restart();
  a.put("v3");
  b.merge(a);
  EXPECT_EQ(text(b), "{a1:2 a'1:1} a1:1=v1 a1:2=v2 a'1:1=v3");
}

}  // namespace
}  // namespace shoal
