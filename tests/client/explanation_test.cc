// From what replicas hold to what is wrong and what will fix it.
#include "client/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::client_detail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Actor kActor{Incarnation::of(1, 0xa), 1};

class ExplanationTest : public testing::Test {
 protected:
  ExplanationTest() {
    document_.cluster = {1};
    document_.epoch = {1};
    for (const std::uint64_t id : {1U, 2U, 3U, 4U}) {
      document_.members.push_back({.id = {id}, .name = "n" + std::to_string(id), .address = "h:1", .zone = ""});
      reply_.replicas.push_back(ReplicaView{{id}, Liveness::alive, id <= 3, true, {}});
    }
    reply_.outcome.code = Errc::ok;
    reply_.partition = {9};
  }

  // One value, the last of so many writes.
  static Held held(std::uint64_t counter, std::uint64_t bytes = 5) {
    const auto state = std::make_shared<Record>();
    state->clock.raise({kActor, counter});
    state->siblings.push_back(Sibling{{kActor, counter}, Hlc{std::uint64_t{1'704'067'200'000} << 16}, {}, false, {}});
    return Held{state, 0, Hash128{0, counter}, {bytes}};
  }
  ReplicaView& n(std::size_t number) { return reply_.replicas[number - 1]; }
  void all_hold(std::uint64_t counter) {
    for (const std::size_t owner : {1U, 2U, 3U}) n(owner).found.copy = held(counter);
  }
  std::vector<std::string> problems() { return explain().problems; }
  Explanation explain() { return explanation_of(document_, key_, reply_); }

  Key key_{"default", "cart:9"};
  Membership document_;
  ExplainReply reply_;
};

TEST_F(ExplanationTest, WhereAllAgreeNothingIsWrong) {
  all_hold(4);
  const Explanation explanation = explain();
  EXPECT_THAT(explanation.problems, IsEmpty());
  const Holding& copy = explanation.replicas[0].copy.value();
  ASSERT_EQ(copy.writes.size(), 1U);
  EXPECT_EQ(copy.writes[0].bytes, 5U);
  EXPECT_EQ(copy.writes[0].written, WallClock::time_point(Millis(1'704'067'200'000)));
  EXPECT_EQ(copy.clock[0].actor, to_string(kActor.incarnation) + "/1");
  EXPECT_EQ(copy.digest, "00000000000000000000000000000004");
  EXPECT_FALSE(explanation.replicas[3].copy);
}

TEST_F(ExplanationTest, AReplicaBehindIsRepairedByAReadWhereNoHintWaits) {
  all_hold(4);
  n(3).found.copy = held(2);
  EXPECT_THAT(explain().replicas[2].behind, ElementsAre("n1", "n2"));
  EXPECT_THAT(problems(),
              ElementsAre("n3 has not seen what n1 and n2 hold: a read repairs it: shoal get cart:9 -r all"));
  key_.bucket = "two words";
  EXPECT_THAT(problems(),
              ElementsAre("n3 has not seen what n1 and n2 hold: a read repairs it: shoal get cart:9 --bucket "
                          "'two words' -r all"));
}

TEST_F(ExplanationTest, AHintThatHasAllOfItBringsIt) {
  all_hold(4);
  n(3).found.copy = {};
  n(4).found.hints_for = {{3}};
  n(4).found.hint = held(4);
  EXPECT_THAT(problems(), ElementsAre("n3 has not seen what n1, n2 and n4 hold: the hint at n4 brings it by itself, or "
                                      "now with: shoal hints deliver"));
  n(4).found.hint = held(3);
  EXPECT_THAT(problems(),
              ElementsAre("n3 has not seen what n1, n2 and n4 hold: a read repairs it: shoal get cart:9 -r all"));
}

TEST_F(ExplanationTest, AWriteThatNobodyKeepsIsARepair) {
  all_hold(4);
  n(3).found.copy = held(2);
  n(1).found.to_repair = {{3}};  // who coordinated the write knows
  EXPECT_THAT(
      problems(),
      ElementsAre("n3 has not seen what n1 and n2 hold: nobody keeps it for n3: comparing the nodes brings it, "
                  "by itself or now with: shoal repair start; for this key a read does: shoal get cart:9 -r all"));
}

TEST_F(ExplanationTest, ADeadOwnerWaitsForItsHint) {
  all_hold(4);
  n(2).answered = false;
  n(2).liveness = Liveness::dead;
  n(2).found = {};
  EXPECT_THAT(problems(),
              ElementsAre("n2 is dead and did not answer; what it holds is not known, and no hint waits for it"));
  n(4).found.hints_for = {{2}};
  n(4).found.hint = held(4);
  EXPECT_THAT(problems(),
              ElementsAre("n2 is dead and did not answer; a hint waits for it at n4 and is delivered when n2 "
                          "is back"));
}

// A fallback that answers nothing holds nothing that anybody waits for.
TEST_F(ExplanationTest, ASilentFallbackIsNoProblem) {
  all_hold(4);
  n(4).answered = false;
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(ExplanationTest, LosersConflictsAndUnreadableCopiesAreSaid) {
  all_hold(4);
  n(1).found.copy.losers = 2;
  n(2).found.outcome = Errc::corrupt;
  n(2).found.copy = {};
  const auto state = std::make_shared<Record>(*n(3).found.copy.state);
  state->siblings.insert(state->siblings.begin(), Sibling{{kActor, 3}, {}, {1, 1}, false, {}});
  n(1).found.copy.state = n(3).found.copy.state = state;
  const std::vector<std::string> said = problems();
  ASSERT_EQ(said.size(), 3U);
  EXPECT_EQ(said[0],
            "n1 dropped 2 concurrent writes, as a bucket of kind lww does: they are gone; a bucket of kind "
            "siblings keeps them");
  EXPECT_TRUE(said[1].starts_with("n2 cannot read what it has (")) << said[1];
  EXPECT_EQ(said[2], "the key holds 2 concurrent values: settle them with: shoal resolve cart:9");
}

}  // namespace
}  // namespace shoal::client_detail
