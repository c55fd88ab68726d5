// One failure detector, by arithmetic: time and the others are whatever the test says.
#include "gossip/swim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr NodeId kSelf{1};
constexpr NodeId kB{2};
constexpr NodeId kC{3};
constexpr NodeId kD{4};
constexpr NodeId kE{5};
constexpr NodeId kStranger{99};
const Incarnation kLife = Incarnation::of(1, 5);

Rumour says(NodeId node, std::uint64_t inc_no, Liveness liveness, NodeId accuser = {}) {
  return Rumour{node, {kLife, inc_no, liveness}, accuser};
}
Rumour alive(NodeId node, std::uint64_t inc_no = 0) { return says(node, inc_no, Liveness::alive); }
Rumour suspect(NodeId node, NodeId accuser, std::uint64_t inc_no = 0) {
  return says(node, inc_no, Liveness::suspect, accuser);
}
Rumour dead(NodeId node, std::uint64_t inc_no = 0) { return says(node, inc_no, Liveness::dead); }

template <class M>
std::vector<std::pair<NodeId, M>> only(const std::vector<Swim::Outgoing>& outbox) {
  std::vector<std::pair<NodeId, M>> chosen;
  for (const Swim::Outgoing& out : outbox)
    if (const auto* message = std::get_if<M>(&out.message)) chosen.emplace_back(out.to, *message);
  return chosen;
}

class Detector : public testing::Test {
 protected:
  explicit Detector(SwimOptions options = {}) : swim({kSelf, kLife, options}, Rng(7)) {
    watch({kSelf, kB, kC, kD, kE});
    for (const NodeId node : {kB, kC, kD, kE}) hear(node, {alive(node)});
    pass(2s, {kB, kC, kD, kE});  // the time they are given to start
    asked.clear();
  }

  void watch(const std::vector<NodeId>& members) { swim.watch(members, {kB}, now); }
  void hear(NodeId from, std::vector<Rumour> rumours) { swim.receive(from, Gossip{std::move(rumours)}, now); }

  // Ticks whenever a tick is due. `answering` members answer every question at once; what was asked is kept.
  void pass(Duration span, const std::set<NodeId>& answering) {
    for (const Instant end = now + span;;) {
      swim.tick(now);
      for (const Swim::Outgoing& out : swim.take_outbox()) {
        asked.push_back(out);
        if (answering.contains(out.to)) answer(out, answering);
      }
      if (swim.next_deadline() > end) {
        now = end;
        return;
      }
      now = std::max(now, swim.next_deadline());
    }
  }

  void answer(const Swim::Outgoing& out, const std::set<NodeId>& answering) {
    if (const auto* ping = std::get_if<Ping>(&out.message)) swim.receive(out.to, Pong{ping->sequence, {}}, now);
    const auto* request = std::get_if<PingRequest>(&out.message);
    if (request == nullptr) return;
    if (helpers_reach.contains(request->target) || answering.contains(request->target)) {
      swim.receive(out.to, Pong{request->sequence, {}}, now);
    } else if (nacks) {
      swim.receive(out.to, Nack{request->sequence}, now);
    }
  }

  std::string changes() {
    std::string text;
    for (const Swim::Change& change : swim.take_changes())
      text += (text.empty() ? "" : ", ") + std::to_string(change.node.value) + " " + to_string(change.liveness);
    return text;
  }

  Swim::PeerView view(NodeId node) const {
    for (const Swim::PeerView& each : swim.members())
      if (each.node == node) return each;
    return {};
  }

  Instant now{100s};
  Swim swim;
  std::set<NodeId> helpers_reach;  // what helpers get an answer from, besides those that answer us
  bool nacks = true;
  std::vector<Swim::Outgoing> asked;
};

class PlainDetector : public Detector {
 protected:
  PlainDetector() : Detector(SwimOptions{.lifeguard = false}) {}
};

// ---- the round of probes ----

TEST_F(Detector, ProbesOneMemberInEveryPeriod) {
  pass(20s, {kB, kC, kD, kE});
  const auto pings = only<Ping>(asked);
  EXPECT_THAT(pings, SizeIs(40));
  for (std::size_t i = 0; i + 8 <= pings.size(); i += 4) {
    std::set<NodeId> within_two_passes;
    for (std::size_t j = i; j < i + 8; ++j) within_two_passes.insert(pings[j].first);
    EXPECT_THAT(within_two_passes, SizeIs(4));
  }
  EXPECT_EQ(changes(), "");
}

TEST_F(Detector, AnswersAPingWithItsNumberAndItself) {
  swim.take_outbox();
  swim.receive(kB, Ping{77, {}}, now);
  const auto pongs = only<Pong>(swim.take_outbox());
  ASSERT_THAT(pongs, SizeIs(1));
  EXPECT_EQ(pongs[0].first, kB);
  EXPECT_EQ(pongs[0].second.sequence, 77U);
  EXPECT_EQ(pongs[0].second.rumours.at(0), alive(kSelf));
}

TEST_F(Detector, SuspectsTheSilentThenTakesItForDead) {
  pass(3s, {kC, kD, kE});
  EXPECT_EQ(changes(), "2 suspect");
  pass(9s, {kC, kD, kE});
  EXPECT_EQ(changes(), "") << "nobody confirms: the longest patience";
  pass(5s, {kC, kD, kE});
  EXPECT_EQ(changes(), "2 dead");
  pass(60s, {kC, kD, kE});
  EXPECT_EQ(changes(), "");
}

TEST_F(Detector, AsksThreeOthersWhenTheTargetIsSilent) {
  pass(10s, {kC, kD, kE});
  const auto requests = only<PingRequest>(asked);
  ASSERT_GE(requests.size(), 3U);
  std::set<NodeId> helpers;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(requests[i].second.target, kB);
    helpers.insert(requests[i].first);
  }
  EXPECT_THAT(helpers, ElementsAre(kC, kD, kE));
}

TEST_F(Detector, AHelperSavesAMemberBehindABrokenLink) {
  helpers_reach = {kB};
  pass(120s, {kC, kD, kE});
  EXPECT_EQ(changes(), "");
  EXPECT_EQ(swim.health(), 0);
}

TEST_F(Detector, OnlyTheTargetOrAHelperCanAnswer) {
  while (only<Ping>(asked).empty()) pass(1ms, {});
  const auto pings = only<Ping>(asked);
  const NodeId target = pings[0].first;
  std::set<NodeId> others{kB, kC, kD, kE};
  others.erase(target);
  swim.receive(*others.begin(), Pong{pings[0].second.sequence, {}}, now);
  pass(500ms, others);
  EXPECT_EQ(changes(), std::to_string(target.value) + " suspect");
}

// ---- being asked for help ----

TEST_F(Detector, PassesAnAnswerOn) {
  swim.take_outbox();
  swim.receive(kB, PingRequest{5, kC, {}}, now);
  const auto pings = only<Ping>(swim.take_outbox());
  ASSERT_THAT(pings, SizeIs(1));
  EXPECT_EQ(pings[0].first, kC);
  now += 3ms;
  swim.receive(kC, Pong{pings[0].second.sequence, {}}, now);
  const auto pongs = only<Pong>(swim.take_outbox());
  ASSERT_THAT(pongs, SizeIs(1));
  EXPECT_EQ(pongs[0].first, kB);
  EXPECT_EQ(pongs[0].second.sequence, 5U);
}

TEST_F(Detector, SaysThatItHearsNothingEither) {
  swim.take_outbox();
  swim.receive(kB, PingRequest{5, kC, {}}, now);
  pass(199ms, {kD, kE});
  EXPECT_THAT(only<Nack>(asked), IsEmpty());
  pass(1ms, {kD, kE});
  EXPECT_THAT(only<Nack>(asked), SizeIs(1));
}

TEST_F(PlainDetector, KnowsNoNack) {
  swim.receive(kB, PingRequest{5, kC, {}}, now);
  pass(10s, {kD, kE});
  EXPECT_THAT(only<Nack>(asked), IsEmpty());
}

// ---- Lifeguard ----

TEST_F(Detector, ConfirmationsShortenTheSuspicion) {
  hear(kC, {suspect(kB, kC)});
  hear(kD, {suspect(kB, kD)});
  hear(kE, {suspect(kB, kE), suspect(kB, kE)});
  EXPECT_EQ(changes(), "2 suspect");
  helpers_reach = {kB};
  pass(6s, {kC, kD, kE});
  EXPECT_EQ(changes(), "2 dead") << "two of three confirmations: 4 s instead of 12 s";
}

TEST_F(Detector, ConfirmationsCannotBringTheSuspicionBelowItsMinimum) {
  for (const NodeId accuser : {kC, kD, kE}) hear(accuser, {suspect(kB, accuser)});
  swim.take_changes();
  pass(1990ms, {kC, kD, kE});
  EXPECT_EQ(changes(), "");
}

TEST_F(Detector, StrangersConfirmNothing) {
  hear(kC, {suspect(kB, kC)});
  for (std::uint64_t i = 0; i < 10; ++i) hear(kC, {suspect(kB, NodeId{100 + i})});
  helpers_reach = {kB};
  pass(11s, {kC, kD, kE});
  EXPECT_EQ(changes(), "2 suspect");
}

TEST_F(PlainDetector, WaitsAFixedTime) {
  hear(kC, {suspect(kB, kC)});
  swim.take_changes();
  pass(1999ms, {kB, kC, kD, kE});
  EXPECT_EQ(changes(), "");
  pass(1ms, {kB, kC, kD, kE});
  EXPECT_EQ(changes(), "2 dead");
}

// Nobody answers, not even the helpers: it is more likely us.
TEST_F(Detector, GivesEverybodyMoreTimeWhenItHearsNobody) {
  nacks = false;
  pass(8s, {});
  EXPECT_GE(swim.health(), 3);
  asked.clear();
  pass(4s, {});
  EXPECT_LE(only<Ping>(asked).size(), 3U);
}

TEST_F(Detector, StaysWellWhenHelpersHearNothingEither) {
  pass(3s, {kC, kD, kE});
  EXPECT_EQ(changes(), "2 suspect");
  EXPECT_EQ(swim.health(), 0);
}

TEST_F(Detector, TellsASuspectFirstThatItIsOne) {
  hear(kC, {suspect(kB, kC), alive(kD, 1), alive(kE, 1)});
  for (int i = 0; i < 30; ++i) {  // long after the rumour itself has been told often enough
    swim.receive(kB, Ping{1, {}}, now);
    const auto pongs = only<Pong>(swim.take_outbox());
    ASSERT_THAT(pongs, SizeIs(1));
    ASSERT_EQ(pongs[0].second.rumours.at(1), suspect(kB, kC));
  }
}

TEST_F(PlainDetector, TellsASuspectNoMoreThanOthers) {
  hear(kC, {suspect(kB, kC)});
  std::size_t told = 0;
  for (int i = 0; i < 30; ++i) {
    swim.receive(kB, Ping{1, {}}, now);
    for (const auto& [to, pong] : only<Pong>(swim.take_outbox()))
      told += static_cast<std::size_t>(std::ranges::count(pong.rumours, suspect(kB, kC)));
  }
  EXPECT_LE(told, static_cast<std::size_t>(retransmit_limit(4, 5)));
}

// ---- rumours ----

TEST_F(Detector, RefutesWhatIsSaidOfItself) {
  EXPECT_EQ(swim.inc_no(), 0U);
  swim.take_outbox();
  swim.receive(kB, Ping{1, {suspect(kSelf, kC)}}, now);
  EXPECT_EQ(swim.inc_no(), 1U);
  EXPECT_EQ(only<Pong>(swim.take_outbox()).at(0).second.rumours.at(0), alive(kSelf, 1)) << "in the very answer";
  EXPECT_EQ(swim.health(), 1);
  hear(kB, {suspect(kSelf, kD), dead(kSelf)});
  EXPECT_EQ(swim.inc_no(), 1U) << "refuted already";
  hear(kB, {dead(kSelf, 7)});
  EXPECT_EQ(swim.inc_no(), 8U);
}

TEST_F(Detector, IsNotAskedToRefuteWhatWasSaidOfAnotherLife) {
  Rumour earlier = dead(kSelf, 3);
  earlier.state.incarnation = Incarnation::of(0, 5);
  Rumour later = dead(kSelf, 3);
  later.state.incarnation = Incarnation::of(9, 5);
  hear(kB, {earlier, later, dead(kSelf, ~std::uint64_t{0})});
  EXPECT_EQ(swim.inc_no(), 0U);
}

TEST_F(Detector, BelievesARefutation) {
  hear(kC, {suspect(kB, kC)});
  hear(kD, {alive(kB)});
  EXPECT_EQ(changes(), "2 suspect") << "alive with the number that is suspected refutes nothing";
  hear(kD, {alive(kB, 1)});
  EXPECT_EQ(changes(), "2 alive");
  hear(kC, {suspect(kB, kC)});
  EXPECT_EQ(changes(), "");
  pass(60s, {kB, kC, kD, kE});
  EXPECT_EQ(changes(), "");
}

TEST_F(Detector, ANewLifeBeatsTheDeathOfTheOld) {
  hear(kC, {dead(kB, 500)});
  EXPECT_EQ(changes(), "2 dead");
  hear(kB, {Rumour{kB, {Incarnation::of(2, 9), 0, Liveness::alive}, {}}});
  EXPECT_EQ(changes(), "2 alive");
  hear(kC, {dead(kB, 900)});
  EXPECT_EQ(changes(), "");
  EXPECT_EQ(view(kB).state.incarnation, Incarnation::of(2, 9));
}

TEST_F(Detector, AsksWhoeverComesBackForWhatItKnows) {
  hear(kC, {dead(kB)});
  swim.take_outbox();
  hear(kB, {alive(kB, 1)});
  const auto digests = only<StateDigest>(swim.take_outbox());
  ASSERT_THAT(digests, SizeIs(1));
  EXPECT_EQ(digests[0].first, kB);
}

TEST_F(Detector, ExchangesStatesOnlyWhereTheyDiffer) {
  swim.take_outbox();
  swim.receive(kB, StateDigest{{1, 2}}, now);
  const auto exchanges = only<StateExchange>(swim.take_outbox());
  ASSERT_THAT(exchanges, SizeIs(1));
  EXPECT_TRUE(exchanges[0].second.reply_wanted);
  EXPECT_THAT(exchanges[0].second.states, SizeIs(5));
  swim.receive(kB, StateExchange{true, {}}, now);
  EXPECT_THAT(only<StateExchange>(swim.take_outbox()), SizeIs(1));
  swim.receive(kB, StateExchange{false, {}}, now);
  EXPECT_THAT(only<StateExchange>(swim.take_outbox()), IsEmpty());

  pass(20s, {kB, kC, kD, kE});
  const auto own = only<StateDigest>(asked);
  ASSERT_THAT(own, SizeIs(testing::Ge(1U)));
  swim.take_outbox();
  swim.receive(kC, own.back().second, now);
  EXPECT_THAT(swim.take_outbox(), IsEmpty());
}

// Each half of a split cluster calls the other dead; a word from there must not kill whom we hear ourselves.
TEST_F(Detector, HearsADeathByHearsayAsASuspicion) {
  swim.receive(kB, StateExchange{false, {dead(kC), suspect(kD, kE)}}, now);
  EXPECT_EQ(changes(), "3 suspect, 4 suspect");
  hear(kC, {alive(kC, 1)});
  EXPECT_EQ(changes(), "3 alive");
}

TEST_F(Detector, BelievesADeathByHearsayOfWhomItNeverHeard) {
  watch({kSelf, kB, kC, kD, kE, NodeId{6}});
  swim.receive(kB, StateExchange{false, {dead(NodeId{6}, 4)}}, now);
  EXPECT_EQ(changes(), "6 dead");
}

TEST_F(Detector, PassesOnWhatItLearns) {
  pass(10s, {kB, kC, kD, kE});
  asked.clear();
  hear(kC, {dead(kB)});
  pass(1s, {kC, kD, kE});
  std::set<NodeId> told;
  for (const auto& [to, gossip] : only<Gossip>(asked)) {
    EXPECT_EQ(gossip.rumours.at(0), alive(kSelf));
    EXPECT_THAT(gossip.rumours, Contains(dead(kB)));
    told.insert(to);
  }
  EXPECT_THAT(told, ElementsAre(kC, kD, kE));
}

TEST_F(Detector, HasNoGossipWhenThereIsNothingNew) {
  pass(10s, {kB, kC, kD, kE});
  asked.clear();
  pass(60s, {kB, kC, kD, kE});
  EXPECT_THAT(only<Gossip>(asked), IsEmpty());
  for (const auto& [to, ping] : only<Ping>(asked)) EXPECT_THAT(ping.rumours, ElementsAre(alive(kSelf)));
}

// ---- members ----

TEST_F(Detector, LearnsNothingFromStrangersNorAboutThem) {
  swim.take_outbox();
  hear(kStranger, {dead(kB), alive(kStranger)});
  hear(kB, {alive(kStranger), dead(kStranger)});
  swim.receive(kStranger, PingRequest{1, kB, {}}, now);
  swim.receive(kStranger, StateDigest{}, now);
  EXPECT_THAT(swim.take_outbox(), IsEmpty());
  EXPECT_EQ(changes(), "");
  EXPECT_THAT(swim.members(), SizeIs(4));
  swim.receive(kStranger, Ping{3, {dead(kC)}}, now);  // perhaps a member by a newer document: it shall not suspect us
  EXPECT_THAT(only<Pong>(swim.take_outbox()), SizeIs(1));
  EXPECT_EQ(changes(), "");
}

TEST_F(Detector, GivesANewMemberTimeToStart) {
  watch({kSelf, kB, kC, kD, kE, NodeId{6}});
  pass(1990ms, {kB, kC, kD, kE});
  EXPECT_EQ(changes(), "");
  pass(4s, {kB, kC, kD, kE});
  EXPECT_EQ(changes(), "6 suspect");
}

TEST_F(Detector, GivesANewLifeTimeToStart) {
  hear(kB, {Rumour{kB, {Incarnation::of(2, 9), 0, Liveness::alive}, {}}});
  pass(1990ms, {kC, kD, kE});
  EXPECT_EQ(changes(), "");
  pass(4s, {kC, kD, kE});
  EXPECT_EQ(changes(), "2 suspect");
}

TEST_F(Detector, ForgetsMembersThatLeft) {
  pass(3s, {kC, kD, kE});
  EXPECT_EQ(changes(), "2 suspect");
  watch({kSelf, kC, kD, kE});
  pass(60s, {kC, kD, kE});
  hear(kB, {alive(kB, 5)});
  EXPECT_EQ(changes(), "");
  EXPECT_THAT(swim.members(), SizeIs(3));
}

TEST_F(Detector, KeepsWhatItKnowsWhenTheDocumentChanges) {
  hear(kC, {dead(kB)});
  EXPECT_EQ(changes(), "2 dead");
  watch({kSelf, kB, kC, kD, kE, NodeId{6}});
  EXPECT_EQ(changes(), "");
  EXPECT_EQ(view(kB).state.liveness, Liveness::dead);
}

TEST_F(Detector, HasNothingToDoAlone) {
  watch({kSelf});
  EXPECT_EQ(swim.next_deadline(), kNever);
}

TEST_F(Detector, TellsSinceWhen) {
  const Instant heard = now;
  hear(kC, {dead(kB, 4)});
  pass(1s, {kC, kD, kE});
  EXPECT_EQ(view(kB).since, heard);
  EXPECT_EQ(view(kB).state, (PeerState{kLife, 4, Liveness::dead}));
}

// ---- the dead, and isolation ----

TEST_F(Detector, ProbesOneDeadMemberAndOneDeadSeedNowAndThen) {
  hear(kE, {dead(kB), dead(kC), dead(kD)});
  asked.clear();
  pass(30s, {kE});
  std::map<NodeId, int> probed;
  for (const auto& [to, ping] : only<Ping>(asked)) probed[to] += 1;
  EXPECT_GE(probed[kC], 2);
  EXPECT_GE(probed[kD], 2);
  EXPECT_GE(probed[kB], 5) << "the seed";
  EXPECT_LE(probed[kB] + probed[kC] + probed[kD], 12);
  for (const auto& [to, ping] : only<Ping>(asked))
    EXPECT_TRUE(to == kE || ping.rumours.at(1) == dead(to)) << "so that it can refute";
}

TEST_F(Detector, ProbesEverybodyWhenNobodyIsLeft) {
  hear(kE, {dead(kB), dead(kC), dead(kD), dead(kE)});
  asked.clear();
  pass(3s, {});
  std::set<NodeId> probed;
  for (const auto& [to, ping] : only<Ping>(asked)) probed.insert(to);
  EXPECT_THAT(probed, ElementsAre(kB, kC, kD, kE));
}

// ---- the own pause ----

TEST_F(Detector, ExcusesSilenceWhileItselfDidNotRun) {
  pass(10s, {kB, kC, kD, kE});
  hear(kC, {suspect(kB, kC)});
  EXPECT_EQ(changes(), "2 suspect");
  now += 1h;
  swim.tick(now);
  pass(3s, {kC, kD, kE});
  EXPECT_EQ(changes(), "") << "the suspicion has lasted 3 s, not an hour";
}

TEST_F(Detector, ExcusesItWhenAMessageComesFirst) {
  pass(10s, {kB, kC, kD, kE});
  hear(kC, {suspect(kB, kC)});
  swim.take_changes();
  now += 1h;
  swim.receive(kC, Ping{1, {}}, now);
  swim.receive(kD, Ping{1, {}}, now);
  pass(3s, {kC, kD, kE});
  EXPECT_EQ(changes(), "");
}

TEST_F(Detector, GivesNoCreditForTheFuture) {
  pass(10s, {kB, kC, kD, kE});
  now += 1h;
  hear(kC, {suspect(kB, kC)});
  helpers_reach = {kB};
  pass(13s, {kC, kD, kE});
  EXPECT_EQ(changes(), "2 suspect, 2 dead");
}

TEST_F(Detector, AnAnswerThatWaitedWhileItPausedIsNoAnswerTooLate) {
  pass(10s, {kB, kC, kD, kE});
  for (int i = 0; i < 20; ++i) {
    pass(510ms, {});  // a question is open
    now += 30s;
    pass(0s, {kB, kC, kD, kE});
  }
  EXPECT_EQ(changes().find("dead"), std::string::npos);
}

TEST_F(Detector, DoesNotTakeALittleDelayForAnExcuse) {
  hear(kC, {suspect(kB, kC)});
  for (const Instant end = now + 14s; now < end;) {  // every tick comes late, but for less than a period
    now = swim.next_deadline() + 450ms;
    swim.tick(now);
    swim.take_outbox();
  }
  EXPECT_THAT(changes(), testing::HasSubstr("2 dead"));
}

}  // namespace
}  // namespace shoal
