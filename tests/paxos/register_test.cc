// Changes of a register: conditions, versions, and requests that come twice.
#include "node/paxos/register.h"

#include <gtest/gtest.h>

namespace shoal::paxos {
namespace {

Change put(std::uint64_t request, const std::string& value) {
  return {.request = {1, request}, .value = Blob(value), .hlc = 10 * request};
}

Change if_value(std::uint64_t request, const std::string& expected, const std::string& value) {
  Change change = put(request, value);
  change.condition = Condition::value;
  change.expected = Blob(expected);
  return change;
}

TEST(Register, GrowsByOneWithEachChange) {
  Register state;
  EXPECT_EQ(apply(put(1, "a"), state).version, 1U);
  EXPECT_EQ(apply(put(2, "b"), state).version, 2U);
  EXPECT_EQ(state.value.view(), "b");
  EXPECT_EQ(state.request, (RequestId{1, 2}));
  EXPECT_EQ(apply({.request = {1, 3}, .remove = true}, state).version, 3U);
  EXPECT_FALSE(state.exists);
}

TEST(Register, ComparesAndSets) {
  Register state;
  EXPECT_EQ(apply(if_value(1, "", "a"), state).answer, Answer::lost) << "absent is no empty value";
  EXPECT_EQ(state.version, 0U);
  Change absent = put(2, "a");
  absent.condition = Condition::absent;
  EXPECT_EQ(apply(absent, state).answer, Answer::applied);
  EXPECT_EQ(apply(if_value(3, "x", "b"), state).answer, Answer::lost);
  EXPECT_EQ(apply(if_value(4, "a", "b"), state).answer, Answer::applied);
  Change at_version = put(5, "c");
  at_version.condition = Condition::version;
  at_version.expected_version = 1;
  EXPECT_EQ(apply(at_version, state).answer, Answer::lost);
  at_version.request = {1, 6};
  at_version.expected_version = 2;
  EXPECT_EQ(apply(at_version, state).answer, Answer::applied);
  EXPECT_EQ(state.value.view(), "c");
}

TEST(Register, AnswersARetryWithoutApplyingItAgain) {
  Register state;
  apply(put(1, "a"), state);
  apply(if_value(2, "x", "b"), state);
  apply(put(3, "c"), state);
  const Register before = state;
  const Ending first = apply(put(1, "a"), state);
  EXPECT_EQ(first.answer, Answer::applied);
  EXPECT_EQ(first.version, 1U);
  EXPECT_EQ(apply(if_value(2, "c", "b"), state).answer, Answer::lost) << "it lost then, so it has lost";
  EXPECT_EQ(state, before);
}

// Found by the simulator: the first try of a write came late, when its retry was answered and forgotten.
TEST(Register, AppliesNothingTwiceThatItHasForgotten) {
  Register state;
  for (std::uint64_t i = 1; i <= Register::kServedMax + 1; ++i) apply(put(i, "v"), state);
  const Register before = state;
  EXPECT_EQ(apply(put(1, "v"), state).answer, Answer::forgotten) << "though it does not say that it is a retry";
  EXPECT_EQ(state, before);
}

TEST(Register, ServesARetryThatItHasCertainlyNotServed) {
  Register state;
  for (std::uint64_t i = 1; i <= 2 * Register::kServedMax; ++i) apply(put(i, "v"), state);
  Change retry = put(99, "again");
  retry.retry = true;
  EXPECT_EQ(apply(retry, state).answer, Answer::applied);
  retry.request = {2, 1};
  EXPECT_EQ(apply(retry, state).answer, Answer::applied) << "of this client nothing was forgotten";
}

TEST(Register, BelievesARetryOnceItHasForgottenWholeClients) {
  Register state;
  for (std::uint64_t client = 1; client <= Register::kServedMax + Register::kClientsMax + 1; ++client)
    apply({.request = {client, 1}, .value = Blob("v")}, state);
  EXPECT_EQ(state.forgotten.size(), Register::kClientsMax);
  Change again{.request = {1, 1}, .retry = true, .value = Blob("v")};
  EXPECT_EQ(apply(again, state).answer, Answer::forgotten);
  EXPECT_EQ(apply({.request = {99, 1}, .value = Blob("v")}, state).answer, Answer::applied);
}

TEST(Register, HybridTimeGrowsWhateverTheClockSays) {
  Register state;
  apply({.request = {1, 1}, .value = Blob("a"), .hlc = 100}, state);
  apply({.request = {1, 2}, .value = Blob("b"), .hlc = 50}, state);
  EXPECT_EQ(state.hlc, 101U);
}

}  // namespace
}  // namespace shoal::paxos
