// Strong buckets: what clients are told, what travels, and who may vote.
#include <gmock/gmock.h>

#include "node/core/register_record.h"
#include "tests/core/cluster.h"

namespace shoal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class StrongTest : public testing::Test {
 protected:
  StrongTest()
      : c("abc", {.strong = true}), first(c.owners("k")[0]), second(c.owners("k")[1]), third(c.owners("k")[2]) {}

  PutReply cas(Name via, const std::string& expected, const std::string& value) {
    return c.put(via, {.value = value, .condition = PutIf::value_is, .expected = expected});
  }

  Cluster c;
  Name first;
  Name second;
  Name third;
};

TEST_F(StrongTest, WritesAndReadsAnywhere) {
  EXPECT_EQ(c.put(first, {.value = "one"}).outcome.code, Errc::ok);
  EXPECT_EQ(c.put(third, {.value = "two"}).outcome.code, Errc::ok);
  for (const Name via : {first, second, third}) EXPECT_THAT(values_of(c.get(via)), ElementsAre("two"));
  const PutReply receipt = c.put(second, {.value = "three"});
  EXPECT_TRUE(receipt.durable);
  EXPECT_EQ(receipt.outcome.acks, 2);
  EXPECT_EQ(receipt.siblings, 1U);
}

TEST_F(StrongTest, ReadsWhatWasNeverWritten) {
  const GetReply reply = c.get(second);
  EXPECT_EQ(reply.outcome.code, Errc::ok);
  EXPECT_THAT(values_of(reply), IsEmpty());
  EXPECT_EQ(c.marks(first, Mark::strong_read_in_one_round), 1U);
}

TEST_F(StrongTest, ComparesAndSets) {
  EXPECT_EQ(c.put(first, {.value = "one", .condition = PutIf::absent}).outcome.code, Errc::ok);
  EXPECT_EQ(c.put(second, {.value = "two", .condition = PutIf::absent}).outcome.code, Errc::conflict);
  EXPECT_EQ(cas(third, "zero", "two").outcome.code, Errc::conflict);
  EXPECT_EQ(cas(third, "one", "two").outcome.code, Errc::ok);
  EXPECT_THAT(values_of(c.get(first)), ElementsAre("two"));
}

TEST_F(StrongTest, AContextIsACondition) {
  c.put(first, {.value = "one"});
  const std::string context = c.get(first).context;
  EXPECT_EQ(c.put(second, {.value = "two", .context = context}).outcome.code, Errc::ok);
  EXPECT_EQ(c.put(second, {.value = "three", .context = context}).outcome.code, Errc::conflict);
  EXPECT_EQ(c.del(second, "k", c.get(second).context).outcome.code, Errc::ok);
  EXPECT_THAT(values_of(c.get(first)), IsEmpty());
}

TEST_F(StrongTest, ATokenIsAContextToo) {
  const PutReply one = c.put(first, {.value = "one"});
  EXPECT_EQ(c.put(second, {.value = "two", .context = one.context}).outcome.code, Errc::ok);
}

TEST_F(StrongTest, ARetryIsAnsweredAndNotAppliedAgain) {
  const Put increment{.value = "one", .request = {7, 1}, .condition = PutIf::absent};
  ASSERT_EQ(c.put(first, increment).outcome.code, Errc::ok);
  Put retry = increment;
  retry.retry = true;
  EXPECT_EQ(c.put(second, retry).outcome.code, Errc::ok) << "its first try has won";
  EXPECT_EQ(version_in(c.decode("k", c.get(first).context).seen), 1U);
}

TEST_F(StrongTest, WhatWaitsForOneKeyGoesTogether) {
  c.slow_disk(second);
  c.slow_disk(third);
  std::vector<CallId> calls;
  for (int i = 0; i < 6; ++i) calls.push_back(c.start_put(first, {.value = "v" + std::to_string(i)}));
  c.run();
  c.fast_disk(second);
  c.fast_disk(third);
  for (const CallId call : calls) EXPECT_EQ(c.reply<PutReply>(call).outcome.code, Errc::ok);
  EXPECT_EQ(c.marks(first, Mark::strong_change_chosen), 2U) << "the first alone, then the five that waited for it";
  EXPECT_THAT(values_of(c.get(first)), ElementsAre("v5"));
}

TEST_F(StrongTest, AMajorityServesAndAMinorityRefuses) {
  c.put(first, {.value = "one"});
  c.isolate(first);
  c.believe(first, Liveness::dead);
  for (const Name other : {second, third}) c.node(first).liveness(id_of(other), Liveness::dead, c.now());
  EXPECT_EQ(c.put(second, {.value = "two"}).outcome.code, Errc::ok);
  EXPECT_THAT(values_of(c.get(third)), ElementsAre("two"));
  const PutReply refused = c.put(first, {.value = "three"});
  EXPECT_EQ(refused.outcome.code, Errc::unavailable);
  EXPECT_THAT(refused.outcome.message, HasSubstr("needs 2 of the key's 3 owners, and this node reaches 1"));
  EXPECT_EQ(c.get(first).outcome.code, Errc::unavailable);
  EXPECT_THAT(values_of(c.get(first, {.level = Level::eventual})), ElementsAre("one")) << "stale, and known chosen";
}

// The failure detector has not noticed yet: the deadline tells, and whether the change was sent decides how.
TEST_F(StrongTest, TheFateOfAWriteIsKnownUnlessItWasProposed) {
  c.isolate(first);
  const CallId early = c.start_put(first, {.value = "never sent"});
  c.advance(std::chrono::seconds(2));
  EXPECT_EQ(c.reply<PutReply>(early).outcome.code, Errc::unavailable);
  c.heal();
  c.lose([](const Cluster::Flight& flight) { return std::holds_alternative<Accept>(flight.message); });
  const CallId late = c.start_put(first, {.value = "sent", .request = {8, 1}});
  c.advance(std::chrono::seconds(2));
  EXPECT_EQ(c.reply<PutReply>(late).outcome.code, Errc::indeterminate);
  c.heal();
  EXPECT_EQ(c.put(first, {.value = "sent", .request = {8, 1}, .retry = true}).outcome.code, Errc::ok);
  EXPECT_THAT(values_of(c.get(second)), ElementsAre("sent"));
}

// So many clients have written that the key does not remember the first of them.
TEST_F(StrongTest, WhoIsForgottenIsToldWhatToName) {
  const std::uint64_t many = paxos::Register::kServedMax + paxos::Register::kClientsMax + 1;
  for (std::uint64_t client = 1; client <= many; ++client)
    ASSERT_EQ(c.put(first, {.value = "theirs", .request = {client, 1}}).outcome.code, Errc::ok);
  EXPECT_EQ(c.put(first, {.value = "late", .request = {1, 1}, .retry = true}).outcome.code, Errc::indeterminate);
  const PutReply refused = c.put(first, {.value = "new", .request = {99, 1}});
  EXPECT_EQ(refused.outcome.code, Errc::unavailable);
  EXPECT_GT(refused.since, 0U);
  EXPECT_THAT(values_of(c.get(second)), ElementsAre("theirs"));
  EXPECT_EQ(c.put(second, {.value = "new", .request = {99, 2}, .since = refused.since}).outcome.code, Errc::ok);
  EXPECT_THAT(values_of(c.get(second)), ElementsAre("new"));
}

TEST_F(StrongTest, NoVoteBeforeItIsOnTheDisk) {
  c.slow_disk(second);
  c.slow_disk(third);
  const CallId call = c.start_put(first, {.value = "one"});
  c.run();
  EXPECT_FALSE(c.answered(call));
  c.fast_disk(second);
  c.run();
  EXPECT_TRUE(c.answered(call));
}

TEST_F(StrongTest, RelaxedNodesSyncTheirVotesAllTheSame) {
  Cluster relaxed("abc", {.strong = true, .relaxed = "abc"});
  relaxed.slow_disk('b');
  relaxed.start_put('a', {.value = "one"});
  relaxed.run();
  EXPECT_TRUE(relaxed.store('b').hurried());
}

TEST_F(StrongTest, AVoterKeepsItsPromiseThroughACrash) {
  c.put(first, {.value = "one"});
  const paxos::Ballot promised = c.store(second).held(Place::acceptor_of(c.slot("k")))->acceptor->promised;
  c.kill(second);
  c.start(second);
  c.inject(first, second, Prepare{{1}, c.document(first).epoch, {"default", "k"}, {1, Incarnation{1}}, Millis{}});
  c.run();
  EXPECT_EQ(c.store(second).held(Place::acceptor_of(c.slot("k")))->acceptor->promised, promised);
  EXPECT_GE(c.marks(second, Mark::prepare_outbid), 1U);
}

// Its memory of the key cannot be read: "don't know" is not "nothing promised".
TEST_F(StrongTest, ADamagedVoterDoesNotVote) {
  c.put(first, {.value = "one"});
  c.store(second).spoil(Place::acceptor_of(c.slot("k")));
  EXPECT_EQ(c.put(first, {.value = "two"}).outcome.code, Errc::ok) << "two are a majority";
  EXPECT_GE(c.marks(second, Mark::acceptor_unreadable), 1U);
  c.store(third).spoil(Place::acceptor_of(c.slot("k")));
  const CallId call = c.start_put(first, {.value = "three"});
  c.advance(std::chrono::seconds(2));
  EXPECT_NE(c.reply<PutReply>(call).outcome.code, Errc::ok);
}

// ---- what travels ---------------------------------------------------------------------------------------------------

// Messages between nodes; what a coordinator asks itself does not travel.
class StrongTrafficTest : public StrongTest {
 protected:
  StrongTrafficTest() {
    c.watch([this](const Cluster::Flight& flight, bool) {
      std::visit([this](const auto& m) { count(m); }, flight.message);
    });
  }
  template <class M>
  void count(const M&) {
    if constexpr (std::is_same_v<M, Prepare> || std::is_same_v<M, Promise>) ++first_phase;
    if constexpr (std::is_same_v<M, Accept> || std::is_same_v<M, Accepted>) ++second_phase;
    if constexpr (std::is_same_v<M, Poll> || std::is_same_v<M, Polled>) ++polls;
    if constexpr (std::is_same_v<M, Learn>) ++learns;
  }
  void put(Name via, const std::string& value) {
    first_phase = second_phase = polls = learns = 0;
    EXPECT_EQ(c.put(via, {.value = value}).outcome.code, Errc::ok);
  }

  int first_phase = 0;
  int second_phase = 0;
  int polls = 0;
  int learns = 0;
};

TEST_F(StrongTrafficTest, AChangeTakesTwoRoundTripsAndTheNextOneOfThatNodeOne) {
  put(first, "one");
  EXPECT_EQ(first_phase, 4);
  EXPECT_EQ(second_phase, 4);
  EXPECT_EQ(learns, 2);
  put(first, "two");
  EXPECT_EQ(first_phase, 0);
  EXPECT_EQ(second_phase, 4);
  EXPECT_EQ(learns, 2);
  EXPECT_EQ(c.marks(first, Mark::strong_change_in_one_round), 1U);
  EXPECT_THAT(values_of(c.get(second)), ElementsAre("two"));
  EXPECT_EQ(polls, 4) << "a read takes one";
}

// The others promised somebody else while this node heard nothing.
TEST_F(StrongTrafficTest, PromisesThatAreOverCostAnotherRound) {
  put(first, "one");
  c.isolate(first);
  c.believe(first, Liveness::dead);
  put(second, "two");
  c.heal();
  c.believe(first, Liveness::alive);
  const CallId call = c.start_put(first, {.value = "three"});
  c.advance(std::chrono::seconds(1));
  EXPECT_EQ(c.reply<PutReply>(call).outcome.code, Errc::ok);
  EXPECT_GE(c.marks(first, Mark::strong_attempt_outbid), 1U);
  for (const Name via : {first, second, third}) EXPECT_THAT(values_of(c.get(via)), ElementsAre("three"));
}

// Nobody has to wait until it is asked a second time.
TEST_F(StrongTest, AReadDoesNotWaitForAVoterThatRefuses) {
  c.lose([this](const Cluster::Flight& flight) {
    return flight.to == third && !std::holds_alternative<Poll>(flight.message);
  });
  c.put(first, {.value = "one"});
  c.heal();
  c.store(second).spoil(Place::acceptor_of(c.slot("k")));
  const CallId call = c.start_get(first, {});
  c.run();
  ASSERT_TRUE(c.answered(call));
  EXPECT_THAT(values_of(c.reply<GetReply>(call)), ElementsAre("one"));
}

// Its own vote is unreadable, so that it does not know what it has promised itself. Two values once shared a ballot,
// and a minority that held the first one made a majority with holders of the second (seeds 139 and 1565 of --strong).
TEST_F(StrongTest, NoBallotIsUsedTwice) {
  c.put(first, {.value = "one"});
  c.store(first).spoil(Place::acceptor_of(c.slot("k")));
  const auto vote = [&] { return *c.store(second).held(Place::acceptor_of(c.slot("k")))->acceptor; };
  const paxos::Ballot before = vote().accepted;
  ASSERT_EQ(c.put(first, {.value = "two"}).outcome.code, Errc::ok);
  EXPECT_EQ(vote().value->value.view(), "two");
  EXPECT_GT(vote().accepted, before);
}

TEST_F(StrongTest, AVoteOfAnotherEpochIsRefused) {
  c.inject(first, second, Prepare{{1}, Epoch{9}, {"default", "k"}, {1, Incarnation{1}}, Millis{}});
  c.run();
  EXPECT_EQ(c.marks(second, Mark::vote_refused_other_epoch), 1U);
  EXPECT_EQ(c.store(second).held(Place::acceptor_of(c.slot("k"))), nullptr);
}

TEST_F(StrongTest, WhatIsChosenIsEveryOwnersRecord) {
  c.put(first, {.value = "one"});
  c.put(first, {.value = "two"});
  for (const Name name : {first, second, third}) {
    const Record record = c.record(name, "k");
    ASSERT_EQ(record.siblings.size(), 1U);
    EXPECT_EQ(record.siblings[0].dot, (Dot{kRegisterActor, 2}));
    EXPECT_EQ(record.siblings[0].value.view(), "two");
  }
}

TEST_F(StrongTest, ASessionReadsItsOwnWrites) {
  const PutReply written = c.put(first, {.value = "one"});
  const GetReply read = c.get(third, {.level = Level::session, .session = written.context});
  EXPECT_EQ(read.outcome.code, Errc::ok);
  EXPECT_THAT(values_of(read), ElementsAre("one"));
}

TEST(Strong, OutsideAStrongBucketGetsTheCommand) {
  Cluster c("abc");
  for (const Error& outcome :
       {c.get('a', {.level = Level::strong}).outcome, c.put('a', {.level = Level::strong}).outcome,
        c.put('a', {.condition = PutIf::absent}).outcome}) {
    EXPECT_EQ(outcome.code, Errc::invalid);
    EXPECT_THAT(outcome.message, HasSubstr("shoal bucket create NAME --kind strong"));
  }
}

TEST(Strong, MessagesThatComeTwiceChangeNothing) {
  Cluster c("abc", {.strong = true});
  c.deliver_twice(true);
  EXPECT_EQ(c.put('a', {.value = "one"}).outcome.code, Errc::ok);
  EXPECT_EQ(c.put('b', {.value = "two", .condition = PutIf::value_is, .expected = "one"}).outcome.code, Errc::ok);
  EXPECT_THAT(values_of(c.get('c')), ElementsAre("two"));
}

}  // namespace
}  // namespace shoal
