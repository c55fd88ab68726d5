#include "bench/study/link_model.h"

#include <gtest/gtest.h>

namespace shoal::study {
namespace {

constexpr Instant kNow{std::chrono::hours(1)};

Fault fault_of(FaultWord word, std::vector<Nodes> groups) {
  Fault fault;
  fault.word = word;
  fault.groups = std::move(groups);
  return fault;
}

TEST(Cuts, APartitionBetweenItsGroupsAlone) {
  const Fault fault = fault_of(FaultWord::partition, {{0, 1}, {2}});
  EXPECT_TRUE(cuts(fault, 4, 0, 2));
  EXPECT_TRUE(cuts(fault, 4, 2, 1));
  EXPECT_FALSE(cuts(fault, 4, 0, 1));
  EXPECT_FALSE(cuts(fault, 4, 3, 0)) << "a node of no group sees both";
}

TEST(Cuts, OneWayFromTheFirstGroupAlone) {
  Fault fault = fault_of(FaultWord::partition, {{0}, {1}});
  fault.one_way = true;
  EXPECT_TRUE(cuts(fault, 2, 0, 1));
  EXPECT_FALSE(cuts(fault, 2, 1, 0));
}

TEST(Cuts, AnIsolatedNodeFromAllOthers) {
  const Fault fault = fault_of(FaultWord::isolate, {{1}});
  EXPECT_TRUE(cuts(fault, 3, 1, 0));
  EXPECT_TRUE(cuts(fault, 3, 2, 1));
  EXPECT_FALSE(cuts(fault, 3, 0, 2));
  EXPECT_FALSE(cuts(fault, 3, 1, 1));
}

TEST(Cuts, ARingButForNeighbours) {
  const Fault fault = fault_of(FaultWord::ring, {});
  EXPECT_FALSE(cuts(fault, 5, 0, 1));
  EXPECT_FALSE(cuts(fault, 5, 0, 4));
  EXPECT_TRUE(cuts(fault, 5, 0, 2));
  EXPECT_TRUE(cuts(fault, 5, 1, 4));
}

class LinkModelTest : public ::testing::Test {
 protected:
  LinkModelTest() {
    scenario_.cluster.nodes = 3;
    scenario_.links.delay.fill(Distribution::constant(2));
  }
  Instant arrival(LinkModel& links, std::uint32_t from, std::uint32_t to, Leg leg = Leg::other) const {
    return links.between(from, to, leg, kNow).first;
  }
  Scenario scenario_;
};

TEST_F(LinkModelTest, TellsLegsApart) {
  scenario_.links.delay[static_cast<std::size_t>(Leg::write)] = Distribution::constant(7);
  LinkModel links(scenario_, Rng(1));
  EXPECT_EQ(arrival(links, 0, 1, Leg::write), kNow + std::chrono::milliseconds(7));
  EXPECT_EQ(arrival(links, 0, 1, Leg::ack), kNow + std::chrono::milliseconds(2));
}

TEST_F(LinkModelTest, ARuleGoesBeforeWhatHoldsForAll) {
  LinkRule rule{{0}, {1}, scenario_.links};
  rule.quality.delay.fill(Distribution::constant(50));
  scenario_.link_rules.push_back(rule);
  LinkModel links(scenario_, Rng(1));
  EXPECT_EQ(arrival(links, 0, 1), kNow + std::chrono::milliseconds(50));
  EXPECT_EQ(arrival(links, 1, 0), kNow + std::chrono::milliseconds(2));
}

TEST_F(LinkModelTest, AFaultLastsFromItsBeginToItsEnd) {
  Fault slow = fault_of(FaultWord::slow, {{0}});
  slow.factor = 10;
  LinkModel links(scenario_, Rng(1));
  links.begin(slow);
  EXPECT_EQ(arrival(links, 0, 1), kNow + std::chrono::milliseconds(20));
  EXPECT_EQ(arrival(links, 1, 0), kNow + std::chrono::milliseconds(20)) << "both ways";
  EXPECT_EQ(arrival(links, 1, 2), kNow + std::chrono::milliseconds(2));
  links.end(slow);
  EXPECT_EQ(arrival(links, 0, 1), kNow + std::chrono::milliseconds(2));
}

TEST_F(LinkModelTest, LosesAndDoublesTheShareThatItIsTold) {
  Fault loss = fault_of(FaultWord::loss, {});
  loss.share = 0.2;
  scenario_.links.duplicate = 0.1;
  LinkModel links(scenario_, Rng(1));
  links.begin(loss);
  int lost = 0;
  int doubled = 0;
  for (int i = 0; i < 20'000; ++i) {
    const LinkModel::Arrivals arrivals = links.between(0, 1, Leg::other, kNow);
    lost += arrivals.first == kNever ? 1 : 0;
    doubled += arrivals.second != kNever ? 1 : 0;
  }
  EXPECT_NEAR(lost / 20'000.0, 0.2, 0.01);
  EXPECT_NEAR(doubled / 20'000.0, 0.8 * 0.1, 0.01);
}

TEST_F(LinkModelTest, InOrderAMessageWaitsForThoseBeforeIt) {
  scenario_.links.delay.fill(Distribution({{1, Exponential{5}}}, 0));
  scenario_.links.in_order = true;
  LinkModel links(scenario_, Rng(1));
  Instant last{};
  for (int i = 0; i < 1000; ++i) {
    const Instant at = arrival(links, 0, 1);
    EXPECT_GE(at, last);
    last = at;
  }
}

}  // namespace
}  // namespace shoal::study
