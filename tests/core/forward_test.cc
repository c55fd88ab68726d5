// Any node may be asked: one that does not own the key passes the request on, once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// Five nodes, and the one name that is no owner of the key.
class Forward5 : public testing::Test {
 protected:
  [[nodiscard]] Name stranger() const {
    for (const Name name : {'a', 'b', 'c', 'd', 'e'})
      if (owners().find(name) == std::string::npos) return name;
    return '?';
  }
  [[nodiscard]] std::string owners() const { return c.owners("k"); }

  Cluster c{"abcde"};
};

TEST_F(Forward5, ServesEveryRequestThroughAnOwner) {
  const PutReply put = c.put(stranger(), {.value = "v1"});
  EXPECT_EQ(put.outcome.code, Errc::ok);
  EXPECT_EQ(put.outcome.acks, 2);
  EXPECT_EQ(c.store(stranger()).records(), 0U);
  const GetReply read = c.get(stranger());
  EXPECT_THAT(values_of(read), ElementsAre("v1"));
  EXPECT_EQ(c.put(stranger(), {.value = "v2", .context = read.context}).siblings, 1U);
  EXPECT_EQ(c.marks(stranger(), Mark::put_forwarded), 3U);
}

TEST_F(Forward5, PassesTheOwnersRefusalOn) {
  const PutReply refused = c.put(stranger(), {.context = "nonsense"});
  EXPECT_EQ(refused.outcome.code, Errc::bad_context);
}

TEST_F(Forward5, GoesToTheFirstOwnerThatIsUp) {
  c.believe(owners()[0], Liveness::dead);
  c.put(stranger(), {});
  EXPECT_EQ(c.marks(owners()[1], Mark::put_answered_by_quorum), 1U);
}

TEST_F(Forward5, WithNobodyElseUpIsCoordinatedByAFallback) {
  for (const Name owner : owners()) c.believe(owner, Liveness::dead);
  const PutReply reply = c.put(stranger(), {.w = 1});
  EXPECT_EQ(reply.outcome.code, Errc::ok);
  EXPECT_EQ(reply.stand_ins, 1);
}

// The owner may have done it and died before it could say so.
TEST_F(Forward5, WithoutAnAnswerIsUnknownForWritesAndATimeoutForReads) {
  c.isolate(stranger());
  const CallId put = c.start_put(stranger(), {.timeout = 300ms});
  const CallId get = c.start_get(stranger(), {.timeout = 300ms});
  c.advance(300ms);
  EXPECT_TRUE(c.reply<PutReply>(put).outcome.maybe_applied());
  EXPECT_EQ(c.reply<GetReply>(get).outcome.code, Errc::timeout);
}

// It hangs, and the failure detector has not noticed yet.
TEST_F(Forward5, DoesNotWaitForASilentOwner) {
  c.isolate(owners()[0]);
  const CallId put = c.start_put(stranger(), {.value = "v1"});
  c.advance(400ms);
  ASSERT_TRUE(c.answered(put));
  EXPECT_EQ(c.reply<PutReply>(put).outcome.code, Errc::ok);
  const CallId get = c.start_get(stranger(), {});
  c.advance(400ms);
  ASSERT_TRUE(c.answered(get));
  EXPECT_THAT(values_of(c.reply<GetReply>(get)), ElementsAre("v1"));
  EXPECT_EQ(c.marks(stranger(), Mark::forwarded_again), 2U);
}

TEST_F(Forward5, AWriteThatTwoOwnersMadeShowsOnce) {
  c.cut(owners()[0], stranger());
  const CallId put = c.start_put(stranger(), {.value = "v1"});
  c.advance(400ms);
  ASSERT_TRUE(c.answered(put));
  EXPECT_EQ(c.reply<PutReply>(put).outcome.code, Errc::ok);
  EXPECT_EQ(c.record(owners()[1], "k").siblings.size(), 2U);
  EXPECT_THAT(values_of(c.get(owners()[1])), ElementsAre("v1"));
}

TEST_F(Forward5, ARefusalBesideSilenceIsPassedOnOnlyForReads) {
  c.isolate(owners()[0]);
  const CallId put = c.start_put(stranger(), {.context = "nonsense"});
  const CallId get = c.start_get(stranger(), {.r = 9});
  c.advance(1000ms);
  EXPECT_TRUE(c.reply<PutReply>(put).outcome.maybe_applied());
  EXPECT_EQ(c.reply<GetReply>(get).outcome.code, Errc::invalid);
}

TEST_F(Forward5, AsksNoMoreThanThree) {
  for (const Name name : {'a', 'b', 'c', 'd', 'e'})
    if (name != stranger()) c.cut(name, stranger());
  c.start_get(stranger(), {});
  c.advance(1000ms);
  EXPECT_EQ(c.marks(stranger(), Mark::forwarded_again), 2U);
}

TEST_F(Forward5, IsAnsweredByTheOwnerThatWasAskedAndNobodyElse) {
  CallId passed_on;
  c.watch([&](const Cluster::Flight& flight, bool) {
    if (const auto* forward = std::get_if<Forward>(&flight.message)) passed_on = forward->call;
  });
  c.cut(owners()[0], stranger());
  const CallId get = c.start_get(stranger(), {});
  c.run();
  c.inject(owners()[1], stranger(), Forwarded{passed_on, GetReply{}});
  c.run();
  EXPECT_FALSE(c.answered(get));
  c.heal();
  c.inject(owners()[0], stranger(), Forwarded{passed_on, GetReply{}});
  c.run();
  EXPECT_TRUE(c.answered(get));
}

// Two views of who is alive must not pass a request back and forth: whoever gets it from a peer serves it.
TEST_F(Forward5, IsNotPassedOnASecondTime) {
  std::optional<Forwarded> answer;
  bool passed_on = false;
  c.watch([&](const Cluster::Flight& flight, bool) {
    if (const auto* forwarded = std::get_if<Forwarded>(&flight.message)) answer = *forwarded;
    passed_on = passed_on || (flight.from == stranger() && std::holds_alternative<Forward>(flight.message));
  });
  PutRequest put{.call = {5}, .request = {9, 9}, .key = {"default", "k"}, .value = Blob("v")};
  c.inject(owners()[0], stranger(), Forward{{5}, put});
  c.run();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->call, CallId{5});
  EXPECT_EQ(std::get<PutReply>(answer->reply).outcome.code, Errc::ok);
  EXPECT_FALSE(passed_on);
}

// A read goes no further either: whoever is passed one sees it through.
TEST_F(Forward5, OfAReadIsCoordinatedByWhoeverGetsIt) {
  c.put(owners()[0], {.value = "v1", .w = 3});
  std::optional<Forwarded> answer;
  c.watch([&](const Cluster::Flight& flight, bool) {
    if (const auto* forwarded = std::get_if<Forwarded>(&flight.message)) answer = *forwarded;
  });
  c.inject(owners()[0], stranger(), Forward{{5}, GetRequest{{5}, {"default", "k"}, 2, 1000ms}});
  c.run();
  ASSERT_TRUE(answer);
  EXPECT_THAT(values_of(std::get<GetReply>(answer->reply)), ElementsAre("v1"));
  EXPECT_EQ(c.marks(stranger(), Mark::get_coordinated_by_fallback), 1U);
}

}  // namespace
}  // namespace shoal
