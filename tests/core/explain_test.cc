// Why is it so: what every member holds of a key, and what happened lately.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ExplainTest : public testing::Test {
 protected:
  ExplainReply explain(Name via, const std::string& key = "k") {
    const CallId call = cluster_.ask(via, ExplainRequest{{}, {"default", key}, 1000ms});
    cluster_.advance(2s);
    return cluster_.reply<ExplainReply>(call);
  }
  static const ReplicaView& view_of(const ExplainReply& reply, Name name) {
    for (const ReplicaView& view : reply.replicas)
      if (view.node == id_of(name)) return view;
    throw std::out_of_range("no such replica");
  }
  std::vector<Event> events(Name via, std::uint64_t after = 0) {
    const CallId call = cluster_.ask(via, EventsRequest{{}, after});
    cluster_.run();
    return cluster_.reply<EventsReply>(call).events;
  }
  Name outsider() const {
    for (const Name name : std::string("abcd"))
      if (cluster_.owners("k").find(name) == std::string::npos) return name;
    return 'x';
  }

  Cluster cluster_{"abcd"};
};

TEST_F(ExplainTest, OwnersThatAgreeHaveOneDigestAndOthersHoldNothing) {
  ASSERT_EQ(cluster_.put('a', {.value = "twelve bytes", .w = 3}).outcome.code, Errc::ok);
  const ExplainReply reply = explain(outsider());
  EXPECT_EQ(reply.outcome.code, Errc::ok);
  EXPECT_EQ(reply.kind, Kind::siblings);
  ASSERT_EQ(reply.replicas.size(), 4U);
  const std::string owners = cluster_.owners("k");
  for (std::size_t i = 0; i < 4; ++i) {
    const ReplicaView& view = reply.replicas[i];
    EXPECT_TRUE(view.answered);
    EXPECT_EQ(view.owner, i < 3);
    EXPECT_THAT(view.found.hints_for, IsEmpty());
    EXPECT_EQ(view.found.hint.state, nullptr);
    if (i == 3) {
      EXPECT_EQ(view.found.copy.state, nullptr);
      continue;
    }
    EXPECT_EQ(view.node, id_of(owners[i]));
    ASSERT_NE(view.found.copy.state, nullptr);
    ASSERT_EQ(view.found.copy.state->siblings.size(), 1U);
    EXPECT_EQ(view.found.copy.state->siblings.front().value.size(), 0U) << "causality travels, values do not";
    EXPECT_THAT(view.found.copy.sizes, ElementsAre(12U));
    EXPECT_EQ(view.found.copy.digest, reply.replicas.front().found.copy.digest);
  }
}

TEST_F(ExplainTest, AReplicaThatMissedAWriteHasAnotherDigest) {
  ASSERT_EQ(cluster_.put('a', {.value = "one", .w = 3}).outcome.code, Errc::ok);
  const Name late = cluster_.owners("k")[2];
  cluster_.isolate(late);
  const Name via = cluster_.owners("k")[0];
  ASSERT_EQ(cluster_.put(via, {.value = "two", .w = 2}).outcome.code, Errc::ok);
  cluster_.heal();
  const ExplainReply reply = explain(via);
  const Held& stale = view_of(reply, late).found.copy;
  const Held& fresh = view_of(reply, via).found.copy;
  EXPECT_NE(stale.digest, fresh.digest);
  EXPECT_TRUE(fresh.state->clock.descends(stale.state->clock));
  EXPECT_FALSE(stale.state->clock.descends(fresh.state->clock));
}

// Kept for an owner by somebody else: seen by its place, whoever put it there.
TEST_F(ExplainTest, AHintIsShownWithTheOwnerItIsFor) {
  ASSERT_EQ(cluster_.put('a', {.value = "v", .w = 3}).outcome.code, Errc::ok);
  const Name holder = outsider();
  const Name owner = cluster_.owners("k")[1];
  const EntryPtr entry = cluster_.store(owner).held(cluster_.slot("k"));
  cluster_.store(holder).write(Place(id_of(owner), cluster_.slot("k")), entry);
  const Inspected found = view_of(explain('a'), holder).found;
  EXPECT_EQ(found.copy.state, nullptr);
  EXPECT_THAT(found.hints_for, ElementsAre(id_of(owner)));
  ASSERT_NE(found.hint.state, nullptr);
  EXPECT_EQ(found.hint.state->clock, entry->record.clock);
  EXPECT_THAT(found.hint.sizes, ElementsAre(1U));
}

TEST_F(ExplainTest, WhatCannotBeReadIsSaidAndNotCalledAbsent) {
  ASSERT_EQ(cluster_.put('a', {.w = 3}).outcome.code, Errc::ok);
  const Name owner = cluster_.owners("k")[0];
  cluster_.store(owner).spoil(cluster_.slot("k"));
  EXPECT_EQ(view_of(explain('a'), owner).found.outcome, Errc::corrupt);
}

TEST_F(ExplainTest, ADeadMemberDelaysNobodyAndASilentOneOnlyToTheDeadline) {
  ASSERT_EQ(cluster_.put('a', {.w = 3}).outcome.code, Errc::ok);
  const Name gone = outsider() == 'd' ? 'c' : 'd';
  cluster_.kill(gone);
  const CallId waiting = cluster_.ask('a', ExplainRequest{{}, {"default", "k"}, 1000ms});
  cluster_.advance(900ms);
  EXPECT_FALSE(cluster_.answered(waiting)) << "nobody knows yet that it is dead";
  cluster_.advance(100ms);
  EXPECT_FALSE(view_of(cluster_.reply<ExplainReply>(waiting), gone).answered);

  cluster_.believe(gone, Liveness::dead);
  const CallId call = cluster_.ask('a', ExplainRequest{{}, {"default", "k"}, 1000ms});
  cluster_.run();
  ASSERT_TRUE(cluster_.answered(call));
  const ExplainReply& reply = cluster_.reply<ExplainReply>(call);
  EXPECT_EQ(view_of(reply, gone).liveness, Liveness::dead);
  EXPECT_EQ(reply.outcome.acks, 3);
  EXPECT_EQ(reply.outcome.needed, 4);
}

TEST_F(ExplainTest, AKeyOrBucketThatCannotBeIsRefused) {
  EXPECT_EQ(explain('a', "").outcome.code, Errc::invalid);
  const CallId call = cluster_.ask('a', ExplainRequest{{}, {"nope", "k"}, 1000ms});
  cluster_.run();
  EXPECT_THAT(cluster_.reply<ExplainReply>(call).outcome.message, HasSubstr("there is no bucket \"nope\""));
}

TEST_F(ExplainTest, APeerMayNotAskAsAClientNorAClientAnswerAsAPeer) {
  cluster_.inject('b', 'a', ExplainRequest{{1}, {"default", "k"}, 1000ms});
  cluster_.inject('b', 'a', EventsRequest{{2}, 0});
  const std::size_t before = cluster_.delivered("ab");
  cluster_.run();
  EXPECT_EQ(cluster_.delivered("ab"), before);
  const CallId call = cluster_.ask('a', Inspect{{}, {"default", "k"}});
  cluster_.run();
  EXPECT_FALSE(cluster_.answered(call));
}

// ---- events -------------------------------------------------------------------------------------------------------

std::vector<EventKind> kinds(const std::vector<Event>& events) {
  std::vector<EventKind> kinds;
  for (const Event& event : events) kinds.push_back(event.kind);
  return kinds;
}

TEST_F(ExplainTest, EventsTellWhoCameAndWent) {
  cluster_.believe('c', Liveness::suspect);
  cluster_.believe('c', Liveness::dead);
  cluster_.believe('c', Liveness::dead);  // no news
  cluster_.believe('c', Liveness::alive);
  const std::vector<Event> told = events('a');
  EXPECT_THAT(kinds(told), ElementsAre(EventKind::started, EventKind::member_suspect, EventKind::member_dead,
                                       EventKind::member_alive));
  EXPECT_EQ(told[2].about, id_of('c'));
  EXPECT_EQ(told[2].text, "c is dead, was suspect");
  EXPECT_EQ(told[2].wall_ms, cluster_.now().wall.ms);
  EXPECT_THAT(kinds(events('a', told[2].number)), ElementsAre(EventKind::member_alive));
  EXPECT_THAT(events('a', told.back().number), IsEmpty());
}

TEST_F(ExplainTest, StatusKnowsSinceWhen) {
  const auto since = [&](Name member) {
    const CallId call = cluster_.ask('a', StatusRequest{});
    for (const MemberView& view : cluster_.reply<StatusReply>(call).members)
      if (view.id == id_of(member)) return view.since_ms;
    return std::int64_t{-1};
  };
  EXPECT_EQ(since('c'), 0);
  cluster_.advance(3s);
  cluster_.believe('c', Liveness::dead);
  const std::int64_t then = cluster_.now().wall.ms;
  cluster_.advance(3s);
  cluster_.believe('c', Liveness::dead);
  EXPECT_EQ(since('c'), then);
  EXPECT_EQ(since('b'), 0);
}

TEST_F(ExplainTest, EventsTellOfTheStoreOnceEachWay) {
  cluster_.advance(1s);
  cluster_.store('a').set_trouble(fail(Errc::no_space, "the disk is full"));
  cluster_.advance(5s);
  cluster_.store('a').set_trouble(std::nullopt);
  cluster_.advance(5s);
  cluster_.store('a').set_trouble(fail(Errc::overloaded, "busy"));
  cluster_.advance(5s);
  const std::vector<Event> told = events('a');
  EXPECT_THAT(kinds(told), ElementsAre(EventKind::started, EventKind::store_trouble, EventKind::store_recovered));
  EXPECT_EQ(told[1].text, "the disk is full");
}

TEST(Events, TellOfEveryDocumentThatIsAdopted) {
  Cluster cluster("ab", {.replicas = 2, .forming = true});
  ASSERT_EQ(cluster.put('b', {}).outcome.code, Errc::ok);  // closes formation
  const CallId call = cluster.ask('b', EventsRequest{});
  const std::vector<Event>& told = cluster.reply<EventsReply>(call).events;
  EXPECT_THAT(kinds(told), ElementsAre(EventKind::started, EventKind::document_adopted));
  EXPECT_THAT(told[0].text, HasSubstr("b started with membership document 1: 2 members"));
  EXPECT_THAT(told[1].text, HasSubstr("membership document 2"));
}

TEST(EventLog, ForgetsTheOldestAndKeepsCounting) {
  EventLog log;
  for (std::size_t i = 0; i < EventLog::kEventsMax + 5; ++i)
    log.add(WallTime{static_cast<std::int64_t>(i)}, EventKind::to_repair, NodeId{1}, "text");
  const std::vector<Event> kept = log.after(0);
  ASSERT_EQ(kept.size(), EventLog::kEventsMax);
  EXPECT_EQ(kept.front().number, 6U);
  EXPECT_EQ(kept.back().number, EventLog::kEventsMax + 5);
}

TEST(Counts, AreInTheStatus) {
  Cluster cluster("abc");
  ASSERT_EQ(cluster.put('a', {}).outcome.code, Errc::ok);
  const CallId call = cluster.ask('a', StatusRequest{});
  const std::vector<Counter>& counters = cluster.reply<StatusReply>(call).counters;
  const auto known = std::ranges::find(counters, "put_answered_by_quorum", &Counter::name);
  ASSERT_NE(known, counters.end());
  EXPECT_EQ(known->count, cluster.marks('a', Mark::put_answered_by_quorum));
}

}  // namespace
}  // namespace shoal
