#include "gossip/dissemination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int kLimit = 3;

Rumour about(std::uint64_t node, std::uint64_t inc_no = 0, Liveness liveness = Liveness::alive) {
  return Rumour{{node}, {Incarnation::of(1, 1), inc_no, liveness}, {}};
}

// The members that the next message speaks of.
std::vector<std::uint64_t> taken(Dissemination& dissemination, std::size_t max, int limit = kLimit) {
  std::vector<Rumour> rumours;
  dissemination.take(rumours, max, limit);
  std::vector<std::uint64_t> nodes;
  for (const Rumour& rumour : rumours) nodes.push_back(rumour.node.value);
  return nodes;
}

// memberlist's vectors, and the steps between them.
TEST(Dissemination, RetransmitsAsOftenAsMemberlist) {
  EXPECT_EQ(retransmit_limit(3, 0), 0);
  EXPECT_EQ(retransmit_limit(3, 1), 3);
  EXPECT_EQ(retransmit_limit(3, 9), 3);
  EXPECT_EQ(retransmit_limit(3, 10), 6);
  EXPECT_EQ(retransmit_limit(3, 99), 6);
  EXPECT_EQ(retransmit_limit(3, 100), 9);
  EXPECT_EQ(retransmit_limit(4, 1000), 16);
}

TEST(Dissemination, SaysEverythingAtMostSoManyTimes) {
  Dissemination dissemination;
  dissemination.add(about(1));
  for (int i = 0; i < kLimit; ++i) EXPECT_THAT(taken(dissemination, 10), ElementsAre(1));
  EXPECT_THAT(taken(dissemination, 10), IsEmpty());
  EXPECT_TRUE(dissemination.empty());
}

TEST(Dissemination, SaysWhatWasSaidLeastFirstAndTheNewestOfThat) {
  Dissemination dissemination;
  dissemination.add(about(1));
  dissemination.add(about(2));
  dissemination.add(about(3));
  EXPECT_THAT(taken(dissemination, 2), ElementsAre(3, 2));
  EXPECT_THAT(taken(dissemination, 2), ElementsAre(1, 3));
  dissemination.add(about(4));
  EXPECT_THAT(taken(dissemination, 3), ElementsAre(4, 2, 1));
}

TEST(Dissemination, ANewerRumourTakesThePlaceOfTheOlder) {
  Dissemination dissemination;
  dissemination.add(about(1, 0, Liveness::suspect));
  taken(dissemination, 10);
  taken(dissemination, 10);
  dissemination.add(about(1, 1));
  EXPECT_EQ(dissemination.size(), 1U);
  for (int i = 0; i < kLimit; ++i) {
    std::vector<Rumour> rumours;
    dissemination.take(rumours, 10, kLimit);
    EXPECT_THAT(rumours, ElementsAre(about(1, 1)));
  }
  EXPECT_TRUE(dissemination.empty());
}

TEST(Dissemination, FillsUpWhatIsThereAlready) {
  Dissemination dissemination;
  dissemination.add(about(1));
  dissemination.add(about(2));
  std::vector<Rumour> rumours{about(7), about(8)};
  dissemination.take(rumours, 3, kLimit);
  EXPECT_THAT(rumours, ElementsAre(about(7), about(8), about(2)));
  dissemination.take(rumours, 3, kLimit);
  EXPECT_EQ(rumours.size(), 3U);
}

TEST(Dissemination, ForgetsMembersThatLeft) {
  Dissemination dissemination;
  dissemination.add(about(1));
  dissemination.add(about(2));
  dissemination.forget(NodeId{1});
  dissemination.forget(NodeId{9});
  EXPECT_THAT(taken(dissemination, 10), ElementsAre(2));
}

// However many are told and added meanwhile, each is said at most so often, and memory is bounded by the members.
TEST(Dissemination, IsBoundedUnderAStormOfRumours) {
  constexpr std::uint64_t kMembers = 50;
  Dissemination dissemination;
  std::map<std::uint64_t, int> said;
  for (std::uint64_t node = 1; node <= kMembers; ++node) dissemination.add(about(node));
  for (int i = 0; i < 1000; ++i)
    for (const std::uint64_t node : taken(dissemination, 7)) said[node] += 1;
  EXPECT_EQ(said.size(), kMembers);
  for (const auto& [node, times] : said) EXPECT_EQ(times, kLimit) << node;
  EXPECT_TRUE(dissemination.empty());
}

}  // namespace
}  // namespace shoal
