#include "node/ring/preference_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "tests/ring/documents.h"

namespace shoal {
namespace {

using Nodes = std::vector<NodeId>;

Nodes nodes_of(std::span<const NodeId> span) { return {span.begin(), span.end()}; }

std::set<NodeId> set_of(std::span<const NodeId> span) { return {span.begin(), span.end()}; }

template <class Check>
void for_partitions(const PreferenceLists& lists, Check check) {
  for (std::uint32_t p = 0; p < lists.document().partitions && !testing::Test::HasFatalFailure(); ++p)
    check(PartitionId{p});
}

// Replicas that somebody has to fetch, because they own a partition that they did not own before.
std::map<NodeId, int> gains(const PreferenceLists& before, const PreferenceLists& after) {
  std::map<NodeId, int> gained;
  for_partitions(after, [&](PartitionId p) {
    for (const NodeId owner : after.owners(p))
      if (!before.owns(owner, p)) ++gained[owner];
  });
  return gained;
}

int total(const std::map<NodeId, int>& counts) {
  int sum = 0;
  for (const auto& [node, count] : counts) sum += count;
  return sum;
}

bool same_places(const PreferenceLists& a, const PreferenceLists& b) {
  bool same = true;
  for_partitions(a, [&](PartitionId p) { same = same && nodes_of(a.ranked(p)) == nodes_of(b.ranked(p)); });
  return same;
}

double share(const PreferenceLists& lists, NodeId node) {
  int owned = 0;
  for_partitions(lists, [&](PartitionId p) { owned += lists.owns(node, p) ? 1 : 0; });
  return static_cast<double>(owned) / lists.document().partitions;
}

TEST(Partitions, TileTheSlotsWithoutGapOrOverlap) {
  for (const std::uint32_t partitions : {kPartitionsMin, kPartitionsDefault, kPartitionsMax}) {
    Membership document = cluster_of(1);
    document.partitions = partitions;
    const PreferenceLists lists(document);
    EXPECT_EQ(lists.first_slot({0}), (Slot{0, 0}));
    for_partitions(lists, [&](PartitionId p) {
      const Slot first = lists.first_slot(p);
      const Slot last{lists.first_slot({p.value + 1}).hi - 1, std::numeric_limits<std::uint64_t>::max()};
      ASSERT_EQ(lists.partition_of(first), p);
      ASSERT_EQ(lists.partition_of(last), p);
      ASSERT_LT(first, last);
    });
    const std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(lists.partition_of({highest, highest}), PartitionId{partitions - 1});
  }
}

// Whatever changes in a document: with the lists of the one before at hand they come out the same.
TEST(PreferenceLists, AreTheSameWithThoseOfTheDocumentBefore) {
  const Membership first = cluster_of(5);
  const PreferenceLists before(first);
  const auto same_as_anew = [&](const Membership& document) {
    const PreferenceLists anew(document);
    const PreferenceLists next(document, &before);
    for_partitions(anew, [&](PartitionId p) { ASSERT_TRUE(std::ranges::equal(anew.ranked(p), next.ranked(p))); });
    return next.ranked({0}).data() == before.ranked({0}).data();
  };
  Membership document = first;
  document.buckets = {{.name = "carts"}};
  document.members[2].address = "elsewhere:1";
  EXPECT_TRUE(same_as_anew(document)) << "shared";
  document = first;
  document.members[2].weight *= 2;
  EXPECT_FALSE(same_as_anew(document));
  document = first;
  document.members[2].state = MemberState::removed;
  EXPECT_FALSE(same_as_anew(document));
  document = first;
  document.members[2].zone = "another";
  EXPECT_FALSE(same_as_anew(document));
  EXPECT_FALSE(same_as_anew(cluster_of(6)));
}

TEST(PreferenceLists, OwnersAreDistinctAndFallbacksAreTheRest) {
  const PreferenceLists lists(cluster_of(7));
  std::set<NodeId> everybody;
  for (const Member& each : lists.document().members) everybody.insert(each.id);
  for_partitions(lists, [&](PartitionId p) {
    ASSERT_EQ(lists.owners(p).size(), 3u);
    ASSERT_EQ(set_of(lists.owners(p)).size(), 3u);
    ASSERT_EQ(lists.fallbacks(p).size(), 4u);
    ASSERT_EQ(set_of(lists.ranked(p)), everybody);
    Nodes joined = nodes_of(lists.owners(p));
    for (const NodeId fallback : lists.fallbacks(p)) joined.push_back(fallback);
    ASSERT_EQ(joined, nodes_of(lists.ranked(p)));
  });
}

TEST(PreferenceLists, OwnsSaysWhatOwnersSays) {
  const PreferenceLists lists(cluster_of(7));
  for_partitions(lists, [&](PartitionId p) {
    for (const Member& each : lists.document().members)
      ASSERT_EQ(lists.owns(each.id, p), set_of(lists.owners(p)).contains(each.id));
    ASSERT_FALSE(lists.owns(node_id(99), p));
  });
}

TEST(PreferenceLists, OfFewerMembersThanReplicasHaveThemAllAsOwners) {
  const PreferenceLists lists(cluster_of(2));
  for_partitions(lists, [&](PartitionId p) {
    ASSERT_EQ(set_of(lists.owners(p)), (std::set<NodeId>{node_id(0), node_id(1)}));
    ASSERT_TRUE(lists.fallbacks(p).empty());
  });
}

TEST(PreferenceLists, AreIdenticalForEqualDocuments) {
  EXPECT_TRUE(same_places(PreferenceLists(cluster_of(6, 3)), PreferenceLists(cluster_of(6, 3))));
}

TEST(PreferenceLists, DependOnTheClustersKey) {
  Membership other = cluster_of(6);
  other.cluster_key.bytes.fill(8);
  EXPECT_FALSE(same_places(PreferenceLists(cluster_of(6)), PreferenceLists(other)));
}

TEST(PreferenceLists, RemovedAndJoiningMembersHoldNothing) {
  Membership document = cluster_of(6);
  nth(document, 1).state = MemberState::joining;
  nth(document, 4).state = MemberState::removed;
  const PreferenceLists lists(document);
  const std::set<NodeId> holders{node_id(0), node_id(2), node_id(3), node_id(5)};
  for_partitions(lists, [&](PartitionId p) { ASSERT_EQ(set_of(lists.ranked(p)), holders); });
}

// Until its partitions have moved, a leaving member is as good an owner as any.
TEST(PreferenceLists, LeavingMembersStillHoldWhatTheyHad) {
  Membership document = cluster_of(6);
  nth(document, 2).state = MemberState::leaving;
  EXPECT_TRUE(same_places(PreferenceLists(cluster_of(6)), PreferenceLists(document)));
}

TEST(PreferenceLists, NeitherAddressNorNameNorEpochMovesAnything) {
  Membership document = cluster_of(6, 3);
  nth(document, 2).address = "elsewhere:9000";
  nth(document, 3).name = "renamed";
  document.epoch = {8};
  document.forming = false;
  EXPECT_TRUE(same_places(PreferenceLists(cluster_of(6, 3)), PreferenceLists(document)));
}

TEST(PreferenceLists, ThreeZonesHoldOneReplicaEach) {
  const Membership document = cluster_of(10, 3);
  const PreferenceLists lists(document);
  for_partitions(lists, [&](PartitionId p) {
    std::set<std::string> zones;
    for (const NodeId owner : lists.owners(p)) zones.insert(document.find(owner)->zone);
    ASSERT_EQ(zones.size(), 3u);
  });
}

TEST(PreferenceLists, TwoZonesHoldAtLeastOneReplicaEach) {
  const Membership document = cluster_of(9, 2);
  const PreferenceLists lists(document);
  for_partitions(lists, [&](PartitionId p) {
    std::set<std::string> zones;
    for (const NodeId owner : lists.owners(p)) zones.insert(document.find(owner)->zone);
    ASSERT_EQ(zones.size(), 2u);
  });
}

// With one replica the share is exactly proportional: 200 of 1100.
TEST(PreferenceLists, AMemberOfDoubleWeightOwnsDouble) {
  Membership document = cluster_of(10);
  document.partitions = 16384;
  document.replicas = 1;
  nth(document, 4).weight = 200;
  const PreferenceLists lists(document);
  EXPECT_NEAR(share(lists, node_id(4)), 200.0 / 1100, 0.01);
  for (const std::uint64_t other : {0u, 1u, 2u, 3u, 5u, 6u, 7u, 8u, 9u})
    EXPECT_NEAR(share(lists, node_id(other)), 100.0 / 1100, 0.01);
}

// With three replicas nobody can own a partition twice, so the heavy one gets a little less than double.
TEST(PreferenceLists, AMemberOfDoubleWeightOwnsAboutDoubleOfThreeReplicas) {
  Membership document = cluster_of(10);
  nth(document, 4).weight = 200;
  const PreferenceLists lists(document);
  double others = 0;
  for (const std::uint64_t other : {0u, 1u, 2u, 3u, 5u, 6u, 7u, 8u, 9u}) others += share(lists, node_id(other)) / 9;
  EXPECT_GT(share(lists, node_id(4)) / others, 1.7);
  EXPECT_LT(share(lists, node_id(4)) / others, 2.0);
}

// Movement is at most a quarter above the optimum, and only the newcomer receives.
TEST(Movement, OnAJoinIsNearTheOptimum) {
  for (const std::uint64_t size : {5u, 10u, 20u}) {
    Membership grown = cluster_of(size);
    add(grown, member(size));
    const auto gained = gains(PreferenceLists(cluster_of(size)), PreferenceLists(grown));
    const double optimum = 4096.0 * 3 / static_cast<double>(size + 1);
    EXPECT_LE(total(gained), 1.25 * optimum) << size << " members";
    EXPECT_GE(total(gained), 0.75 * optimum) << size << " members";
    EXPECT_EQ(gained.size(), 1u) << size << " members";
    EXPECT_TRUE(gained.contains(node_id(size)));
  }
}

TEST(Movement, OnAJoinIsNearTheOptimumWithZonesToo) {
  Membership grown = cluster_of(9, 3);
  add(grown, member(9, kWeightDefault, "z0"));
  const auto gained = gains(PreferenceLists(cluster_of(9, 3)), PreferenceLists(grown));
  EXPECT_LE(total(gained), 1.25 * 4096 * 3 / 10);
}

TEST(Movement, OnALeaveIsWhatTheLeaverHeld) {
  Membership shrunk = cluster_of(10);
  nth(shrunk, 3).state = MemberState::removed;
  const PreferenceLists before(cluster_of(10));
  const auto gained = gains(before, PreferenceLists(shrunk));
  int held = 0;
  for_partitions(before, [&](PartitionId p) { held += before.owns(node_id(3), p) ? 1 : 0; });
  EXPECT_EQ(total(gained), held);
}

TEST(Movement, OnAHigherWeightIsTowardsThatMemberOnly) {
  Membership heavier = cluster_of(10);
  nth(heavier, 3).weight = 150;
  const auto gained = gains(PreferenceLists(cluster_of(10)), PreferenceLists(heavier));
  EXPECT_EQ(gained.size(), 1u);
  EXPECT_TRUE(gained.contains(node_id(3)));
}

// Where an owner drops out, the first fallback is the one that becomes an owner: hints are already in the right place.
TEST(Movement, ReplacesARemovedOwnerByTheFirstFallback) {
  Membership shrunk = cluster_of(10);
  nth(shrunk, 3).state = MemberState::removed;
  const PreferenceLists before(cluster_of(10));
  const PreferenceLists after(shrunk);
  for_partitions(before, [&](PartitionId p) {
    ASSERT_TRUE(!before.owns(node_id(3), p) || after.owns(before.fallbacks(p)[0], p));
  });
}

TEST(PreferenceLists, RefuseADocumentThatIsNotWellFormed) {
  Membership document = cluster_of(3);
  document.partitions = 1000;
  EXPECT_DEATH(PreferenceLists{document}, "well_formed");
}

}  // namespace
}  // namespace shoal
