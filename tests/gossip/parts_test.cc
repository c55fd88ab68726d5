// The small parts of the failure detector: local health, the order of probes, relays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "gossip/local_health.h"
#include "gossip/probe_order.h"
#include "gossip/relays.h"
#include "gossip/swim.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kAny = [](NodeId) { return true; };

TEST(LocalHealth, Table) {
  LocalHealth health;
  EXPECT_EQ(health.scale(500ms), 500ms);
  health.probe_succeeded();
  EXPECT_EQ(health.score(), 0) << "not below zero";
  health.probe_failed(3, 3);
  EXPECT_EQ(health.score(), 0) << "all helpers say that they hear nothing either: it is not us";
  health.probe_failed(3, 1);
  EXPECT_EQ(health.score(), 2) << "two helpers were not heard";
  health.probe_failed(0, 0);
  EXPECT_EQ(health.score(), 3) << "nobody to ask";
  health.refuted();
  EXPECT_EQ(health.score(), 4);
  EXPECT_EQ(health.scale(500ms), 2500ms);
  for (int i = 0; i < 10; ++i) health.probe_failed(3, 0);
  EXPECT_EQ(health.score(), kHealthMax);
  EXPECT_EQ(health.scale(1s), 9s) << "Lifeguard's 1 s, up to 9 s";
  for (int i = 0; i < 20; ++i) health.probe_succeeded();
  EXPECT_EQ(health.score(), 0);
}

TEST(ProbeOrder, GoesThroughAllBeforeAnyoneAgain) {
  Rng rng(1);
  ProbeOrder order;
  for (std::uint64_t node = 1; node <= 20; ++node) order.add(NodeId{node}, rng);
  while (order.next(rng, kAny) != NodeId{1}) continue;  // somewhere in a pass
  std::vector<NodeId> drawn;
  for (int i = 0; i < 100; ++i) drawn.push_back(*order.next(rng, kAny));
  for (std::uint64_t node = 1; node <= 20; ++node) {
    int gap = 0;
    for (const NodeId each : drawn) {
      gap = each == NodeId{node} ? 0 : gap + 1;
      EXPECT_LT(gap, 2 * 20 - 1) << "2n - 1 turns at worst";
    }
    EXPECT_GE(std::ranges::count(drawn, NodeId{node}), 4);
  }
}

TEST(ProbeOrder, KeepsItsPlaceWhenMembersComeAndGo) {
  Rng rng(2);
  ProbeOrder order;
  for (std::uint64_t node = 1; node <= 10; ++node) order.add(NodeId{node}, rng);
  std::set<NodeId> seen;
  while (seen.size() < 5) seen.insert(*order.next(rng, kAny));
  for (std::uint64_t node = 11; node <= 20; ++node) order.add(NodeId{node}, rng);
  for (const NodeId node : seen) order.remove(node);
  std::set<NodeId> left;
  for (int i = 0; i < 30; ++i) left.insert(*order.next(rng, kAny));
  EXPECT_THAT(left, SizeIs(15));
}

TEST(ProbeOrder, FindsNobodyWhereNobodyIsWanted) {
  Rng rng(3);
  ProbeOrder order;
  EXPECT_EQ(order.next(rng, kAny), std::nullopt);
  EXPECT_THAT(order.some(3, rng, kAny), IsEmpty());
  order.add(NodeId{1}, rng);
  EXPECT_EQ(order.next(rng, [](NodeId) { return false; }), std::nullopt);
  EXPECT_EQ(order.next(rng, kAny), NodeId{1});
  EXPECT_THAT(order.some(3, rng, kAny), SizeIs(1));
}

TEST(Relays, AnswerOnceAndForTheRightTarget) {
  Relays relays;
  ASSERT_TRUE(relays.add(70, {{1}, 7, {9}, kNever, Instant{5s}}));
  EXPECT_FALSE(relays.take(71, NodeId{9}));
  EXPECT_FALSE(relays.take(70, NodeId{8})) << "somebody else used the number";
  const auto relay = relays.take(70, NodeId{9});
  ASSERT_TRUE(relay);
  EXPECT_EQ(relay->asker, NodeId{1});
  EXPECT_EQ(relay->sequence, 7U);
  EXPECT_FALSE(relays.take(70, NodeId{9}));
}

TEST(Relays, AreDueOnceAndThenForgotten) {
  Relays relays;
  relays.add(70, {{1}, 7, {9}, Instant{2s}, Instant{5s}});
  EXPECT_EQ(relays.next_deadline(), Instant{2s});
  EXPECT_THAT(relays.due(Instant{1s}), IsEmpty());
  EXPECT_THAT(relays.due(Instant{2s}), SizeIs(1));
  EXPECT_THAT(relays.due(Instant{3s}), IsEmpty());
  EXPECT_EQ(relays.next_deadline(), Instant{5s});
  EXPECT_THAT(relays.due(Instant{5s}), IsEmpty());
  EXPECT_FALSE(relays.take(70, NodeId{9}));
  EXPECT_EQ(relays.next_deadline(), kNever);
}

TEST(Relays, AreBounded) {
  Relays relays;
  for (std::uint64_t i = 0; i < Relays::kRelaysMax; ++i) EXPECT_TRUE(relays.add(i, {{1}, i, {9}, kNever, Instant{5s}}));
  EXPECT_FALSE(relays.add(Relays::kRelaysMax, {{1}, 1, {9}, kNever, Instant{5s}}));
  relays.due(Instant{5s});
  EXPECT_TRUE(relays.add(1, {{1}, 1, {9}, kNever, Instant{6s}}));
}

// memberlist's vectors.
TEST(ExchangeScale, GrowsByOneWithEveryDoublingAbove32) {
  EXPECT_EQ(exchange_scale(0), 1);
  EXPECT_EQ(exchange_scale(32), 1);
  EXPECT_EQ(exchange_scale(33), 2);
  EXPECT_EQ(exchange_scale(64), 2);
  EXPECT_EQ(exchange_scale(65), 3);
  EXPECT_EQ(exchange_scale(128), 3);
}

}  // namespace
}  // namespace shoal
