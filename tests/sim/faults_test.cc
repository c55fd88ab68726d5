#include <gtest/gtest.h>

#include <algorithm>

#include "bench/sim/network.h"
#include "bench/sim/options.h"

namespace shoal::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr NodeSet kAB = 0b00011;
constexpr NodeSet kCD = 0b01100;

Fault fault_of(FaultKind kind, std::uint64_t amount = 0) {
  return Fault{.kind = kind, .at = {}, .lasts = seconds(10), .left = kAB, .right = kCD, .amount = amount};
}

TEST(Fault, CutsBothWaysBetweenSides) {
  for (const FaultKind kind :
       {FaultKind::halves, FaultKind::isolated_node, FaultKind::random_sides, FaultKind::bridge}) {
    EXPECT_TRUE(cuts(fault_of(kind), 0, 2, {})) << name_of(kind);
    EXPECT_TRUE(cuts(fault_of(kind), 3, 1, {})) << name_of(kind);
    EXPECT_FALSE(cuts(fault_of(kind), 0, 1, {})) << "within a side, " << name_of(kind);
    EXPECT_FALSE(cuts(fault_of(kind), 4, 0, {})) << "node 4 sees both sides, " << name_of(kind);
  }
}

TEST(Fault, OneWayLetsAnswersBack) {
  EXPECT_TRUE(cuts(fault_of(FaultKind::one_way), 0, 2, {}));
  EXPECT_FALSE(cuts(fault_of(FaultKind::one_way), 2, 0, {}));
}

TEST(Fault, FlapsWithItsPeriod) {
  const Fault flapping = fault_of(FaultKind::flapping, 100);
  EXPECT_TRUE(cuts(flapping, 0, 2, milliseconds(50)));
  EXPECT_FALSE(cuts(flapping, 0, 2, milliseconds(150)));
  EXPECT_TRUE(cuts(flapping, 0, 2, milliseconds(250)));
}

TEST(FaultSchedule, IsOrderedAndCalmBetweenPartitionsOfAKind) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const std::vector<Fault> faults = draw_options(seed).faults;
    EXPECT_TRUE(std::ranges::is_sorted(faults, {}, &Fault::at));
    for (std::size_t i = 0; i < faults.size(); ++i)
      for (std::size_t j = i + 1; j < faults.size(); ++j)
        if (faults[i].kind == faults[j].kind && concerns_links(faults[i].kind)) {
          EXPECT_GT(faults[j].at, faults[i].at + faults[i].lasts) << "seed " << seed;
        }
  }
}

TEST(FaultSchedule, KeepsItsOtherKindsWhenOneIsLeftOut) {
  const std::vector<FaultKind> both = {FaultKind::crash, FaultKind::pause};
  const std::vector<Fault> with = draw_faults(both, 5, seconds(10), Rng(4));
  const std::vector<Fault> without = draw_faults({FaultKind::crash}, 5, seconds(10), Rng(4));
  std::vector<std::string> expected;
  std::vector<std::string> found;
  for (const Fault& fault : with)
    if (fault.kind == FaultKind::crash) expected.push_back(describe(fault));
  for (const Fault& fault : without) found.push_back(describe(fault));
  EXPECT_EQ(found, expected);
}

TEST(FaultSchedule, EveryKindIsDrawnBySomeSeed) {
  std::vector<int> drawn(static_cast<std::size_t>(FaultKind::count_));
  for (std::uint64_t seed = 1; seed <= 100; ++seed)
    for (const Fault& fault : draw_options(seed).faults) drawn[static_cast<std::size_t>(fault.kind)] += 1;
  for (std::size_t i = 0; i < drawn.size(); ++i) EXPECT_GT(drawn[i], 0) << name_of(static_cast<FaultKind>(i));
}

TEST(SimNetwork, LosesAndDuplicatesAtTheGivenRates) {
  Network network(DelayProfile::lan, Rng(1));
  const auto copies = [&] {
    std::size_t total = 0;
    for (int i = 0; i < 2000; ++i) total += network.between_nodes(0, 2, Instant{}).size();
    return total;
  };
  EXPECT_EQ(copies(), 2000u);
  const Fault lossy = fault_of(FaultKind::lossy, 250'000);
  network.begin(lossy, Instant{});
  EXPECT_NEAR(static_cast<double>(copies()), 1500, 120);
  network.end(lossy);
  network.begin(fault_of(FaultKind::duplicating, 500'000), Instant{});
  EXPECT_NEAR(static_cast<double>(copies()), 3000, 120);
}

TEST(SimNetwork, HoldsCloggedMessagesUntilTheFaultEnds) {
  Network network(DelayProfile::lan, Rng(1));
  network.begin(fault_of(FaultKind::clogged), Instant{});
  EXPECT_GE(network.between_nodes(0, 2, Instant{}).front(), Instant{seconds(10)});
  EXPECT_LT(network.between_nodes(2, 0, Instant{}).front(), Instant{seconds(1)});
}

TEST(SimNetwork, MessagesOvertakeEachOther) {
  Network network(DelayProfile::heavy_tail, Rng(1));
  bool overtaken = false;
  for (int i = 0; i < 100; ++i) {
    const Instant first = network.between_nodes(0, 1, Instant{}).front();
    overtaken = overtaken || network.between_nodes(0, 1, Instant{} + milliseconds(1)).front() < first;
  }
  EXPECT_TRUE(overtaken);
}

TEST(SimNetwork, HealsAtOnce) {
  Network network(DelayProfile::lan, Rng(1));
  network.begin(fault_of(FaultKind::halves), Instant{});
  EXPECT_TRUE(network.between_nodes(0, 2, Instant{}).empty());
  network.heal();
  EXPECT_EQ(network.between_nodes(0, 2, Instant{}).size(), 1u);
}

// A fault that begins and meets no message has not struck.
TEST(SimNetwork, KnowsWhichFaultsStruck) {
  Network network(DelayProfile::lan, Rng(1));
  for (const FaultKind kind : {FaultKind::one_way, FaultKind::clogged}) network.begin(fault_of(kind), Instant{});
  network.begin(fault_of(FaultKind::duplicating, 0), Instant{});
  network.between_nodes(2, 0, Instant{});
  EXPECT_EQ(network.struck(), FaultKinds{});
  network.between_nodes(0, 2, Instant{});
  EXPECT_EQ(network.struck(), only(FaultKind::one_way));
}

}  // namespace
}  // namespace shoal::sim
