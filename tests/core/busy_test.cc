// Slow peers, expired work and too much of it: hedges, deadlines that travel, and early refusal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// Reads of r = 2 through a, often enough that a knows b's and c's tails, both near zero.
class Hedge : public testing::Test {
 protected:
  void SetUp() override {
    c.put('a', {.value = "v1", .w = 3});
    for (int i = 0; i < 60; ++i) c.get('a', {.r = 3});
  }
  // The one that a asks next to itself.
  [[nodiscard]] Name preferred() const { return c.owners("k")[0] == 'a' ? c.owners("k")[1] : c.owners("k")[0]; }
  Cluster c{"abc"};
};

TEST_F(Hedge, GoesToTheNextReplicaAtTheTailOfTheFirst) {
  c.cut('a', preferred());
  const CallId get = c.start_get('a', {.r = 2});
  c.run();
  EXPECT_FALSE(c.answered(get));
  c.advance(1ms);  // long before anybody would be asked again
  EXPECT_THAT(values_of(c.reply<GetReply>(get)), ElementsAre("v1"));
  EXPECT_EQ(c.marks('a', Mark::get_hedged), 1U);
  EXPECT_EQ(c.marks('a', Mark::get_widened), 0U);
}

TEST_F(Hedge, StaysWithinItsBudget) {
  c.isolate('a');
  for (int i = 0; i < 10; ++i) {
    c.start_get('a', {.r = 2, .timeout = 2ms});
    c.advance(1ms);
  }
  EXPECT_LE(c.marks('a', Mark::get_hedged), 4U);
  EXPECT_GE(c.marks('a', Mark::get_hedge_denied), 1U);
}

// ---- deadlines that travel

TEST(Deadline, TravelsWithEveryQuestion) {
  Cluster c("abcde");
  std::vector<Millis> left;
  c.watch([&](const Cluster::Flight& flight, bool) {
    if (const auto* fetch = std::get_if<Fetch>(&flight.message)) left.push_back(fetch->left);
    if (const auto* keys = std::get_if<FetchKeys>(&flight.message)) left.push_back(keys->left);
    if (const auto* forward = std::get_if<Forward>(&flight.message)) left.push_back(forward->left);
  });
  c.get(c.fallbacks("k")[0], {.r = 2, .timeout = 700ms});
  c.list(c.owners("k")[0], {.partition = c.node('a').ring()->partition_of(c.slot("k")), .r = 2, .timeout = 300ms});
  EXPECT_THAT(left, ElementsAre(700ms, 700ms, 300ms));
}

TEST(Deadline, ThatHasPassedSparesTheStoreTheWork) {
  Cluster c("abc");
  c.put('a', {.w = 3});
  c.age_messages(2s);
  const CallId get = c.start_get('a', {.r = 2, .timeout = 1s});
  c.advance(1s);
  EXPECT_EQ(c.reply<GetReply>(get).outcome.code, Errc::timeout);
  EXPECT_GE(c.marks('b', Mark::expired_work_dropped) + c.marks('c', Mark::expired_work_dropped), 1U);
}

TEST(Deadline, ThatWasNotGivenNeverPasses) {
  Cluster c("abc");
  c.age_messages(1h);
  const auto record = std::make_shared<Record>();
  record->clock.raise({{Incarnation::of(1, 2), 1}, 1});
  for (const Purpose purpose : {Purpose::write, Purpose::handoff})
    c.inject('b', 'a', Replicate{{5}, {1}, {"default", "k"}, record, Kind::siblings, purpose});
  c.run();
  EXPECT_EQ(c.marks('a', Mark::expired_work_dropped), 0U);
  EXPECT_EQ(c.store('a').records(), 1U);
}

// A client that has given up is not told "ok" of a write that is made afterwards.
TEST(Deadline, OfAForwardedRequestIsTheClients) {
  Cluster c("abcde");
  PutRequest put;
  put.call = {5};
  put.key = {"default", "k"};
  const Name owner = c.owners("k")[0];
  c.age_messages(500ms);
  c.inject(c.fallbacks("k")[0], owner, Forward{{5}, put, 400ms});
  c.run();
  EXPECT_EQ(c.store(owner).records(), 0U);
  EXPECT_EQ(c.marks(owner, Mark::expired_work_dropped), 1U);
  put.request = {1, 1};
  c.inject(c.fallbacks("k")[0], owner, Forward{{6}, put, 600ms});
  c.run();
  EXPECT_EQ(c.store(owner).records(), 1U);
}

// ---- too much

TEST(Overload, OfTheDiskRefusesClientsBeforeAnyWork) {
  Cluster c("abc", {.waiting_for_disk_max = 3});
  c.slow_disk('a');
  for (int i = 0; i < 3; ++i) c.start_put('a', {.key = std::to_string(i)});
  c.run();
  const PutReply refused = c.put('a', {.key = "one more"});
  EXPECT_EQ(refused.outcome.code, Errc::overloaded);
  EXPECT_THAT(refused.outcome.message, HasSubstr("disk is far behind"));
  EXPECT_TRUE(c.record('a', "one more").clock.empty());
  EXPECT_EQ(c.get('a').outcome.code, Errc::overloaded);
  EXPECT_EQ(c.marks('a', Mark::client_refused_overloaded), 2U);
  c.fast_disk('a');
  EXPECT_EQ(c.put('a', {.key = "one more"}).outcome.code, Errc::ok);
}

TEST(Load, IsWhatWaitsForTheDiskAndHowLongThatTookLately) {
  Cluster c("abc");
  std::vector<Load> loads;
  c.watch([&](const Cluster::Flight& flight, bool) {
    if (const auto* fetched = std::get_if<Fetched>(&flight.message); fetched != nullptr && flight.from == 'b')
      loads.push_back(fetched->load);
  });
  c.slow_disk('b');
  c.start_put('a', {.w = 3});
  c.advance(40ms);
  c.get('a', {.r = 3});
  c.fast_disk('b');
  c.slow_disk('b');
  c.start_put('a', {.key = "other", .w = 3});
  c.run();
  c.get('a', {.r = 3});
  c.fast_disk('b');
  c.get('a', {.r = 3});
  ASSERT_EQ(loads.size(), 3U);
  EXPECT_GE(loads[0].queued, 1U);
  EXPECT_EQ(loads[1].service_us, 40'000U);
  EXPECT_EQ(loads[2].queued, 0U);
  EXPECT_EQ(loads[2].service_us, 0U);
}

}  // namespace
}  // namespace shoal
