#include "node/ring/membership.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "node/ring/lookup.h"
#include "tests/ring/documents.h"

namespace shoal {
namespace {

struct Case {
  const char* what;
  bool well_formed;
  std::function<void(Membership&)> change;  // of a good document of three members
};

const Case kCases[] = {
    {"unchanged", true, [](Membership&) {}},
    {"one member alone", true, [](Membership& d) { d.members.resize(1); }},
    {"no members", false, [](Membership& d) { d.members.clear(); }},
    {"no cluster id", false, [](Membership& d) { d.cluster = {0}; }},
    {"no epoch", false, [](Membership& d) { d.epoch = {0}; }},
    {"fewest partitions", true, [](Membership& d) { d.partitions = kPartitionsMin; }},
    {"most partitions", true, [](Membership& d) { d.partitions = kPartitionsMax; }},
    {"too few partitions", false, [](Membership& d) { d.partitions = kPartitionsMin / 2; }},
    {"too many partitions", false, [](Membership& d) { d.partitions = kPartitionsMax * 2; }},
    {"no partitions", false, [](Membership& d) { d.partitions = 0; }},
    {"partitions not a power of two", false, [](Membership& d) { d.partitions = 4095; }},
    {"one replica", true, [](Membership& d) { d.replicas = 1; }},
    {"more replicas than members", true, [](Membership& d) { d.replicas = kReplicasMax; }},
    {"no replicas", false, [](Membership& d) { d.replicas = 0; }},
    {"too many replicas", false, [](Membership& d) { d.replicas = kReplicasMax + 1; }},
    {"least weight", true, [](Membership& d) { d.members[0].weight = 1; }},
    {"greatest weight", true, [](Membership& d) { d.members[0].weight = kWeightMax; }},
    {"no weight", false, [](Membership& d) { d.members[0].weight = 0; }},
    {"too much weight", false, [](Membership& d) { d.members[0].weight = kWeightMax + 1; }},
    {"no zone", true, [](Membership& d) { d.members[1].zone = ""; }},
    {"no name", false, [](Membership& d) { d.members[1].name = ""; }},
    {"no address", false, [](Membership& d) { d.members[1].address = ""; }},
    {"no id", false, [](Membership& d) { d.members[0].id = {0}; }},
    {"an unknown state", false, [](Membership& d) { d.members[2].state = static_cast<MemberState>(4); }},
    {"every known state", true,
     [](Membership& d) {
       d.members[0].state = MemberState::joining;
       d.members[1].state = MemberState::leaving;
       d.members[2].state = MemberState::removed;
     }},
    {"members out of order", false, [](Membership& d) { std::swap(d.members[0], d.members[1]); }},
    {"one id twice", false, [](Membership& d) { d.members[1].id = d.members[0].id; }},
    {"one name twice", false, [](Membership& d) { d.members[2].name = d.members[0].name; }},
    {"one name twice, one of them joining", false,
     [](Membership& d) {
       d.members[2].name = d.members[0].name;
       d.members[2].state = MemberState::joining;
     }},
    {"the name of a removed member again", true,
     [](Membership& d) {
       d.members[2].name = d.members[0].name;
       d.members[0].state = MemberState::removed;
     }},
};

TEST(WellFormed, HoldsForExactlyTheGoodDocuments) {
  for (const Case& tested : kCases) {
    Membership document = cluster_of(3);
    tested.change(document);
    EXPECT_EQ(well_formed(document), tested.well_formed) << tested.what;
  }
}

TEST(MembershipFind, FindsAMemberByItsId) {
  const Membership document = cluster_of(5);
  ASSERT_NE(document.find(node_id(3)), nullptr);
  EXPECT_EQ(document.find(node_id(3))->name, "n3");
  EXPECT_EQ(document.find(node_id(5)), nullptr);
  EXPECT_EQ(document.find(NodeId{1}), nullptr);
}

TEST(MembershipFind, FindsRemovedMembersByIdOnly) {
  Membership document = cluster_of(3);
  nth(document, 1).state = MemberState::removed;
  EXPECT_NE(document.find(node_id(1)), nullptr);
  EXPECT_EQ(document.find("n1"), nullptr);
}

// A name can be used again once its first bearer is gone.
TEST(MembershipFind, FindsThePresentBearerOfAName) {
  Membership document = cluster_of(3);
  nth(document, 1).state = MemberState::removed;
  Member successor = member(9);
  successor.name = "n1";
  add(document, successor);
  ASSERT_NE(document.find("n1"), nullptr);
  EXPECT_EQ(document.find("n1")->id, node_id(9));
}

TEST(Lookup, NamesMembersAndSaysWhichIdIsUnknown) {
  const Membership document = cluster_of(3);
  EXPECT_EQ(name_in(document, node_id(1)), "n1");
  EXPECT_EQ(name_in(document, node_id(7)), to_string(node_id(7)));
}

TEST(Lookup, ABucketThatIsMissingComesWithTheCommandThatCreatesIt) {
  Membership document = cluster_of(3);
  EXPECT_TRUE(check_bucket(document, "default"));
  EXPECT_EQ(check_bucket(document, "carts").error().message,
            "there is no bucket \"carts\"; create it with: shoal bucket create carts");
  document.buckets = {{.name = "carts"}};
  EXPECT_TRUE(check_bucket(document, "carts"));
}

TEST(MemberStateNames, AreDifferent) {
  const std::set<std::string> names{to_string(MemberState::joining), to_string(MemberState::member),
                                    to_string(MemberState::leaving), to_string(MemberState::removed)};
  EXPECT_EQ(names, (std::set<std::string>{"joining", "member", "leaving", "removed"}));
}

}  // namespace
}  // namespace shoal
