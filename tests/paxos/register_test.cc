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

TEST(Register, ServesWhatItHasCertainlyNotServed) {
  Register state;
  for (std::uint64_t i = 1; i <= 2 * Register::kServedMax; ++i) apply(put(i, "v"), state);
  EXPECT_EQ(apply(put(99, "again"), state).answer, Answer::applied);
  EXPECT_EQ(apply({.request = {2, 1}, .value = Blob("v")}, state).answer, Answer::applied)
      << "of this client nothing was forgotten";
}

// ---- clients that were forgotten ----------------------------------------------------------------------------------

Change by(std::uint64_t client, std::uint64_t sequence, std::uint64_t since = 0) {
  return {.request = {client, sequence}, .since = since, .value = Blob("v")};
}

// One request each of so many clients that client 1 is forgotten.
Register crowded() {
  Register state;
  for (std::uint64_t client = 1; client <= Register::kServedMax + Register::kClientsMax + 1; ++client)
    apply(by(client, 1), state);
  return state;
}

TEST(RegisterCrowd, ForgetsWholeClientsAndCountsThem) {
  const Register state = crowded();
  EXPECT_EQ(state.forgotten.size() + state.clients_forgotten, Register::kClientsMax + 1);
  EXPECT_EQ(state.clients_forgotten, Register::kClientsMax / 2);
}

// Found by the simulator: a first try that the network held back until its client was forgotten was made twice.
TEST(RegisterCrowd, AFirstTryThatComesLateIsNotMadeAgain) {
  Register state = crowded();
  const Register before = state;
  EXPECT_EQ(apply(by(1, 1), state).answer, Answer::forgotten);
  EXPECT_EQ(state, before);
}

TEST(RegisterCrowd, WhoNamesWhatItWasToldIsServed) {
  Register state = crowded();
  EXPECT_EQ(apply(by(99, 7), state).answer, Answer::forgotten) << "nothing is known of it";
  EXPECT_EQ(apply(by(99, 8, state.clients_forgotten), state).answer, Answer::applied);
  EXPECT_EQ(apply(by(99, 9), state).answer, Answer::applied) << "it is known now";
  EXPECT_EQ(apply(by(99, 7), state).answer, Answer::forgotten) << "a lower number may be of another time";
}

// The old time's request has a higher number than one that is still served in the new time.
TEST(RegisterCrowd, WhatWasServedInAnotherTimeIsNotServedAgain) {
  Register state = crowded();
  const std::uint64_t told = state.clients_forgotten;
  EXPECT_EQ(apply(by(1, 3, told), state).answer, Answer::applied);
  EXPECT_EQ(apply(by(1, 2), state).answer, Answer::forgotten);
  for (std::uint64_t client = 200; client < 200 + 2 * Register::kClientsMax; ++client)
    apply(by(client, 1, state.clients_forgotten), state);
  ASSERT_GT(state.clients_forgotten, told);
  EXPECT_EQ(apply(by(1, 3, told), state).answer, Answer::forgotten);
  EXPECT_EQ(apply(by(1, 4, told), state).answer, Answer::forgotten);
  EXPECT_EQ(apply(by(1, 5, state.clients_forgotten), state).answer, Answer::applied);
}

// A client that has some of its requests in memory would else seem to have made no others.
TEST(RegisterCrowd, AClientWhoseRequestIsRememberedIsNotForgotten) {
  Register state;
  apply(by(1, 7), state);
  for (std::uint64_t client = 2; client <= Register::kServedMax + Register::kClientsMax; ++client) {
    if (client == Register::kServedMax + Register::kClientsMax) apply(by(1, 6), state);
    apply(by(client, 1, state.clients_forgotten), state);
  }
  for (std::uint64_t client = 300; state.clients_forgotten == 0; ++client) apply(by(client, 1), state);
  EXPECT_LE(state.forgotten.size(), Register::kClientsMax);
  EXPECT_EQ(apply(by(1, 7), state).answer, Answer::forgotten);
}

TEST(RegisterCrowd, NeverRemembersMoreThanItMay) {
  Register state;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    apply(by(1 + i % 97, 1 + i, state.clients_forgotten), state);
    ASSERT_LE(state.forgotten.size(), Register::kClientsMax);
    ASSERT_LE(state.served.size(), Register::kServedMax);
  }
}

TEST(Register, HybridTimeGrowsWhateverTheClockSays) {
  Register state;
  apply({.request = {1, 1}, .value = Blob("a"), .hlc = 100}, state);
  apply({.request = {1, 2}, .value = Blob("b"), .hlc = 50}, state);
  EXPECT_EQ(state.hlc, 101U);
}

}  // namespace
}  // namespace shoal::paxos
