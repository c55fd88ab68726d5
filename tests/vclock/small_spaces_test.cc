// Small worlds, whole: every interleaving of what two replicas can do in three operations each. After every step both
// copies must say what the oracle says, and at the end their exchange must leave them equal.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "tests/vclock/replica.h"
#include "tests/vclock/world.h"

namespace shoal {
namespace {

enum class Op { blind_put, put_after_reading_here, put_after_reading_there, put_with_an_old_context, merge, lose };

constexpr int kOperationsEach = 3;

class Explorer {
 public:
  Explorer(Kind kind, std::vector<Op> ops) : kind_(kind), ops_(std::move(ops)) {}

  // Returns how many complete histories were seen.
  std::uint64_t explore() {
    Step start{World(kind_, 2), {World::read({}), World::read({})}, {0, 0}};
    histories_ = 0;
    descend(start, 0);
    return histories_;
  }

 private:
  struct Step {
    World world;
    std::array<ReadContext, 2> old;  // what was read here before the latest operation here
    std::array<int, 2> done;
  };

  void descend(const Step& step, int depth) {
    if (testing::Test::HasFatalFailure()) return;
    if (depth == 2 * kOperationsEach) return finish(step);
    for (const std::size_t replica : {std::size_t{0}, std::size_t{1}}) {
      if (step.done[replica] == kOperationsEach || (depth == 0 && replica == 1)) continue;  // names do not matter
      for (const Op op : ops_) {
        Step next = step;
        trace_[static_cast<std::size_t>(depth)] = {replica, op};
        apply(next, replica, op);
        ASSERT_EQ(next.world.disagreement(next.world.at(replica)), "") << trace(depth + 1);
        descend(next, depth + 1);
      }
    }
  }

  static void apply(Step& step, std::size_t replica, Op op) {
    const ReadContext before = World::read(step.world.at(replica));
    const std::uint64_t wall = replica == 0 ? 5 : 1;  // one clock ahead, so that late writes can carry early times
    switch (op) {
      case Op::blind_put: step.world.put(replica, {}, wall); break;
      case Op::put_after_reading_here: step.world.put(replica, before, wall); break;
      case Op::put_after_reading_there: step.world.put(replica, World::read(step.world.at(1 - replica)), wall); break;
      case Op::put_with_an_old_context: step.world.put(replica, step.old[replica], wall); break;
      case Op::merge: step.world.merge(replica, step.world.at(1 - replica)); break;
      case Op::lose: step.world.lose(replica); break;
    }
    step.old[replica] = before;
    ++step.done[replica];
  }

  void finish(const Step& step) {
    ++histories_;
    const Record& left = step.world.at(0).record;
    const Record& right = step.world.at(1).record;
    const Record both = merged(left, right, kind_);
    ASSERT_EQ(both, merged(right, left, kind_)) << trace(2 * kOperationsEach);
    ASSERT_EQ(merged(both, left, kind_), both) << trace(2 * kOperationsEach);
    Copy joined{both,
                {},
                step.world.at(0).known | step.world.at(1).known,
                step.world.at(0).superseded | step.world.at(1).superseded};
    ASSERT_EQ(step.world.disagreement(joined), "") << trace(2 * kOperationsEach);
  }

  [[nodiscard]] std::string trace(int depth) const {
    static constexpr const char* kNames[] = {
        "blind put", "put after reading here", "put after reading there", "put with an old context", "merge", "lose"};
    std::string out;
    for (std::size_t i = 0; i < static_cast<std::size_t>(depth); ++i)
      out += std::string(i == 0 ? "" : ", ") + (trace_[i].replica == 0 ? "a: " : "b: ") +
             kNames[static_cast<std::size_t>(trace_[i].op)];
    return out;
  }

  struct Move {
    std::size_t replica;
    Op op;
  };
  Kind kind_;
  std::vector<Op> ops_;
  std::array<Move, 2 * kOperationsEach> trace_{};
  std::uint64_t histories_ = 0;
};

class SmallSpace : public testing::TestWithParam<Kind> {};

// 20 interleavings of three and three operations, half of them by symmetry.
std::uint64_t histories_of(std::uint64_t ops) { return 10 * ops * ops * ops * ops * ops * ops; }

TEST_P(SmallSpace, EveryContextAndMergeInterleaved) {
  Explorer explorer(GetParam(), {Op::blind_put, Op::put_after_reading_here, Op::put_after_reading_there,
                                 Op::put_with_an_old_context, Op::merge});
  EXPECT_EQ(explorer.explore(), histories_of(5));
}

TEST_P(SmallSpace, EveryLossOfTheRecordInterleaved) {
  Explorer explorer(GetParam(), {Op::blind_put, Op::put_after_reading_there, Op::merge, Op::lose});
  EXPECT_EQ(explorer.explore(), histories_of(4));
}

std::string kind_name(const testing::TestParamInfo<Kind>& tested) { return std::string(name_of(tested.param)); }
INSTANTIATE_TEST_SUITE_P(Kinds, SmallSpace, testing::Values(Kind::siblings, Kind::lww), kind_name);

}  // namespace
}  // namespace shoal
