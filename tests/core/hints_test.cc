// The sloppy quorum and its hints: who stands in, what is kept, and how it comes home.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Six nodes: three owners and three fallbacks of "k", in rank order.
class Hinted : public testing::Test {
 protected:
  explicit Hinted(const ClusterOptions& options = {}) : c("abcdef", options) {}

  [[nodiscard]] Name owner(std::size_t i) const { return c.owners("k")[i]; }
  [[nodiscard]] Name fallback(std::size_t i) const { return c.fallbacks("k")[i]; }
  [[nodiscard]] bool has_hint(std::size_t holder, std::size_t missed_by) {
    return c.hint(fallback(holder), owner(missed_by), "k") != nullptr;
  }
  void die(Name node) {
    c.isolate(node);
    c.believe(node, Liveness::dead);
  }
  void revive(Name node) {
    c.heal();
    c.believe(node, Liveness::alive);
    c.advance(1ms);
  }
  // One with the same owners and the same first fallback.
  [[nodiscard]] std::string another_key() {
    std::string other = "other";
    while (c.owners(other) != c.owners("k") || c.fallbacks(other)[0] != fallback(0)) other += "r";
    return other;
  }
  [[nodiscard]] std::string value_at(Name node) {
    const Record record = c.record(node, "k");
    return record.siblings.size() == 1 ? std::string(record.siblings.front().value.view()) : "-";
  }

  Cluster c;
};

TEST_F(Hinted, ADeadOwnerIsStoodInForByTheFirstFallback) {
  die(owner(2));
  const PutReply reply = c.put(owner(0), {.w = 3});
  EXPECT_EQ(reply.outcome.code, Errc::ok);
  EXPECT_EQ(reply.outcome.acks, 3);
  EXPECT_EQ(reply.stand_ins, 1);
  EXPECT_TRUE(reply.durable);
  EXPECT_TRUE(has_hint(0, 2));
  EXPECT_FALSE(has_hint(1, 2));
  EXPECT_EQ(c.store(fallback(0)).records(), 0U);
}

TEST_F(Hinted, TwoDeadOwnersNeverShareAFallback) {
  die(owner(0));
  die(owner(1));
  const PutReply reply = c.put(owner(2), {.w = 3});
  EXPECT_EQ(reply.outcome.acks, 3);
  EXPECT_EQ(reply.stand_ins, 2);
  EXPECT_TRUE(has_hint(0, 0));
  EXPECT_TRUE(has_hint(1, 1));
}

TEST_F(Hinted, ADeadFallbackIsPassedOver) {
  die(owner(2));
  die(fallback(0));
  c.put(owner(0), {});
  EXPECT_TRUE(has_hint(1, 2));
}

TEST_F(Hinted, WithNoOwnerUpTheFirstFallbackCoordinates) {
  for (std::size_t i = 0; i < 3; ++i) die(owner(i));
  const PutReply reply = c.put(fallback(2), {.value = "kept", .w = 3});
  EXPECT_EQ(reply.outcome.code, Errc::ok);
  EXPECT_EQ(reply.stand_ins, 3);
  EXPECT_EQ(c.marks(fallback(0), Mark::put_coordinated_by_fallback), 1U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(has_hint(i, i));
  for (std::size_t i = 0; i < 3; ++i) revive(owner(i));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(value_at(owner(i)), "kept");
}

TEST_F(Hinted, PrimariesAreNotStoodInFor) {
  die(owner(1));
  die(owner(2));
  const PutReply refused = c.put(owner(0), {.pw = 2});
  EXPECT_EQ(refused.outcome.code, Errc::unavailable);
  EXPECT_THAT(refused.outcome.message, HasSubstr("only 1 of the key's 3 owners are up and 2 of them must answer"));
  EXPECT_THAT(c.put(owner(0), {.level = Level::all}).outcome.message, HasSubstr("nothing was written"));
  EXPECT_EQ(c.store(owner(0)).records(), 0U);
  EXPECT_EQ(c.put(owner(0), {.pw = 1}).outcome.code, Errc::ok);
}

TEST_F(Hinted, AreDeliveredWhenTheOwnerIsBack) {
  die(owner(2));
  c.put(owner(0), {.value = "one"});
  c.put(owner(0), {.value = "two", .context = c.get(owner(0)).context});
  EXPECT_EQ(value_at(owner(2)), "-");
  revive(owner(2));
  EXPECT_EQ(value_at(owner(2)), "two");
  EXPECT_FALSE(has_hint(0, 2));
  EXPECT_EQ(c.record(owner(2), "k"), c.record(owner(0), "k"));
}

TEST_F(Hinted, AreKeptUntilTheOwnerHasThemOnItsDisk) {
  die(owner(2));
  c.put(owner(0), {});
  c.slow_disk(owner(2));
  revive(owner(2));
  EXPECT_EQ(value_at(owner(2)), "v");
  EXPECT_TRUE(has_hint(0, 2));
  c.fast_disk(owner(2));
  c.run();
  EXPECT_FALSE(has_hint(0, 2));
}

class HintedRelaxed : public Hinted {
 protected:
  HintedRelaxed() : Hinted({.relaxed = "abcdef"}) {}
};

// In `relaxed` an owner acknowledges before its disk has it, but not a hint: the last other copy goes on its word.
TEST_F(HintedRelaxed, AreKeptUntilTheOwnerHasThemOnItsDisk) {
  die(owner(2));
  c.put(owner(0), {});
  c.slow_disk(owner(2));
  revive(owner(2));
  EXPECT_TRUE(has_hint(0, 2));
  c.kill(owner(2));
  c.believe(owner(2), Liveness::dead);
  c.start(owner(2));
  c.fast_disk(owner(2));
  c.advance(10s);
  revive(owner(2));
  EXPECT_EQ(value_at(owner(2)), "v");
  EXPECT_FALSE(has_hint(0, 2));
}

// The holder waits for that word: it is not made to wait for the interval as well, which a client's write is.
TEST_F(HintedRelaxed, AreSyncedByTheOwnerWithoutWaitingForTheInterval) {
  die(owner(2));
  c.put(owner(0), {});
  EXPECT_FALSE(c.store(owner(0)).hurried());
  c.slow_disk(owner(2));
  EXPECT_FALSE(c.store(owner(2)).hurried());
  revive(owner(2));
  EXPECT_TRUE(c.store(owner(2)).hurried());
}

// A disk that does not keep up must not fill its node's memory with what others send: a stand-in keeps it meanwhile.
TEST_F(Hinted, AreKeptForAnOwnerWhoseStoreTakesNoMore) {
  c.store(owner(2)).refuse_peers(true);
  EXPECT_EQ(c.put(owner(0), {}).outcome.code, Errc::ok);
  EXPECT_EQ(value_at(owner(2)), "-");
  EXPECT_TRUE(has_hint(0, 2));
  EXPECT_GE(c.marks(owner(2), Mark::peer_refused_by_store), 1U);
  c.advance(1s);
  EXPECT_TRUE(has_hint(0, 2)) << "handing it over is refused as well";
  c.store(owner(2)).refuse_peers(false);
  c.advance(60s);
  EXPECT_EQ(value_at(owner(2)), "v");
  EXPECT_FALSE(has_hint(0, 2));
}

// The acknowledgement of an older state must not take the newer one with it.
TEST_F(Hinted, ThatChangeOnTheWayAreSentAgain) {
  die(owner(2));
  c.put(owner(0), {.value = "one"});
  c.slow_disk(owner(2));
  revive(owner(2));
  c.inject(owner(0), fallback(0),
           Replicate{{77},
                     {1},
                     {"default", "k"},
                     std::make_shared<const Record>([&] {
                       Record newer = c.record(owner(0), "k");
                       newer.clock.raise({{Incarnation::of(9, 9), 1}, 1});
                       return newer;
                     }()),
                     Kind::siblings,
                     Purpose::hint,
                     id_of(owner(2))});
  c.run();
  c.fast_disk(owner(2));
  c.run();
  EXPECT_EQ(c.marks(fallback(0), Mark::hint_changed_while_delivered), 1U);
  c.advance(2s);
  EXPECT_FALSE(has_hint(0, 2));
  EXPECT_EQ(c.record(owner(2), "k").clock.entries().size(), 2U);
}

TEST_F(Hinted, SurviveTheirHolder) {
  die(owner(2));
  c.put(owner(0), {});
  c.kill(fallback(0));
  c.start(fallback(0));
  EXPECT_TRUE(has_hint(0, 2));
  revive(owner(2));
  EXPECT_EQ(value_at(owner(2)), "v");
  EXPECT_FALSE(has_hint(0, 2));
}

TEST_F(Hinted, AnOwnerThatStaysSilentGetsAStandInToo) {
  c.isolate(owner(2));
  EXPECT_EQ(c.put(owner(0), {}).outcome.acks, 2);
  EXPECT_FALSE(has_hint(0, 2));
  c.advance(300ms);
  EXPECT_TRUE(has_hint(0, 2));
  EXPECT_EQ(c.marks(owner(0), Mark::put_called_stand_in), 1U);
  c.heal();
  c.advance(5s);
  EXPECT_EQ(value_at(owner(2)), "v");
  EXPECT_FALSE(has_hint(0, 2));
}

TEST_F(Hinted, AnOwnerWithTroubleGetsAStandInAtOnce) {
  c.store(owner(2)).spoil(c.slot("k"));
  EXPECT_EQ(c.put(owner(0), {.w = 3}).stand_ins, 1);
  EXPECT_TRUE(has_hint(0, 2));
}

TEST_F(Hinted, AreNotForcedOnAnOwnerThatDoesNotAnswer) {
  die(owner(2));
  c.put(owner(0), {});
  std::size_t sent = 0;
  c.watch([&](const Cluster::Flight& flight, bool) {
    const auto* state = std::get_if<Replicate>(&flight.message);
    sent += state != nullptr && state->purpose == Purpose::handoff ? 1 : 0;
  });
  c.believe(owner(2), Liveness::alive);  // as it may look while its answers are lost
  c.advance(60s);
  EXPECT_GT(sent, 3U);
  EXPECT_LT(sent, 15U);
  EXPECT_TRUE(has_hint(0, 2));
  revive(owner(2));
  EXPECT_FALSE(has_hint(0, 2));
}

// What cannot be read is walked over, and not dropped either.
TEST_F(Hinted, ASpoiltHintDoesNotHoldUpTheOthers) {
  die(owner(2));
  c.put(owner(0), {});
  const std::string other = another_key();
  c.put(owner(0), {.key = other, .value = "whole"});
  const Place spoilt(id_of(owner(2)), c.slot("k"));
  c.store(fallback(0)).spoil(spoilt);
  revive(owner(2));
  c.advance(1s);
  EXPECT_EQ(c.record(owner(2), other).siblings.front().value.view(), "whole");
  EXPECT_EQ(c.hint(fallback(0), owner(2), other), nullptr);
  EXPECT_FALSE(c.store(fallback(0)).read(spoilt));
  EXPECT_TRUE(c.record(owner(2), "k").siblings.empty());
}

TEST_F(Hinted, CanBeDeliveredByHand) {
  die(owner(2));
  c.put(owner(0), {});
  c.believe(owner(2), Liveness::alive);
  c.advance(60s);
  c.heal();
  const auto before = c.reply<HintsReply>([&] {
    const CallId call = c.ask(fallback(0), HintsRequest{});
    c.run();
    return call;
  }());
  ASSERT_EQ(before.queues.size(), 1U);
  EXPECT_EQ(before.queues[0].owner, id_of(owner(2)));
  EXPECT_EQ(before.queues[0].hints, 1U);
  EXPECT_EQ(before.bytes, before.queues[0].bytes);
  EXPECT_GT(before.queues[0].next_try_ms, 0);
  const CallId call = c.ask(fallback(0), HintsRequest{{}, true});
  c.run();
  EXPECT_LE(c.reply<HintsReply>(call).queues[0].next_try_ms, 0);
  c.advance(1ms);
  EXPECT_FALSE(has_hint(0, 2));
}

// What a fallback minted and handed over it has forgotten; minting again under the same actor would claim to know it.
TEST_F(Hinted, AFallbackThatForgotMintsAsSomebodyElse) {
  for (std::size_t i = 0; i < 3; ++i) die(owner(i));
  c.put(fallback(0), {.value = "first"});
  for (std::size_t i = 0; i < 3; ++i) revive(owner(i));
  ASSERT_FALSE(has_hint(0, 0));
  for (std::size_t i = 0; i < 3; ++i) die(owner(i));
  c.put(fallback(0), {.value = "second"});
  for (std::size_t i = 0; i < 3; ++i) revive(owner(i));
  EXPECT_THAT(values_of(c.get(owner(0))), testing::ElementsAre("first", "second"));
}

// Three nodes have no fallbacks: who coordinates is an owner and keeps what the third one misses.
TEST(HintedThree, WithNobodyToStandInTheCoordinatorKeepsTheHint) {
  Cluster c("abc");
  c.isolate('c');
  c.believe('c', Liveness::dead);
  const PutReply reply = c.put('a', {});
  EXPECT_EQ(reply.outcome.acks, 2);
  EXPECT_EQ(reply.stand_ins, 0);
  EXPECT_NE(c.hint('a', 'c', "k"), nullptr);
  c.heal();
  c.believe('c', Liveness::alive);
  c.advance(1ms);
  EXPECT_EQ(c.record('c', "k"), c.record('a', "k"));
  EXPECT_EQ(c.hint('a', 'c', "k"), nullptr);
  EXPECT_EQ(c.marks('a', Mark::partition_marked_for_repair), 0U);
}

// An owner answers with its own copy alone: what only its hint for another owner holds nobody could read.
TEST(HintedThree, AnOwnerThatLostItsCopyTakesOverTheHintThatItKeeps) {
  Cluster c("abc");
  c.isolate('c');
  c.believe('c', Liveness::dead);
  c.put('a', {.value = "kept"});
  const Record before = c.record('a', "k");
  c.store('a').forget(c.slot("k"));
  ASSERT_NE(c.hint('a', 'c', "k"), nullptr);
  c.kill('a');
  c.start('a');
  c.run();
  EXPECT_EQ(c.record('a', "k"), before);
  EXPECT_EQ(c.marks('a', Mark::hint_taken_over_by_owner), 1U);
  c.kill('a');
  c.start('a');
  EXPECT_EQ(c.marks('a', Mark::hint_taken_over_by_owner), 1U) << "once is enough";
}

// Nobody hears it, and it does not know: what it minted comes out when the link is whole.
TEST(HintedThree, ACoordinatorThatReachesNobodyKeepsWhatItMinted) {
  Cluster c("abc");
  c.isolate('a');
  const CallId call = c.start_put('a', {.value = "late", .timeout = 300ms});
  c.advance(300ms);
  EXPECT_TRUE(c.reply<PutReply>(call).outcome.maybe_applied());
  EXPECT_NE(c.hint('a', 'b', "k"), nullptr);
  EXPECT_NE(c.hint('a', 'c', "k"), nullptr);
  c.heal();
  c.advance(60s);
  EXPECT_EQ(c.record('b', "k"), c.record('a', "k"));
  EXPECT_EQ(c.record('c', "k"), c.record('a', "k"));
  EXPECT_EQ(c.hint('a', 'b', "k"), nullptr);
}

class HintsFull : public Hinted {
 protected:
  HintsFull() : Hinted({.hint_bytes_max = 1}) {}
};

TEST_F(HintsFull, AFullHolderRefusesAndTheNextOneTakesIt) {
  die(owner(2));
  c.put(owner(0), {});
  ASSERT_TRUE(has_hint(0, 2));
  const std::string other = another_key();
  const PutReply reply = c.put(owner(0), {.key = other, .w = 3});
  EXPECT_EQ(reply.outcome.code, Errc::ok);
  EXPECT_EQ(c.marks(fallback(0), Mark::hint_refused_store_full), 1U);
  EXPECT_EQ(c.hint(fallback(0), owner(2), other), nullptr);
  EXPECT_NE(c.hint(c.fallbacks(other)[1], owner(2), other), nullptr);
}

TEST_F(HintsFull, AHintThatIsThereMayGrow) {
  die(owner(2));
  c.put(owner(0), {.value = "one"});
  c.put(owner(0), {.value = "two"});
  EXPECT_EQ(c.hint(fallback(0), owner(2), "k")->record.siblings.size(), 2U);
}

class NoRoomForHints : public Hinted {
 protected:
  NoRoomForHints() : Hinted({.hint_bytes_max = 0}) {}
};

TEST_F(NoRoomForHints, TheOwnersPartitionIsMarkedForRepair) {
  die(owner(2));
  EXPECT_EQ(c.put(owner(0), {}).outcome.code, Errc::ok);
  c.advance(2s);
  const CallId call = c.ask(owner(0), StatusRequest{});
  c.run();
  EXPECT_EQ(c.reply<StatusReply>(call).partitions_to_repair, 1U);
  EXPECT_EQ(c.marks(owner(0), Mark::partition_marked_for_repair), 1U);
}

TEST_F(NoRoomForHints, WIsNeverReachedByRefusals) {
  die(owner(1));
  die(owner(2));
  const CallId call = c.start_put(owner(0), {});
  c.advance(2s);
  EXPECT_TRUE(c.reply<PutReply>(call).outcome.maybe_applied());
  EXPECT_EQ(c.reply<PutReply>(call).outcome.acks, 1);
}

// The founder is the last to have the same view: what was kept for it while others believed it dead is its own.
TEST_F(Hinted, AHintForOneselfIsAnOwnCopy) {
  c.inject(owner(0), owner(2),
           Replicate{{77},
                     {1},
                     {"default", "k"},
                     std::make_shared<const Record>(),
                     Kind::siblings,
                     Purpose::hint,
                     id_of(owner(2))});
  c.run();
  EXPECT_EQ(c.store(owner(2)).records(), 1U);
}

// A node whose own disk is slow or full has the state all the same: nothing of it needs repair.
TEST(PutOfALonelyNode, DoesNotMarkItselfForRepair) {
  Cluster c("a", {.replicas = 1});
  c.slow_disk('a');
  const CallId put = c.start_put('a', {});
  c.advance(2s);
  EXPECT_TRUE(c.reply<PutReply>(put).outcome.maybe_applied());
  EXPECT_EQ(c.marks('a', Mark::partition_marked_for_repair), 0U);
}

}  // namespace
}  // namespace shoal
