#include "vclock/record.h"

#include <gtest/gtest.h>

#include "tests/vclock/replica.h"

namespace shoal {
namespace {

// --- Published cases: the unit tests of dvvset, the reference implementation of dotted version vectors -------------

// Peter's write replaces only what he read, not what Mary wrote meanwhile through the same server.
TEST(Put, MaryWritesPeterReadsMaryWritesPeterWrites) {
  Replica a('a');
  a.put("v1");
  EXPECT_EQ(text(a), "{a1:1} a1:1=v1");
  const VersionVector peter = a.read();
  EXPECT_EQ(text(peter), "{a1:1}");
  a.put("v2");
  EXPECT_EQ(text(a), "{a1:2} a1:1=v1 a1:2=v2");
  a.put("v3", peter);
  EXPECT_EQ(text(a), "{a1:3} a1:2=v2 a1:3=v3");
}

// Two clients take turns through one server: siblings stay two, they do not multiply.
TEST(Put, InterleavedWritersMakeNoSiblingExplosion) {
  Replica a('a');
  a.put("m1");
  const VersionVector mary_saw = a.read();
  a.put("p1");
  const VersionVector peter_saw = a.read();
  a.put("m2", mary_saw);
  EXPECT_EQ(text(a), "{a1:3} a1:2=p1 a1:3=m2");
  a.put("p2", peter_saw);
  EXPECT_EQ(text(a), "{a1:4} a1:3=m2 a1:4=p2");
}

TEST(Put, ThroughTwoServersReplacesWhatWasSeen) {
  Replica a('a');
  Replica b('b');
  a.put("v1");
  const VersionVector saw_v1 = a.read();
  a.put("v2", saw_v1);
  const VersionVector saw_v2 = a.read();
  Replica a_then_b = b;
  a_then_b.merge(a);
  a_then_b.put("v3", saw_v2);
  EXPECT_EQ(text(a_then_b), "{a1:2 b1:1} b1:1=v3");

  b.put("v4", saw_v1);  // b never held v1: the context alone says that it is gone
  EXPECT_EQ(text(b), "{a1:1 b1:1} b1:1=v4");
  b.merge(a);
  EXPECT_EQ(text(b), "{a1:2 b1:1} a1:2=v2 b1:1=v4");
}

TEST(Put, AtTheSameServerKeepsTheConcurrentValue) {
  Replica a('a');
  a.put("v1");
  const VersionVector saw_v1 = a.read();
  a.put("v2", saw_v1);
  a.put("v5", saw_v1);
  EXPECT_EQ(text(a), "{a1:3} a1:2=v2 a1:3=v5");
}

TEST(Merge, KeepsConcurrentValuesOfTwoServers) {
  Replica a('a');
  Replica b('b');
  a.put("v1");
  b.put("v2");
  EXPECT_EQ(text(merged(a.record, b.record)), "{a1:1 b1:1} a1:1=v1 b1:1=v2");
  EXPECT_EQ(merged(a.record, b.record), merged(b.record, a.record));
}

TEST(Merge, DropsWhatOneSideSawReplaced) {
  Replica a('a');
  a.put("v1");
  const Record old = a.record;
  a.put("v2", a.read());
  EXPECT_EQ(text(merged(old, a.record)), "{a1:2} a1:2=v2");
  EXPECT_EQ(text(merged(a.record, old)), "{a1:2} a1:2=v2");
}

// v3 was written twice, at b and at c, by two clients who had both read v2.
TEST(Merge, KeepsTwoReplacementsOfOneValue) {
  Replica a('a');
  a.put("v1");
  a.put("v2", a.read());
  Replica b('b');
  Replica c('c');
  b.merge(a);
  c.merge(a);
  b.put("v3", a.read());
  c.put("v3", a.read());
  EXPECT_EQ(text(merged(b.record, c.record)), "{a1:2 b1:1 c1:1} b1:1=v3 c1:1=v3");
}

// A clock without values is a claim: all of a's first two writes are gone, the third is news.
TEST(Merge, HonoursAClockThatCameWithoutValues) {
  Replica a('a');
  a.put("v1");
  a.put("v2");
  Record emptied;
  emptied.clock = a.read();
  a.put("v3");
  EXPECT_EQ(text(merged(a.record, emptied)), "{a1:3} a1:3=v3");
}

TEST(Merge, WithAnEmptyRecordChangesNothing) {
  Replica a('a');
  a.put("v1");
  EXPECT_EQ(merged(a.record, {}), a.record);
  EXPECT_EQ(merged({}, a.record), a.record);
}

TEST(Merge, KeepsTheLowerStamp) {
  Record left;
  left.stamp = 7;
  Record right;
  right.stamp = 3;
  EXPECT_EQ(merged(left, right).stamp, 3u);
  EXPECT_EQ(merged(right, left).stamp, 3u);
}

// --- Deletes --------------------------------------------------------------------------------------------------------

TEST(Delete, IsAPutOfATombstone) {
  Replica a('a');
  a.put("v1");
  a.del(a.read());
  EXPECT_EQ(text(a), "{a1:2} a1:2=+");
  EXPECT_TRUE(live_siblings(a.record).empty());
}

TEST(Delete, DoesNotTakeAConcurrentValueAlong) {
  Replica a('a');
  Replica b('b');
  a.put("v1");
  b.merge(a);
  a.del(a.read());
  b.put("v2", b.read());
  b.merge(a);
  EXPECT_EQ(text(b), "{a1:2 b1:1} a1:2=+ b1:1=v2");
  ASSERT_EQ(live_siblings(b.record).size(), 1u);
  EXPECT_EQ(live_siblings(b.record)[0]->value, Blob("v2"));
}

TEST(Delete, IsNotUndoneByAnOldReplica) {
  Replica a('a');
  Replica b('b');
  a.put("v1");
  b.merge(a);
  a.del(a.read());
  a.merge(b);
  b.merge(a);
  EXPECT_EQ(text(a), "{a1:2} a1:2=+");
  EXPECT_EQ(b.record, a.record);
}

// --- lww ------------------------------------------------------------------------------------------------------------

TEST(Lww, KeepsTheNewestOfConcurrentValues) {
  Replica a('a', Kind::lww);
  Replica b('b', Kind::lww);
  a.put_at(20, "newer");
  b.put_at(10, "older");
  EXPECT_EQ(text(merged(a.record, b.record, Kind::lww)), "{a1:1 b1:1} a1:1=newer");
  EXPECT_EQ(text(merged(b.record, a.record, Kind::lww)), "{a1:1 b1:1} a1:1=newer");
}

TEST(Lww, BreaksTiesByDot) {
  Replica a('a', Kind::lww);
  Replica b('b', Kind::lww);
  a.put_at(10, "left");
  b.put_at(10, "right");
  EXPECT_EQ(text(merged(a.record, b.record, Kind::lww)), "{a1:1 b1:1} b1:1=right");
  EXPECT_EQ(merged(a.record, b.record, Kind::lww), merged(b.record, a.record, Kind::lww));
}

TEST(Lww, AWriteWithAnOlderTimeLosesAtOnce) {
  Replica a('a', Kind::lww);
  a.put_at(20, "newer");
  a.put_at(10, "older");
  EXPECT_EQ(text(a), "{a1:2} a1:1=newer");
}

// Each side covers the other's value and does not hold it: a maximum taken after the generic merge would find nothing.
TEST(Lww, AMergeNeverLeavesNoValue) {
  Replica a('a', Kind::lww);
  Replica b('b', Kind::lww);
  a.put_at(20, "newer");
  b.put_at(10, "older");
  Record left = a.record;
  left.clock.join(b.read());
  Record right = b.record;
  right.clock.join(a.read());
  EXPECT_TRUE(merged(left, right, Kind::siblings).siblings.empty());
  EXPECT_EQ(text(merged(left, right, Kind::lww)), "{a1:1 b1:1} a1:1=newer");
  EXPECT_EQ(text(merged(right, left, Kind::lww)), "{a1:1 b1:1} a1:1=newer");
}

TEST(Lww, ATombstoneWinsAndLosesLikeAnyValue) {
  Replica a('a', Kind::lww);
  a.put_at(10, "v1");
  Ownership elsewhere;
  Record deleted = a.record;
  put(Kind::lww, deleted, elsewhere, {a.read(), {30}, {}, true, {}}, {Incarnation{9}, 1});
  a.put_at(20, "v2");
  EXPECT_TRUE(live_siblings(merged(a.record, deleted, Kind::lww)).empty());
  a.put_at(40, "v3");
  EXPECT_EQ(live_siblings(merged(a.record, deleted, Kind::lww)).size(), 1u);
}

// --- What readers see -----------------------------------------------------------------------------------------------

// A coordinator stored the write and died; the client sent it again through another one.
TEST(LiveSiblings, ShowsARetriedRequestOnce) {
  Replica a('a');
  Replica b('b');
  a.put_as({77, 1}, "v1");
  b.put_as({77, 1}, "v1");
  a.merge(b);
  ASSERT_EQ(a.record.siblings.size(), 2u);
  const auto live = live_siblings(a.record);
  ASSERT_EQ(live.size(), 1u);
  EXPECT_EQ(live[0]->dot.actor, (Actor{a.minter.incarnation, 1}));
}

TEST(LiveSiblings, ShowsEqualValuesOfDifferentRequestsEach) {
  Replica a('a');
  a.put_as({77, 1}, "v");
  a.put_as({77, 2}, "v");
  a.put_as({78, 1}, "v");
  EXPECT_EQ(live_siblings(a.record).size(), 3u);
}

TEST(LiveSiblings, ShowsEveryWriteThatCameWithoutARequestId) {
  Replica a('a');
  a.put("v");
  a.put("v");
  EXPECT_EQ(live_siblings(a.record).size(), 2u);
}

TEST(LiveSiblings, ShowsNoTombstones) {
  Replica a('a');
  a.put("v");
  a.del({});
  ASSERT_EQ(a.record.siblings.size(), 2u);
  EXPECT_EQ(live_siblings(a.record).size(), 1u);
}

TEST(HighestHlc, IsTheNewestSiblings) {
  Replica a('a');
  EXPECT_EQ(highest_hlc(a.record), Hlc{0});
  a.put_at(30, "v1");
  a.put_at(20, "v2");
  EXPECT_EQ(highest_hlc(a.record), Hlc{30});
}

TEST(Hlc, KeepsMillisecondsAboveItsCounter) { EXPECT_EQ((Hlc{(std::uint64_t{1234} << 16) | 5}).wall_ms(), 1234); }

// --- Causality alone ------------------------------------------------------------------------------------------------

TEST(WithoutValues, EmptiesValuesAndKeepsTheRest) {
  Replica a('a');
  a.put_as({5, 6}, "v1");
  a.del({});
  const Record bare = without_values(a.record);
  EXPECT_EQ(text(bare), "{a1:2} a1:1= a1:2=+");
  EXPECT_EQ(bare.siblings[0].request, (RequestId{5, 6}));
  EXPECT_EQ(causal_bytes(bare), causal_bytes(a.record));
}

TEST(CausalBytes, DifferWhereTheStatesDo) {
  Replica a('a');
  const std::string absent = causal_bytes(a.record);
  a.put("v1");
  const std::string one = causal_bytes(a.record);
  Record superseded = a.record;
  superseded.siblings.clear();
  Record deleted = a.record;
  deleted.siblings[0].tombstone = true;
  Record later = a.record;
  later.clock.raise({{Incarnation{9}, 1}, 1});
  EXPECT_NE(one, absent);
  EXPECT_NE(one, causal_bytes(superseded));
  EXPECT_NE(one, causal_bytes(deleted));
  EXPECT_NE(one, causal_bytes(later));
}

TEST(CausalBytes, AreIndependentOfTheValuesBytes) {
  Replica a('a');
  Replica again('a');
  a.put("v1");
  again.put("something longer");
  EXPECT_EQ(causal_bytes(a.record), causal_bytes(again.record));
}

TEST(Find, ReturnsTheSiblingOfADotOrNothing) {
  Replica a('a');
  a.put("v1");
  const Dot second = a.put("v2");
  ASSERT_NE(a.record.find(second), nullptr);
  EXPECT_EQ(a.record.find(second)->value, Blob("v2"));
  EXPECT_EQ(a.record.find({second.actor, 3}), nullptr);
}

}  // namespace
}  // namespace shoal
