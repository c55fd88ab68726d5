// What a node suffers on purpose: what was ordered, while it is in force, and nothing else.
#include "node/io/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <thread>

#include "node/io/clock.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr NodeId kA{1};
constexpr NodeId kB{2};
constexpr NodeId kC{3};

Membership four_members() {
  Membership document;
  document.members = {Member{.id = kA, .name = "a"}, Member{.id = kB, .name = "b"}, Member{.id = kC, .name = "c"},
                      Member{.id = {4}, .name = "gone", .state = MemberState::removed}};
  return document;
}

class FaultsTest : public testing::Test {
 protected:
  Status add(FaultRule rule) {
    if (rule.lasts == Millis{}) rule.lasts = 10s;
    return faults.add({std::move(rule)}, four_members(), now);
  }
  std::string complaint(FaultRule rule) {
    const Status added = add(std::move(rule));
    return added ? "" : added.error().message;
  }
  bool lost(NodeId peer, FaultWay way) { return faults.fate(peer, way, now).lost; }
  std::vector<std::string> news() {
    std::vector<std::string> texts;
    for (const Faults::News& item : faults.take_news(now)) texts.push_back(item.text);
    return texts;
  }

  Faults faults{kA, 7};
  Instant now{1000s};
};

TEST_F(FaultsTest, WithoutOrdersNothingStrikes) {
  EXPECT_FALSE(faults.strike_links());
  EXPECT_FALSE(lost(kB, FaultWay::out));
  EXPECT_EQ(faults.wall_shift(now), Millis{});
  EXPECT_EQ(faults.before_sync(), 0);
  EXPECT_EQ(faults.next_news(), kNever);
  EXPECT_THAT(faults.counters(), IsEmpty());
}

TEST_F(FaultsTest, ACutHasPeersAndAWay) {
  ASSERT_TRUE(add({.kind = FaultKind::cut, .peers = {"b"}, .way = FaultWay::out}));
  EXPECT_TRUE(faults.strike_links());
  EXPECT_TRUE(lost(kB, FaultWay::out));
  EXPECT_FALSE(lost(kB, FaultWay::in));
  EXPECT_FALSE(lost(kC, FaultWay::out));
  ASSERT_TRUE(add({.kind = FaultKind::cut, .peers = {to_string(kC)}}));
  EXPECT_TRUE(lost(kC, FaultWay::in));
  EXPECT_TRUE(faults.cuts(kC, FaultWay::out, now));
  EXPECT_FALSE(faults.cuts(kB, FaultWay::in, now));
}

TEST_F(FaultsTest, ARuleWithoutPeersIsAboutAll) {
  ASSERT_TRUE(add({.kind = FaultKind::cut}));
  EXPECT_TRUE(lost(kB, FaultWay::in));
  EXPECT_TRUE(lost(kC, FaultWay::out));
}

// Whether or not anybody has asked for news.
TEST_F(FaultsTest, WhatIsOverStrikesNothing) {
  ASSERT_TRUE(add({.kind = FaultKind::cut, .lasts = 5s}));
  now += 5s - 1ns;
  EXPECT_TRUE(lost(kB, FaultWay::out));
  now += 1ns;
  EXPECT_FALSE(lost(kB, FaultWay::out));
  EXPECT_FALSE(faults.cuts(kB, FaultWay::out, now));
  EXPECT_THAT(faults.in_force(now), IsEmpty());
  EXPECT_EQ(faults.count(now), 0U);
}

TEST_F(FaultsTest, BeginningsAndEndsAreNews) {
  ASSERT_TRUE(add({.kind = FaultKind::cut, .peers = {"b"}, .lasts = 5s}));
  EXPECT_THAT(news(), ElementsAre("fault 1 begins, for 5 s: cut: loses all frames to and from b"));
  EXPECT_EQ(faults.next_news(), now + 5s);
  EXPECT_TRUE(lost(kB, FaultWay::out));
  now += 5s;
  EXPECT_THAT(news(), ElementsAre("fault 1 is over: cut: loses all frames to and from b; it struck 1"));
  EXPECT_FALSE(faults.strike_links());
  EXPECT_EQ(faults.next_news(), kNever);
}

TEST_F(FaultsTest, AreClearedOneByOneOrAll) {
  ASSERT_TRUE(add({.kind = FaultKind::cut}));
  ASSERT_TRUE(add({.kind = FaultKind::loss, .share = 10'000}));
  ASSERT_TRUE(add({.kind = FaultKind::clock, .offset = 1h}));
  const Status unknown = faults.clear({1, 9}, now);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "there is no fault 9 in force; see shoal faults ls");
  EXPECT_EQ(faults.count(now), 3U);
  ASSERT_TRUE(faults.clear({2}, now));
  EXPECT_EQ(faults.count(now), 2U);
  ASSERT_TRUE(faults.clear({}, now));
  EXPECT_EQ(faults.count(now), 0U);
  EXPECT_FALSE(faults.strike_links());
  EXPECT_THAT(news(), SizeIs(6));
}

TEST_F(FaultsTest, AShareIsAShare) {
  ASSERT_TRUE(add({.kind = FaultKind::loss, .share = 250'000}));
  int struck = 0;
  for (int i = 0; i < 10'000; ++i) struck += lost(kB, FaultWay::out) ? 1 : 0;
  EXPECT_NEAR(struck, 2500, 250);
  EXPECT_EQ(faults.in_force(now)[0].struck, static_cast<std::uint64_t>(struck));
  EXPECT_EQ(faults.in_force(now)[0].text, "loss: loses 25 % of the frames to and from all members");
  ASSERT_THAT(faults.counters(), SizeIs(1));
  EXPECT_EQ(faults.counters()[0].name, "fault_loss");
}

TEST_F(FaultsTest, DelaysAreDrawnAndAddUp) {
  ASSERT_TRUE(add({.kind = FaultKind::delay, .least = 50ms, .most = 80ms}));
  Duration least = kNever.time_since_epoch();
  Duration most{};
  for (int i = 0; i < 1000; ++i) {
    const Duration later = faults.fate(kB, FaultWay::in, now).later;
    least = std::min(least, later);
    most = std::max(most, later);
  }
  EXPECT_GE(least, 50ms);
  EXPECT_LE(most, 80ms);
  EXPECT_GT(most - least, 25ms);
  ASSERT_TRUE(add({.kind = FaultKind::delay, .least = 100ms, .most = 100ms}));
  EXPECT_GE(faults.fate(kB, FaultWay::in, now).later, 150ms);
}

// What arrives is not damaged here.
TEST_F(FaultsTest, CorruptionStrikesWhatIsSent) {
  ASSERT_TRUE(add({.kind = FaultKind::corrupt}));
  EXPECT_TRUE(faults.fate(kB, FaultWay::out, now).corrupt);
  EXPECT_FALSE(faults.fate(kB, FaultWay::in, now).corrupt);
  EXPECT_THAT(complaint({.kind = FaultKind::corrupt, .way = FaultWay::in}), HasSubstr("it strikes what a node sends"));
}

TEST_F(FaultsTest, AWallClockIsOffAndDrifts) {
  ASSERT_TRUE(add({.kind = FaultKind::clock, .offset = -1h, .drift_ppm = 500}));
  EXPECT_FALSE(faults.strike_links());
  EXPECT_EQ(faults.wall_shift(now), -1h);
  EXPECT_EQ(faults.wall_shift(now + 4s), -1h + 2ms);
  EXPECT_EQ(faults.wall_shift(now + 10s), 0ms);
}

TEST_F(FaultsTest, ASyncFailsAsOrdered) {
  now = read_clock().mono;
  ASSERT_TRUE(add({.kind = FaultKind::disk_full}));
  EXPECT_EQ(faults.before_sync(), ENOSPC);
  ASSERT_TRUE(faults.clear({}, now));
  ASSERT_TRUE(add({.kind = FaultKind::disk_error}));
  EXPECT_EQ(faults.before_sync(), EIO);
  faults.end_all();
  EXPECT_EQ(faults.before_sync(), 0);
}

TEST_F(FaultsTest, ASyncWaits) {
  now = read_clock().mono;
  ASSERT_TRUE(add({.kind = FaultKind::disk_slow, .least = 20ms, .most = 30ms}));
  EXPECT_EQ(faults.before_sync(), 0);
  EXPECT_GE(read_clock().mono - now, 20ms);
}

// Nobody who clears faults, or ends the process, waits for a sync that waits.
TEST_F(FaultsTest, ASyncThatWaitsGoesOnWhenItsFaultIsCleared) {
  now = read_clock().mono;
  ASSERT_TRUE(add({.kind = FaultKind::disk_slow, .least = 10s, .most = 10s}));
  std::jthread syncing([this] { EXPECT_EQ(faults.before_sync(), 0); });
  while (faults.in_force(now)[0].struck == 0) std::this_thread::yield();
  ASSERT_TRUE(faults.clear({}, now));
  syncing.join();
  EXPECT_LT(read_clock().mono - now, 9s);
}

TEST_F(FaultsTest, OrdersAreAllTakenOrNone) {
  FaultRule good{.kind = FaultKind::cut, .lasts = 1s};
  FaultRule bad{.kind = FaultKind::cut, .peers = {"nobody"}, .lasts = 1s};
  EXPECT_FALSE(faults.add({good, bad}, four_members(), now));
  EXPECT_EQ(faults.count(now), 0U);
  EXPECT_THAT(news(), IsEmpty());
}

TEST_F(FaultsTest, SenselessOrdersGetASentence) {
  EXPECT_THAT(complaint({.kind = FaultKind::cut, .peers = {"nobody"}}), "cut: there is no member \"nobody\"");
  EXPECT_THAT(complaint({.kind = FaultKind::cut, .peers = {"gone"}}), HasSubstr("no member \"gone\""));
  EXPECT_THAT(complaint({.kind = FaultKind::cut, .peers = {"a"}}), HasSubstr("is this node itself"));
  EXPECT_THAT(complaint({.kind = FaultKind::cut, .lasts = 2h}), HasSubstr("from 1 ms to 1 hour"));
  EXPECT_THAT(complaint({.kind = FaultKind::cut, .lasts = -1ms}), HasSubstr("say how long it lasts"));
  EXPECT_THAT(complaint({.kind = FaultKind::cut, .share = 5}), HasSubstr("order loss"));
  EXPECT_THAT(complaint({.kind = FaultKind::loss, .share = 0}), HasSubstr("a share is above 0"));
  EXPECT_THAT(complaint({.kind = FaultKind::loss, .share = 1'000'001}), HasSubstr("a share is above 0"));
  EXPECT_THAT(complaint({.kind = FaultKind::delay}), HasSubstr("a delay is from 1 ms to 60 s"));
  EXPECT_THAT(complaint({.kind = FaultKind::delay, .least = 5ms, .most = 4ms}),
              HasSubstr("from a shorter to a longer"));
  EXPECT_THAT(complaint({.kind = FaultKind::disk_slow, .most = 11s}), HasSubstr("a delay is from 1 ms to 10 s"));
  EXPECT_THAT(complaint({.kind = FaultKind::disk_full, .peers = {"b"}}), HasSubstr("about the node itself"));
  EXPECT_THAT(complaint({.kind = FaultKind::clock}), HasSubstr("say an offset, a drift, or both"));
  EXPECT_THAT(complaint({.kind = FaultKind::clock, .drift_ppm = 100'001}), HasSubstr("the drift is at most"));
}

TEST_F(FaultsTest, AreBounded) {
  const std::vector<FaultRule> many(Faults::kRulesMax, FaultRule{.kind = FaultKind::cut, .lasts = 1s});
  ASSERT_TRUE(faults.add(many, four_members(), now));
  EXPECT_EQ(add({.kind = FaultKind::cut}).error().code, Errc::overloaded);
  now += 1s;
  EXPECT_TRUE(add({.kind = FaultKind::cut}));
}

}  // namespace
}  // namespace shoal
