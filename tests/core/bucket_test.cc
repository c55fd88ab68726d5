// Buckets: made through any node by a majority of the voters, known to all, and what they change for requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using testing::HasSubstr;

class Buckets : public testing::Test {
 protected:
  BucketReply change(Name via, const Bucket& bucket, bool create) {
    const CallId call = c.ask(via, BucketRequest{{}, bucket, create});
    c.run();
    return c.reply<BucketReply>(call);
  }
  BucketReply create(Name via, const Bucket& bucket) { return change(via, bucket, true); }

  Cluster c{"abc"};
};

TEST_F(Buckets, AreMadeThroughAnyNodeAndKnownToAll) {
  const BucketReply reply = create('c', {"carts", Kind::siblings, 1, -1});
  EXPECT_EQ(reply.outcome.code, Errc::ok);
  ASSERT_TRUE(reply.document);
  for (const Name node : {'a', 'b', 'c'})
    EXPECT_EQ(*c.document(node).bucket("carts"), (Bucket{"carts", Kind::siblings, 1, -1})) << node;
  EXPECT_EQ(reply.document->epoch, c.document('b').epoch);
  EXPECT_EQ(c.marks('c', Mark::bucket_changed), 1U);
}

TEST_F(Buckets, TheSameAgainChangesNothing) {
  create('a', {"carts"});
  const Epoch epoch = c.document('a').epoch;
  EXPECT_EQ(create('b', {"carts"}).outcome.code, Errc::ok);
  EXPECT_EQ(c.document('a').epoch, epoch);
}

TEST_F(Buckets, KindNeverChanges) {
  create('a', {"carts"});
  EXPECT_THAT(create('b', {"carts", Kind::lww}).outcome.message, HasSubstr("a bucket's kind never changes"));
  EXPECT_THAT(change('b', {"carts", Kind::lww}, false).outcome.message, HasSubstr("a bucket's kind never changes"));
  EXPECT_EQ(create('b', {"default", Kind::lww}).outcome.code, Errc::refused);
}

TEST_F(Buckets, NumbersCanBeSet) {
  create('a', {"carts"});
  EXPECT_THAT(create('a', {"carts", Kind::siblings, 1}).outcome.message, HasSubstr("shoal bucket set carts"));
  EXPECT_EQ(change('b', {"carts", Kind::siblings, 1, 3}, false).outcome.code, Errc::ok);
  EXPECT_EQ(change('b', {"default", Kind::siblings, 1, 1}, false).outcome.code, Errc::ok);
  EXPECT_EQ(c.put('a', {.bucket = "carts"}).outcome.needed, 3);
  EXPECT_EQ(c.put('a', {}).outcome.needed, 1);
  EXPECT_EQ(c.put('a', {.w = 2, .bucket = "carts"}).outcome.needed, 2);
}

TEST_F(Buckets, WhatIsWrongIsSaid) {
  EXPECT_THAT(create('a', {"no spaces"}).outcome.message, HasSubstr("1 to 64 letters"));
  EXPECT_THAT(create('a', {""}).outcome.message, HasSubstr("1 to 64 letters"));
  EXPECT_THAT(create('a', {"carts", Kind::siblings, 4}).outcome.message, HasSubstr("asks for 4 replicas"));
  EXPECT_THAT(change('a', {"carts"}, false).outcome.message, HasSubstr("shoal bucket create carts"));
  EXPECT_EQ(c.document('a').buckets.size(), 0U);
  EXPECT_EQ(c.marks('a', Mark::bucket_refused), 4U);
}

TEST_F(Buckets, AreNotMadeWithoutAMajorityOfTheVoters) {
  c.isolate('b');
  const CallId call = c.ask('b', BucketRequest{{}, {"carts"}, true});
  c.run();
  EXPECT_FALSE(c.answered(call));
  c.advance(TopologyChange::kPatience);
  EXPECT_EQ(c.reply<BucketReply>(call).outcome.code, Errc::unavailable);
  EXPECT_THAT(c.reply<BucketReply>(call).outcome.message, HasSubstr("nothing was changed"));
  c.believe('a', Liveness::dead);
  c.believe('c', Liveness::dead);
  EXPECT_THAT(create('b', {"carts"}).outcome.message, HasSubstr("needs 2 of its 3 voters, and this node reaches 1"));
}

TEST_F(Buckets, ThatCanNeverBeAreRefusedByANodeThatIsAlone) {
  c.isolate('b');
  EXPECT_EQ(create('b', {"no/name"}).outcome.code, Errc::invalid);
  EXPECT_EQ(create('b', {"strong", Kind::strong, 1}).outcome.code, Errc::invalid);
  EXPECT_EQ(create('b', {"default", Kind::lww}).outcome.code, Errc::refused);
}

TEST_F(Buckets, KeysOfOneNameInTwoBucketsAreTwoKeys) {
  create('a', {"carts"});
  c.put('a', {.value = "default's"});
  c.put('a', {.value = "carts'", .bucket = "carts"});
  EXPECT_THAT(values_of(c.get('a')), testing::ElementsAre("default's"));
}

TEST_F(Buckets, LwwKeepsOneValueAndCountsTheLosers) {
  create('a', {"last", Kind::lww});
  c.put('a', {.value = "one", .w = 3, .bucket = "last"});
  c.set_wall(1'800'000'000'000);
  EXPECT_EQ(c.put('b', {.value = "two", .w = 3, .bucket = "last"}).siblings, 1U);
  const Slot slot = slot_of(c.cluster_key(), {"last", "k"});
  for (const Name node : {'a', 'b', 'c'}) {
    const EntryPtr held = c.store(node).held(slot);
    ASSERT_EQ(held->record.siblings.size(), 1U) << node;
    EXPECT_EQ(held->record.siblings.front().value.view(), "two");
    EXPECT_EQ(held->kind, Kind::lww);
  }
  EXPECT_EQ(c.store('b').held(slot)->losers, 1U);
  EXPECT_EQ(c.marks('b', Mark::lww_dropped_concurrent_value), 1U);
  EXPECT_EQ(c.store('a').held(slot)->losers, 0U);  // b had seen it, so it is superseded in the state that b sent
}

}  // namespace
}  // namespace shoal
