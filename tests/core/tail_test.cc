// The parts against a slow tail: round trips, hedge budget, replica scores, and what joins them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/core/peer_pace.h"
#include "node/core/service_time.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr Instant kStart{std::chrono::hours(1)};

// ---- round trip: RFC 6298 by hand

TEST(RoundTrip, StartsWithAGuess) { EXPECT_EQ(RoundTrip{}.timeout(), 30ms); }

TEST(RoundTrip, IsTheSmoothedTimePlusFourVariations) {
  RoundTrip trip;
  trip.sample(100ms);
  EXPECT_EQ(trip.timeout(), 300ms);  // 100 + 4 * 50
  trip.sample(100ms);
  EXPECT_EQ(trip.timeout(), 250ms);  // 100 + 4 * 37.5
  trip.sample(180ms);                // variation (3 * 37.5 + 80) / 4 = 48.125, smoothed (7 * 100 + 180) / 8 = 110
  EXPECT_EQ(trip.timeout(), 302'500us);
}

TEST(RoundTrip, StaysWithinItsBounds) {
  RoundTrip fast;
  fast.sample(100us);
  EXPECT_EQ(fast.timeout(), 10ms);
  RoundTrip slow;
  slow.sample(5s);
  EXPECT_EQ(slow.timeout(), 2s);
}

TEST(RoundTrip, DoublesForEveryTimeoutUntilAnAnswerComes) {
  RoundTrip trip;
  trip.sample(10ms);
  EXPECT_EQ(trip.timeout(), 30ms);
  trip.timed_out();
  EXPECT_EQ(trip.timeout(), 60ms);
  trip.timed_out();
  EXPECT_EQ(trip.timeout(), 120ms);
  for (int i = 0; i < 100; ++i) trip.timed_out();
  EXPECT_EQ(trip.timeout(), 2s);
  trip.sample(10ms);
  EXPECT_LT(trip.timeout(), 30ms);
}

// ---- hedge budget

TEST(HedgeBudget, AllowsATwentiethOfTheRequests) {
  HedgeBudget budget;
  int hedges = 0;
  for (int i = 0; i < 1000; ++i) {
    budget.on_request();
    hedges += budget.take() ? 1 : 0;
  }
  EXPECT_EQ(hedges, 50);
}

TEST(HedgeBudget, SavesUpAFewAndNoMore) {
  HedgeBudget budget;
  EXPECT_FALSE(budget.take());
  for (int i = 0; i < 100'000; ++i) budget.on_request();
  int hedges = 0;
  while (budget.take()) ++hedges;
  EXPECT_EQ(hedges, 10);
}

// ---- replica scores

const std::vector<NodeId> kTwo{{1}, {2}};

class Scores : public testing::Test {
 protected:
  // What node 1 scores above node 2; negative: node 1 is preferred.
  double lead(Instant now = kStart, std::size_t coordinators = 1) {
    const std::vector<double> found = scores.scores(kTwo, coordinators, now);
    return found[0] - found[1];
  }
  void both_answer(Duration first, Duration second) {
    scores.answered({1}, first, kStart);
    scores.answered({2}, second, kStart);
  }
  ReplicaScores scores;
};

TEST_F(Scores, AreLiterallyTheFormula) {
  both_answer(1000us, 2000us);
  scores.asked({1});
  // R - 1/mu + q^3/mu with 1/mu = 20 us and q = 1 + 1 * 3
  EXPECT_THAT(scores.scores(kTwo, 3, kStart), ElementsAre(1000.0 - 20 + 64 * 20, 2000.0 - 20 + 20));
}

TEST_F(Scores, PreferTheFasterAnswer) {
  both_answer(1ms, 2ms);
  EXPECT_LT(lead(), 0);
}

TEST_F(Scores, PreferWhoeverHasLessToDoThoughItBeSlower) {
  both_answer(1ms, 2ms);
  for (int i = 0; i < 50; ++i) scores.reported({1}, {.queued = 20, .service_us = 1000}, kStart);
  EXPECT_GT(lead(), 0);
}

TEST_F(Scores, CountWhatIsUnderWayForAllCoordinators) {
  both_answer(1ms, 1ms);
  for (int i = 0; i < 3; ++i) scores.asked({1});
  EXPECT_GT(lead(kStart, 5), lead(kStart, 1));
  for (int i = 0; i < 4; ++i) scores.settled({1});
  EXPECT_EQ(scores.outstanding({1}), 0U);
  EXPECT_EQ(lead(), 0);
}

TEST_F(Scores, AreAveragesThatKeepNineTenths) {
  both_answer(1000us, 1000us);
  scores.answered({1}, 2000us, kStart);
  EXPECT_DOUBLE_EQ(lead(), 100);
}

// Else who was once slow would never be asked again.
TEST_F(Scores, ComeCloserToTheBestWithEverySecondOfSilence) {
  both_answer(1000us, 9000us);
  scores.answered({1}, 1000us, kStart + 3s);
  EXPECT_DOUBLE_EQ(lead(kStart), -8000);
  EXPECT_DOUBLE_EQ(lead(kStart + 1s), -4000);
  EXPECT_DOUBLE_EQ(lead(kStart + 3s), -1000);
}

// Else a peer that hangs would be as good as when it was last heard, and be asked whenever another one is busy.
TEST_F(Scores, CountWhatWasGivenUpAsAnAnswerThatTookSoLong) {
  both_answer(1000us, 1000us);
  scores.asked({1});
  scores.unanswered({1}, 101'000us, kStart + 60s);
  EXPECT_EQ(scores.outstanding({1}), 0U);
  EXPECT_DOUBLE_EQ(lead(kStart + 60s), 10'000);  // a tenth of 100 ms
  EXPECT_DOUBLE_EQ(lead(kStart + 62s), 2'500);
}

TEST_F(Scores, CountNothingThatWasGivenUpEarly) {
  both_answer(1000us, 1000us);
  scores.asked({1});
  scores.unanswered({1}, 900us, kStart);
  EXPECT_EQ(scores.outstanding({1}), 0U);
  EXPECT_EQ(lead(), 0);
}

TEST_F(Scores, OfAPeerNeverHeardAreTheBest) {
  scores.answered({1}, 5000us, kStart);
  EXPECT_EQ(lead(), 0);
  scores.asked({2});
  EXPECT_LT(lead(), 0);  // what it was asked and has not answered is known
}

// ---- pace

class Pace : public testing::Test {
 protected:
  static constexpr NodeId kSelf{9};
  void answers(NodeId peer, Duration took, int times = 1) {
    for (int i = 0; i < times; ++i) {
      pace.asked(peer);
      pace.answered(peer, took, {}, kStart);
    }
  }
  [[nodiscard]] std::vector<NodeId> order() const {
    return pace.fastest_first({{1}, {2}, {3}, kSelf}, peers, document, kStart);
  }
  void SetUp() override {
    for (const std::uint64_t id : {1, 2, 3, 9}) document.members.push_back(Member{.id = {id}});
  }
  Membership document;
  Peers peers;
  PeerPace pace{kSelf};
};

TEST_F(Pace, PutsThisNodeFirstAndKeepsTheOrderOfEquals) {
  EXPECT_THAT(order(), ElementsAre(kSelf, NodeId{1}, NodeId{2}, NodeId{3}));
}

TEST_F(Pace, PutsTheFasterBeforeTheSlower) {
  answers({1}, 3ms);
  answers({2}, 1ms);
  answers({3}, 2ms);
  EXPECT_THAT(order(), ElementsAre(kSelf, NodeId{2}, NodeId{3}, NodeId{1}));
}

TEST_F(Pace, PutsTheOwnZoneBeforeTheFastAndSuspectsLast) {
  for (Member& member : document.members) member.zone = member.id == NodeId{2} ? "far" : "here";
  answers({1}, 9ms);
  answers({2}, 1ms);
  answers({3}, 2ms);
  peers.set({3}, Liveness::suspect);
  EXPECT_THAT(order(), ElementsAre(kSelf, NodeId{1}, NodeId{2}, NodeId{3}));
}

TEST_F(Pace, KnowsNoTailBeforeItHasSamples) {
  EXPECT_EQ(pace.patience({1}, kStart), std::nullopt);
  EXPECT_EQ(pace.timeout({1}), RoundTrip::kUnknown);
  answers({1}, 20ms, 20);
  EXPECT_GE(*pace.patience({1}, kStart), 20ms);
  pace.timed_out({1});
  EXPECT_GT(pace.timeout({1}), 40ms);
}

// Who has not answered for long is hedged against all the more.
TEST_F(Pace, RemembersTheLastTailOfAPeerThatHangs) {
  answers({1}, 20ms, 30);
  EXPECT_EQ(pace.patience({1}, kStart + 300s), pace.patience({1}, kStart));
}

// Hedging helps against variance and makes overload worse.
TEST_F(Pace, HedgesOnlyWhileMostPeersAreInTime) {
  for (int i = 0; i < 100; ++i) pace.on_request();
  for (const std::uint64_t id : {1, 2, 3}) answers({id}, 1ms, 20);
  EXPECT_TRUE(pace.take_hedge());
  answers({1}, 90ms);
  EXPECT_TRUE(pace.take_hedge());
  answers({2}, 90ms);
  EXPECT_FALSE(pace.take_hedge());
  answers({2}, 1ms);
  EXPECT_TRUE(pace.take_hedge());
}

// ---- service time

TEST(ServiceTime, IsTheTimeOfTheFirstWriteOfACommit) {
  ServiceTime service;
  EXPECT_EQ(service.smoothed(), 0ms);
  service.waits({1}, kStart);
  service.waits({1}, kStart + 5ms);
  service.durable({1}, kStart + 10ms);
  EXPECT_EQ(service.smoothed(), 10ms);
  service.waits({1}, kStart + 20ms);  // is on the disk
  service.waits({2}, kStart + 20ms);
  service.durable({2}, kStart + 40ms);
  EXPECT_EQ(service.smoothed(), 11ms);
}

}  // namespace
}  // namespace shoal
