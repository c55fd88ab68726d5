// What everybody says of a member, merged in any order and however often, is one answer: a join. Held over every
// combination of a small space.
#include "gossip/member_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace shoal {
namespace {

using namespace std::chrono_literals;

constexpr NodeId kSelf{1};
constexpr NodeId kB{2};
constexpr NodeId kC{3};
constexpr NodeId kD{4};

PeerState state(std::uint64_t start, std::uint64_t inc_no, Liveness liveness) {
  return {start == 0 ? Incarnation{} : Incarnation::of(start, start * 77), inc_no, liveness};
}

std::vector<PeerState> small_space() {
  std::vector<PeerState> states;
  for (const std::uint64_t start : {0U, 1U, 2U})
    for (const std::uint64_t inc_no : {0U, 1U, 2U})
      for (const Liveness liveness : {Liveness::alive, Liveness::suspect, Liveness::dead})
        states.push_back(state(start, inc_no, liveness));
  return states;
}

PeerState merged(const std::vector<PeerState>& said) {
  MemberTable table;
  table.add(kB, Instant{});
  for (const PeerState& each : said) table.merge(kB, each, Instant{});
  return table.find(kB)->state;
}

TEST(MemberTable, MergingIsAJoin) {
  const std::vector<PeerState> all = small_space();
  for (const PeerState& a : all) {
    EXPECT_EQ(newer(a, a), a);
    for (const PeerState& b : all) {
      ASSERT_EQ(newer(a, b), newer(b, a));
      ASSERT_EQ(merged({a, b}), merged({b, a}));
      ASSERT_EQ(merged({a, b}), merged({a, b, a, b, b}));
      for (const PeerState& c : all) ASSERT_EQ(newer(newer(a, b), c), newer(a, newer(b, c)));
    }
  }
}

TEST(MemberTable, EveryOrderOfFourRumoursEndsInTheSame) {
  std::vector<PeerState> said{state(1, 0, Liveness::suspect), state(1, 0, Liveness::dead), state(1, 1, Liveness::alive),
                              state(2, 0, Liveness::alive)};
  std::ranges::sort(said);
  do EXPECT_EQ(merged(said), state(2, 0, Liveness::alive));
  while (std::ranges::next_permutation(said).found);
}

TEST(MemberTable, OrderOfBelief) {
  const std::vector<PeerState> rising{
      state(0, 0, Liveness::alive), state(0, 0, Liveness::dead),  // never heard of
      state(1, 0, Liveness::alive), state(1, 0, Liveness::suspect),
      state(1, 0, Liveness::dead),  state(1, 1, Liveness::alive),
      state(1, 9, Liveness::dead),  state(2, 0, Liveness::alive),  // a later start replaces everything
  };
  EXPECT_TRUE(std::ranges::is_sorted(rising));
  EXPECT_EQ(std::ranges::adjacent_find(rising), rising.end());
}

TEST(MemberTable, SaysSinceWhenLivenessIsWhatItIs) {
  MemberTable table;
  table.add(kB, Instant{1s});
  EXPECT_EQ(table.find(kB)->since, Instant{1s});
  EXPECT_TRUE(table.merge(kB, state(1, 0, Liveness::alive), Instant{2s}));
  EXPECT_EQ(table.find(kB)->since, Instant{1s}) << "alive as before";
  EXPECT_TRUE(table.merge(kB, state(1, 0, Liveness::suspect), Instant{3s}));
  EXPECT_TRUE(table.merge(kB, state(1, 1, Liveness::suspect), Instant{4s}));
  EXPECT_EQ(table.find(kB)->since, Instant{3s}) << "accused anew";
  EXPECT_FALSE(table.merge(kB, state(1, 0, Liveness::dead), Instant{5s})) << "refuted long ago";
  EXPECT_EQ(table.find(kB)->since, Instant{3s});
}

TEST(MemberTable, GoesRoundTheDead) {
  MemberTable table;
  EXPECT_EQ(table.next_dead_after(NodeId{}), NodeId{});
  for (const NodeId node : {kB, kC, kD}) table.add(node, Instant{});
  EXPECT_EQ(table.next_dead_after(NodeId{}), NodeId{});
  table.merge(kB, state(1, 0, Liveness::dead), Instant{});
  table.merge(kD, state(1, 0, Liveness::dead), Instant{});
  EXPECT_EQ(table.dead(), 2U);
  EXPECT_EQ(table.next_dead_after(NodeId{}), kB);
  EXPECT_EQ(table.next_dead_after(kB), kD);
  EXPECT_EQ(table.next_dead_after(kD), kB);
  table.merge(kB, state(1, 1, Liveness::alive), Instant{});
  EXPECT_EQ(table.next_dead_after(kD), kD);
  table.remove(kD);
  EXPECT_EQ(table.dead(), 0U);
}

// Two members compare what they know of the same cluster, each from its own place in it.
TEST(MemberTable, DigestsAreEqualWhereTheSameIsKnown) {
  const PeerState of_self = state(1, 0, Liveness::alive);
  const PeerState of_b = state(4, 2, Liveness::alive);
  const PeerState of_c = state(3, 0, Liveness::suspect);
  MemberTable here;
  MemberTable there;
  for (const NodeId node : {kB, kC}) here.add(node, Instant{});
  for (const NodeId node : {kSelf, kC}) there.add(node, Instant{});
  here.merge(kB, of_b, Instant{});
  here.merge(kC, of_c, Instant{});
  there.merge(kSelf, of_self, Instant{});
  EXPECT_NE(here.digest(kSelf, of_self), there.digest(kB, of_b));
  there.merge(kC, of_c, Instant{7s});
  EXPECT_EQ(here.digest(kSelf, of_self), there.digest(kB, of_b));
}

}  // namespace
}  // namespace shoal
