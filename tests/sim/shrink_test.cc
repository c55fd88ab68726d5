// Shrinking by itself, with failures that are made up: what a failure needs is known, so what is left can be compared.
#include "bench/sim/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shoal::sim {
namespace {

using Violations = std::vector<std::string>;

bool has_fault(const Options& options, FaultKind kind) {
  return std::ranges::find(options.faults, kind, &Fault::kind) != options.faults.end();
}

Options many_faults() {
  Options options = draw_options(2);
  options.faults.clear();
  for (std::size_t i = 0; i < 3 * static_cast<std::size_t>(FaultKind::count_); ++i) {
    const auto kind = static_cast<FaultKind>(i % static_cast<std::size_t>(FaultKind::count_));
    options.faults.push_back(Fault{.kind = kind, .left = 1, .right = 2, .amount = 1 + i});
  }
  return options;
}

TEST(Shrink, LeavesWhatTheFailureNeeds) {
  const auto violations_of = [](const Options& options) {
    const bool fails = has_fault(options, FaultKind::crash) && has_fault(options, FaultKind::one_way) &&
                       options.load.operations >= 17 && options.load.clients >= 2;
    return fails ? Violations{"stale: something else", "lost: a write"} : Violations{};
  };
  const auto shrunken = shrink(many_faults(), violations_of, {});
  ASSERT_TRUE(shrunken);
  EXPECT_TRUE(shrunken->complete);
  EXPECT_EQ(shrunken->options.faults.size(), 2U);
  EXPECT_EQ(shrunken->options.load.operations, 17U);
  EXPECT_EQ(shrunken->options.load.clients, 2U);
  EXPECT_EQ(shrunken->options.load.keys, 1U);
  EXPECT_EQ(shrunken->options.nodes, std::max(shrunken->options.replicas, 2U));
  EXPECT_FALSE(shrunken->options.late_joiner);
  EXPECT_EQ(shrunken->sentence, "stale: something else");
}

// Fewer faults show another failure here; it is not what was asked for.
TEST(Shrink, KeepsToTheInvariantThatWasViolated) {
  const auto violations_of = [](const Options& options) {
    return options.faults.size() >= 5 ? Violations{"lost: a write"} : Violations{"liveness: it hangs"};
  };
  const auto shrunken = shrink(many_faults(), violations_of, {});
  ASSERT_TRUE(shrunken);
  EXPECT_EQ(shrunken->options.faults.size(), 5U);
  EXPECT_EQ(shrunken->sentence, "lost: a write");
}

TEST(Shrink, AFaultGoesWithItsNode) {
  Options options = draw_options(2);
  options.replicas = 3;
  const std::uint32_t last = options.nodes - 1;
  options.faults = {Fault{.kind = FaultKind::crash, .left = only(0)},
                    Fault{.kind = FaultKind::halves, .left = only(0) | only(last), .right = only(1)}};
  const auto violations_of = [](const Options& tried) {
    return tried.faults.size() == 2 ? Violations{"lost: a write"} : Violations{};
  };
  const auto shrunken = shrink(options, violations_of, {});
  ASSERT_TRUE(shrunken);
  EXPECT_EQ(shrunken->options.nodes, 3U);
  EXPECT_EQ(shrunken->options.weights.size(), 3U);
  ASSERT_EQ(shrunken->options.faults.size(), 2U);
  EXPECT_EQ(shrunken->options.faults[1].left, only(0));
}

TEST(Shrink, EndsAtItsLimits) {
  std::size_t runs = 0;
  const auto violations_of = [&](const Options&) { return ++runs, Violations{"lost: a write"}; };
  const auto few = shrink(many_faults(), violations_of, {.runs = 3});
  EXPECT_EQ(runs, 3U);
  EXPECT_FALSE(few->complete);
  const auto late = shrink(many_faults(), violations_of, {.runs = 300, .time_left = [] { return false; }});
  EXPECT_EQ(runs, 4U);
  EXPECT_EQ(late->options.faults.size(), many_faults().faults.size());
}

TEST(Shrink, HasNothingToDoWhereNothingFails) {
  EXPECT_FALSE(shrink(draw_options(2), [](const Options&) { return Violations{}; }, {}));
}

}  // namespace
}  // namespace shoal::sim
