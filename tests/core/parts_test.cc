// The parts that the coordinators share: outbox, open calls, request table, marks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "node/core/open_calls.h"
#include "node/core/outbox.h"
#include "node/core/request_table.h"
#include "node/core/trace.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr NodeId kSelf{1};
constexpr NodeId kPeer{2};

// The sequence numbers of pings, which stand for messages here.
std::vector<std::uint64_t> numbers(const std::vector<Envelope>& envelopes) {
  std::vector<std::uint64_t> out;
  for (const Envelope& envelope : envelopes) out.push_back(std::get<Ping>(envelope.message).sequence);
  return out;
}

class OutboxTest : public testing::Test {
 protected:
  std::vector<std::uint64_t> sent() { return numbers(outbox.take()); }
  Outbox outbox{kSelf};
};

TEST_F(OutboxTest, SendsAtOnceAndInOrder) {
  outbox.send(kPeer, Ping{1});
  outbox.send(ClientHandle{7}, Ping{2});
  EXPECT_THAT(sent(), ElementsAre(1, 2));
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(OutboxTest, HoldsBackUntilTheCommitIsDurable) {
  outbox.send_after({5}, kPeer, Ping{1});
  outbox.send(kPeer, Ping{2});
  outbox.durable({4});
  EXPECT_THAT(sent(), ElementsAre(2));
  outbox.durable({5});
  EXPECT_THAT(sent(), ElementsAre(1));
}

TEST_F(OutboxTest, ReleasesEverythingUpToACommit) {
  outbox.send_after({1}, kPeer, Ping{1});
  outbox.send_after({2}, kPeer, Ping{2});
  outbox.send_after({4}, kPeer, Ping{4});
  outbox.durable({3});
  EXPECT_THAT(sent(), ElementsAre(1, 2));
}

TEST_F(OutboxTest, SendsAtOnceWhatIsDurableAlready) {
  outbox.durable({3});
  outbox.send_after({3}, kPeer, Ping{1});
  outbox.send_after({0}, kPeer, Ping{2});
  EXPECT_THAT(sent(), ElementsAre(1, 2));
  outbox.durable({1});  // an old report takes nothing back
  outbox.send_after({2}, kPeer, Ping{3});
  EXPECT_THAT(sent(), ElementsAre(3));
}

// A repeated write depends on an older commit than a document that was saved since.
TEST_F(OutboxTest, NeverReleasesEarlyAndKeepsTheOrderGiven) {
  outbox.send_after({7}, kPeer, Ping{1});
  outbox.send_after({5}, kPeer, Ping{2});
  outbox.durable({5});
  EXPECT_THAT(sent(), IsEmpty());
  outbox.durable({7});
  EXPECT_THAT(sent(), ElementsAre(1, 2));
}

TEST_F(OutboxTest, BringsMessagesToItselfBackWithoutSendingThem) {
  outbox.send(kSelf, Ping{1});
  outbox.send_after({2}, kSelf, Ping{2});
  EXPECT_THAT(numbers(outbox.take_loopback()), ElementsAre(1));
  outbox.durable({2});
  EXPECT_THAT(numbers(outbox.take_loopback()), ElementsAre(2));
  EXPECT_THAT(sent(), IsEmpty());
}

// ---- open calls -----------------------------------------------------------------------------------------------------

Instant at(int ms) { return Instant(std::chrono::milliseconds(ms)); }

TEST(OpenCalls, AreDueInOrderOfTheirTimers) {
  OpenCalls<int> calls;
  calls.add({1}, at(30), 100);
  calls.add({2}, at(10), 200);
  calls.add({3}, at(10), 300);
  EXPECT_EQ(calls.next_deadline(), at(10));
  EXPECT_THAT(calls.due(at(9)), IsEmpty());
  EXPECT_THAT(calls.due(at(30)), ElementsAre(CallId{2}, CallId{3}, CallId{1}));
}

TEST(OpenCalls, AreFoundMovedAndTakenOut) {
  OpenCalls<int> calls;
  calls.add({1}, at(30), 100) += 1;
  EXPECT_EQ(*calls.find({1}), 101);
  calls.wake_at({1}, at(50));
  EXPECT_THAT(calls.due(at(49)), IsEmpty());
  EXPECT_EQ(calls.close({1}), 101);
  EXPECT_EQ(calls.find({1}), nullptr);
  EXPECT_EQ(calls.next_deadline(), kNever);
  EXPECT_EQ(calls.size(), 0U);
}

// ---- request table --------------------------------------------------------------------------------------------------

Dot dot(std::uint64_t counter) { return {{Incarnation::of(1, 1), 1}, counter}; }

TEST(RequestTable, KeepsTheFirstDotOfARequest) {
  RequestTable table;
  table.remember({1, 1}, dot(5));
  table.remember({1, 1}, dot(6));
  EXPECT_EQ(table.find({1, 1}), dot(5));
  EXPECT_EQ(table.find({1, 2}), std::nullopt);
}

TEST(RequestTable, RemembersNothingOfWritesWithoutAnId) {
  RequestTable table;
  table.remember({}, dot(5));
  EXPECT_EQ(table.find({}), std::nullopt);
}

TEST(RequestTable, IsBoundedAndForgetsTheOldestFirst) {
  RequestTable table;
  for (std::uint64_t i = 0; i <= RequestTable::kRequestsMax; ++i) table.remember({1, i}, dot(i + 1));
  EXPECT_EQ(table.find({1, 0}), std::nullopt);
  EXPECT_EQ(table.find({1, 1}), dot(2));
  EXPECT_EQ(table.find({1, RequestTable::kRequestsMax}), dot(RequestTable::kRequestsMax + 1));
}

// ---- marks ----------------------------------------------------------------------------------------------------------

TEST(Marks, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Mark::count_); ++i) names.insert(name_of(static_cast<Mark>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Mark::count_));
  EXPECT_FALSE(names.contains("unknown"));
}

}  // namespace
}  // namespace shoal
