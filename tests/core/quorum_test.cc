// The small parts of the core, by tables and literals.
#include "node/core/quorum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace shoal {
namespace {

using testing::HasSubstr;
using Verdict = Quorum::Verdict;

// Answers of owners 1, 2, 3, ... in order: '+' acknowledged, '-' refused, '.' silent, '*' refused and then
// acknowledged, '!' acknowledged and then refused.
Quorum after(const std::string& answers, int needed) {
  std::vector<NodeId> owners;
  for (std::size_t i = 1; i <= answers.size(); ++i) owners.push_back({i});
  Quorum quorum(owners, needed);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const NodeId from{i + 1};
    if (answers[i] == '-' || answers[i] == '*') quorum.refuse(from);
    if (answers[i] == '+' || answers[i] == '*' || answers[i] == '!') quorum.acknowledge(from);
    if (answers[i] == '!') quorum.refuse(from);
  }
  return quorum;
}

TEST(Quorum, Table) {
  struct Row {
    std::string answers;
    int needed;
    Verdict verdict;
    int acks;
  };
  const Row rows[] = {
      {".", 1, Verdict::waiting, 0},      {"+", 1, Verdict::enough, 1},       {"-", 1, Verdict::impossible, 0},
      {"...", 1, Verdict::waiting, 0},    {"..+", 1, Verdict::enough, 1},     {"--.", 1, Verdict::waiting, 0},
      {"---", 1, Verdict::impossible, 0}, {"+..", 2, Verdict::waiting, 1},    {"+.+", 2, Verdict::enough, 2},
      {"+-.", 2, Verdict::waiting, 1},    {"+--", 2, Verdict::impossible, 1}, {"--.", 2, Verdict::impossible, 0},
      {"+-+", 2, Verdict::enough, 2},     {"+++", 2, Verdict::enough, 3},     {"++.", 3, Verdict::waiting, 2},
      {"++-", 3, Verdict::impossible, 2}, {"++*", 3, Verdict::enough, 3},     {"-*.", 2, Verdict::waiting, 1},
      {"!!.", 2, Verdict::enough, 2},     {"+!-", 3, Verdict::impossible, 2}, {"+++..", 3, Verdict::enough, 3},
  };
  for (const Row& row : rows) {
    const Quorum quorum = after(row.answers, row.needed);
    EXPECT_EQ(quorum.verdict(), row.verdict) << row.answers << " of " << row.needed;
    EXPECT_EQ(quorum.acks(), row.acks) << row.answers << " of " << row.needed;
    EXPECT_EQ(quorum.missing().size(), row.answers.size() - static_cast<std::size_t>(row.acks)) << row.answers;
  }
}

class SloppyQuorum : public testing::Test {
 protected:
  SloppyQuorum() { quorum_.stand_in({3}, {7}); }
  Quorum quorum_ = after("...", 2);
};

TEST_F(SloppyQuorum, ASeatCountsOnceWhoeverAnswers) {
  quorum_.acknowledge({7});
  quorum_.acknowledge({3});
  EXPECT_EQ(quorum_.verdict(), Verdict::waiting);
  EXPECT_EQ(quorum_.acks(), 1);
  quorum_.acknowledge({1});
  EXPECT_EQ(quorum_.verdict(), Verdict::enough);
}

TEST_F(SloppyQuorum, ASeatIsAStandInsUntilItsOwnerAnswers) {
  quorum_.acknowledge({7});
  EXPECT_EQ(quorum_.stand_ins(), 1);
  EXPECT_THAT(quorum_.missing(), testing::ElementsAre(NodeId{1}, NodeId{2}, NodeId{3}));
  EXPECT_THAT(quorum_.unsettled(), testing::ElementsAre(NodeId{1}, NodeId{2}));
  EXPECT_THAT(quorum_.silent(), testing::ElementsAre(NodeId{1}, NodeId{2}, NodeId{3}));
  quorum_.acknowledge({3});
  EXPECT_EQ(quorum_.stand_ins(), 0);
}

TEST_F(SloppyQuorum, PrimariesAreNotStoodInFor) {
  Quorum quorum(std::vector<NodeId>{{1}, {2}, {3}}, 2, 2);
  quorum.stand_in({3}, {7});
  quorum.acknowledge({1});
  quorum.acknowledge({7});
  EXPECT_EQ(quorum.verdict(), Verdict::waiting);
  quorum.refuse({2});
  EXPECT_EQ(quorum.verdict(), Verdict::waiting);
  quorum.refuse({3});
  EXPECT_EQ(quorum.verdict(), Verdict::impossible);
}

TEST_F(SloppyQuorum, ASeatIsLostWhenOwnerAndStandInRefuse) {
  quorum_.refuse({3});
  quorum_.refuse({2});
  EXPECT_EQ(quorum_.verdict(), Verdict::waiting);
  quorum_.refuse({7});
  EXPECT_EQ(quorum_.verdict(), Verdict::impossible);
  quorum_.stand_in({3}, {8});
  EXPECT_EQ(quorum_.verdict(), Verdict::waiting);
  EXPECT_EQ(quorum_.stands_in_for({8}), NodeId{3});
  EXPECT_EQ(quorum_.stands_in_for({7}), std::nullopt);
}

TEST_F(SloppyQuorum, AStandInThatHasAcknowledgedKeepsItsSeat) {
  quorum_.acknowledge({7});
  quorum_.stand_in({3}, {8});
  EXPECT_TRUE(quorum_.acknowledged({7}));
  EXPECT_EQ(quorum_.stands_in_for({8}), std::nullopt);
}

TEST(Quorum, IgnoresNodesThatAreNoOwners) {
  Quorum quorum = after("...", 1);
  quorum.acknowledge({9});
  quorum.refuse({9});
  EXPECT_EQ(quorum.verdict(), Verdict::waiting);
  EXPECT_FALSE(quorum.acknowledged({9}));
}

TEST(Quorum, CountsAnOwnerOnce) {
  Quorum quorum = after("+..", 2);
  quorum.acknowledge({1});
  EXPECT_EQ(quorum.verdict(), Verdict::waiting);
  EXPECT_TRUE(quorum.acknowledged({1}));
  EXPECT_FALSE(quorum.acknowledged({2}));
}

TEST(RepliesNeeded, Table) {
  struct Row {
    int asked;
    std::size_t owners;
    int needed;  // 0: refused
  };
  const Row rows[] = {{0, 1, 1},  {0, 2, 2}, {0, 3, 2}, {0, 4, 3}, {0, 5, 3}, {-1, 1, 1},
                      {-1, 3, 3}, {1, 3, 1}, {3, 3, 3}, {4, 3, 0}, {2, 1, 0}, {-2, 3, 0}};
  for (const Row& row : rows) {
    const Result<int> needed = replies_needed(row.asked, row.owners);
    EXPECT_EQ(needed.value_or(0), row.needed) << row.asked << " of " << row.owners;
    EXPECT_TRUE(needed || needed.error().code == Errc::invalid);
  }
  EXPECT_THAT(replies_needed(4, 3).error().message, HasSubstr("asks for 4 replicas, but a key has 3; use 1 to 3"));
}

}  // namespace
}  // namespace shoal
