// Scrub and quarantine: what the disk has lost or changed is found, is never taken for absent, and comes back.
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;

class QuarantineTest : public testing::Test {
 protected:
  QuarantineTest() : c("abc") { c.put('a', {.key = "k", .value = "v", .w = 3}); }

  void scrub(Name node) {
    c.ask(node, RepairRequest{.scrub = true});
    c.advance(30s);
  }
  [[nodiscard]] ScrubReport report(Name node) {
    const CallId call = c.ask(node, RepairRequest{});
    c.run();
    return c.reply<RepairReply>(call).scrub;
  }
  [[nodiscard]] bool readable(Name node) { return static_cast<bool>(c.store(node).read(c.slot("k"))); }

  Cluster c;
};

TEST_F(QuarantineTest, ADamagedRecordThatSomebodyReadsIsRestoredFromTheOtherOwners) {
  c.store('a').spoil(c.slot("k"));
  c.get('a', {.r = 2});
  c.advance(1s);
  EXPECT_TRUE(readable('a'));
  EXPECT_EQ(causal_bytes(c.record('a', "k")), causal_bytes(c.record('b', "k")));
  EXPECT_EQ(c.marks('a', Mark::record_restored), 1U);
}

TEST_F(QuarantineTest, ADamagedRecordThatNobodyReadsIsFoundByTheScrub) {
  c.store('a').spoil(c.slot("k"));
  scrub('a');
  EXPECT_TRUE(readable('a'));
  const ScrubReport found = report('a');
  EXPECT_EQ(found.damaged, 1U);
  EXPECT_EQ(found.restored, 1U);
  EXPECT_EQ(found.quarantined, 0U);
  EXPECT_EQ(found.cycles, 1U);
  EXPECT_EQ(found.records, 1U);
}

// With fewer, a write of this node and the missing one would be forgotten and counted as known.
TEST_F(QuarantineTest, ItStaysUnknownUntilAllOtherOwnersWereAsked) {
  c.store('a').spoil(c.slot("k"));
  c.isolate('c');
  c.believe('c', Liveness::dead);
  scrub('a');
  EXPECT_FALSE(readable('a'));
  EXPECT_EQ(report('a').quarantined, 1U);
  EXPECT_NE(c.get('a', {.r = 2}).outcome.code, Errc::ok) << "one owner is dead and this one does not know";
  c.heal();
  c.believe('c', Liveness::alive);
  c.advance(5s);
  EXPECT_TRUE(readable('a'));
  EXPECT_EQ(report('a').quarantined, 0U);
}

TEST_F(QuarantineTest, ItIsWhatAllOtherOwnersKnowTogether) {
  c.isolate('b');
  c.put('c', {.key = "k", .value = "newer", .context = c.get('c', {.r = 1}).context, .w = 1});
  c.store('a').spoil(c.slot("k"));
  c.advance(5s);
  c.heal();
  scrub('a');
  ASSERT_TRUE(readable('a'));
  EXPECT_TRUE(c.record('a', "k").clock.descends(c.record('b', "k").clock));
  EXPECT_TRUE(c.record('a', "k").clock.descends(c.record('c', "k").clock));
}

TEST_F(QuarantineTest, WhatNobodyCanReadStaysUnknown) {
  for (const Name node : {'a', 'b', 'c'}) c.store(node).spoil(c.slot("k"));
  scrub('a');
  EXPECT_FALSE(readable('a'));
  EXPECT_EQ(report('a').quarantined, 1U);
}

TEST_F(QuarantineTest, WhatNoOtherOwnerHoldsIsDropped) {
  for (const Name node : {'b', 'c'}) c.store(node).forget(c.slot("k"));
  c.store('a').spoil(c.slot("k"));
  scrub('a');
  EXPECT_TRUE(readable('a'));
  EXPECT_EQ(c.store('a').held(c.slot("k")), nullptr);
  EXPECT_EQ(report('a').given_up, 1U);
}

// A new value of this node must not carry a dot that it minted before the damage and has forgotten.
TEST_F(QuarantineTest, ARestoredRecordMintsInANewEpoch) {
  const std::string context = c.get('a', {.r = 2}).context;
  const VersionVector before = c.record('a', "k").clock;
  c.store('a').spoil(c.slot("k"));
  scrub('a');
  ASSERT_EQ(c.put('a', {.key = "k", .value = "w", .context = context, .w = 3}).outcome.code, Errc::ok);
  const Record record = c.record('a', "k");
  ASSERT_EQ(record.siblings.size(), 1U);
  for (const VersionVector::Entry& entry : before.entries()) EXPECT_NE(entry.actor, record.siblings.front().dot.actor);
}

// The record has vanished under the running node; its digest says that it is there.
TEST_F(QuarantineTest, ALostRecordIsMissedByTheScrubAndComesBack) {
  c.store('a').forget(c.slot("k"));
  c.advance(30s);
  EXPECT_EQ(c.record('a', "k").siblings.size(), 0U) << "the digests are equal";
  scrub('a');
  EXPECT_EQ(report('a').corrected, 1U);
  c.advance(20s);
  EXPECT_EQ(causal_bytes(c.record('a', "k")), causal_bytes(c.record('b', "k")));
}

TEST_F(QuarantineTest, AWrongDigestAloneMovesNothing) {
  const TreeNode leaf = c.store('a').tree().leaf_of(c.slot("k"));
  const Digest right = c.store('a').tree().at(leaf);
  c.store('a').correct(leaf, Digest{1, 2, 3});
  std::size_t states = 0;
  c.watch([&](const Cluster::Flight& flight, bool) {
    if (const auto* pushed = std::get_if<PushStates>(&flight.message)) states += pushed->states.size();
    if (const auto* pulled = std::get_if<StatesPulled>(&flight.message)) states += pulled->states.size();
  });
  c.advance(30s);
  EXPECT_EQ(c.store('a').tree().at(leaf), right);
  EXPECT_EQ(states, 0U);
}

// A record that lies where it does not belong: a bit of its key has changed.
TEST_F(QuarantineTest, ARecordThatNobodyShouldHoldIsDropped) {
  Slot stranger = c.slot("k");
  stranger.lo ^= 1;
  c.store('a').write(stranger, c.store('a').held(c.slot("k")));
  c.store('a').spoil(stranger);
  scrub('a');
  EXPECT_EQ(c.store('a').held(stranger), nullptr);
  EXPECT_NE(c.store('a').held(c.slot("k")), nullptr);
}

}  // namespace
}  // namespace shoal
