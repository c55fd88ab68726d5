// Nodes that say nothing: when another is asked, what that costs, and who is asked the next time.
#include <gtest/gtest.h>

#include "tests/client/dispatcher_fixture.h"

namespace shoal::client_detail {
namespace {

using namespace std::chrono_literals;

using Grade = Trust::Grade;

constexpr Instant kStart{std::chrono::hours(1)};

std::uint32_t spend_all(RetryBudget& budget) {
  std::uint32_t spent = 0;
  while (budget.take()) ++spent;
  return spent;
}

// ---- the parts, each alone -----------------------------------------------------------------------------------------

TEST(RetryBudget, ANewClientHasTheReserve) {
  RetryBudget budget;
  EXPECT_EQ(spend_all(budget), RetryBudget::kReserve);
}

TEST(RetryBudget, IsATenthOfTheAnswers) {
  RetryBudget budget;
  spend_all(budget);
  std::uint32_t retries = 0;
  for (int i = 0; i < 1000; ++i) {
    budget.on_answer();
    retries += budget.take() ? 1 : 0;
  }
  EXPECT_EQ(retries, 100U);
}

TEST(RetryBudget, SavesNoMoreThanItsLimit) {
  RetryBudget budget;
  for (int i = 0; i < 100'000; ++i) budget.on_answer();
  EXPECT_EQ(spend_all(budget), RetryBudget::kSavedMax);
}

TEST(Trust, WhoIsNotHeardOfIsDoubtful) {
  Trust trust;
  EXPECT_EQ(trust.grade(Kind::read), Grade::good);
  EXPECT_FALSE(trust.take_probe(kStart));
  trust.silent(CallId{1}, Kind::read, kStart);
  EXPECT_EQ(trust.grade(Kind::read), Grade::doubtful);
  EXPECT_EQ(trust.grade(Kind::write), Grade::doubtful);
  trust.heard(kStart + 1ms);
  EXPECT_EQ(trust.grade(Kind::read), Grade::good);
  EXPECT_EQ(trust.grade(Kind::write), Grade::good);
}

TEST(Trust, WhoIsHeardOfMeanwhileIsSlowAndNotDoubtful) {
  Trust trust;
  trust.heard(kStart + 1ms);
  trust.silent(CallId{1}, Kind::write, kStart);
  EXPECT_FALSE(trust.take_probe(kStart + 1s));
  EXPECT_EQ(trust.grade(Kind::write), Grade::good) << "the next one tries";
  trust.silent(CallId{2}, Kind::read, kStart);
  EXPECT_EQ(trust.grade(Kind::read), Grade::good);
}

TEST(Trust, ProbesAreASecondApart) {
  Trust trust;
  trust.silent(CallId{1}, Kind::read, kStart);
  EXPECT_TRUE(trust.take_probe(kStart));
  EXPECT_FALSE(trust.take_probe(kStart + 999ms));
  EXPECT_TRUE(trust.take_probe(kStart + 1s));
}

TEST(Trust, OneWriteAtATimeTriesWhetherWritesAreAnswered) {
  Trust trust;
  trust.silent(CallId{1}, Kind::write, kStart);
  trust.heard(kStart);
  trust.asked(CallId{2}, Kind::read);
  EXPECT_EQ(trust.grade(Kind::write), Grade::good) << "a read tries nothing";
  trust.asked(CallId{3}, Kind::write);
  EXPECT_EQ(trust.grade(Kind::write), Grade::busy_with_trial);
  EXPECT_EQ(trust.grade(Kind::read), Grade::good);
  trust.ended(CallId{2}, Kind::write);
  EXPECT_EQ(trust.grade(Kind::write), Grade::busy_with_trial);
  trust.ended(CallId{3}, Kind::write);
  EXPECT_EQ(trust.grade(Kind::write), Grade::good) << "refused: the next one tries";
  trust.answered(Kind::write);
  trust.asked(CallId{4}, Kind::write);
  EXPECT_EQ(trust.grade(Kind::write), Grade::good);
}

TEST(Trust, ANewConnectionStartsAnew) {
  Trust trust;
  trust.silent(CallId{1}, Kind::write, kStart);
  trust.lost();
  EXPECT_EQ(trust.grade(Kind::read), Grade::doubtful);
  trust.connected();
  trust.asked(CallId{2}, Kind::write);
  EXPECT_EQ(trust.grade(Kind::write), Grade::good);
}

TEST(Patience, KindsAreMeasuredApart) {
  Patience patience;
  for (int i = 0; i < 100; ++i) {
    patience.answered(Patience::Of::write, 100ms, kStart);
    patience.answered(Patience::Of::read, 1ms, kStart);
    patience.answered(Patience::Of::other, 1ms, kStart);
  }
  EXPECT_EQ(patience.of(Patience::Of::read, 0, 1s, kStart), Patience::kMin);
  EXPECT_GE(patience.of(Patience::Of::write, 0, 1s, kStart), 300ms);
  EXPECT_LE(patience.of(Patience::Of::write, 0, 1s, kStart), 338ms);  // a bucket may be an eighth too high
  EXPECT_EQ(patience.of(Patience::Of::listing, 0, 1s, kStart), 1s);
  EXPECT_EQ(patience.of(Patience::Of::other, 0, 1s, kStart), 1s);
}

TEST(Patience, WhatWasMeasuredLongAgoIsForgotten) {
  Patience patience;
  for (int i = 0; i < 100; ++i) patience.answered(Patience::Of::read, 1ms, kStart);
  EXPECT_EQ(patience.of(Patience::Of::read, 0, 1s, kStart + 1min), 1s);
}

class SilenceTest : public DispatcherTest {};

// ---- what silence costs ---------------------------------------------------------------------------------------------

// Every operation asks a second node at most; a new client has the reserve and no more.
TEST_F(SilenceTest, WithoutBudgetThereIsNoSecondAttempt) {
  learn();
  constexpr std::size_t kOperations = 100;
  for (std::size_t i = 0; i < kOperations; ++i) put();
  EXPECT_EQ(take(owner(0)).size(), kOperations);
  pass(100 * kMs);
  EXPECT_EQ(take(owner(1)).size(), RetryBudget::kReserve);
  pass(199 * kMs);
  EXPECT_FALSE(asked(owner(1)));
  EXPECT_FALSE(asked(owner(2)));
  EXPECT_EQ(dispatcher_.open(), kOperations) << "they wait for those that they have asked";
  pass(1 * kMs);
  EXPECT_EQ(dispatcher_.open(), 0U);
  EXPECT_EQ(code(), Errc::indeterminate);
}

// The oldest first: ten answers are one attempt more for somebody who waits.
TEST_F(SilenceTest, AnswersEarnAttemptsForThoseInLine) {
  learn();
  constexpr std::uint32_t kAnswered = 30;
  for (std::uint32_t i = 0; i < RetryBudget::kReserve + 20; ++i) put(10'000 * kMs);
  const std::vector<Message> silent = take(owner(0));
  pass(3'334 * kMs);
  EXPECT_EQ(take(owner(1)).size(), RetryBudget::kReserve);
  for (std::uint32_t i = 0; i < kAnswered; ++i) {
    const CallId call = std::get<PutRequest>(silent[silent.size() - 1 - i]).call;
    if (i < 10) answer_put(owner(0), call, Errc::ok);
    pass({});
  }
  const std::vector<Message> beside = take(owner(1));
  ASSERT_EQ(beside.size(), 1U);
  EXPECT_EQ(std::get<PutRequest>(beside.front()).request, std::get<PutRequest>(silent[RetryBudget::kReserve]).request);
}

// Its second attempt is silent as well, and the first says that nobody would take it: nobody else is asked.
TEST_F(SilenceTest, WhatIsSettledLeavesTheLine) {
  learn();
  for (std::uint32_t i = 0; i < RetryBudget::kReserve; ++i) put(10'000 * kMs);
  const std::vector<Message> first = take(owner(0));
  pass(3'334 * kMs);
  const std::vector<Message> second = take(owner(1));
  ASSERT_EQ(second.size(), RetryBudget::kReserve);
  pass(3'334 * kMs);
  EXPECT_FALSE(asked(owner(2))) << "no budget is left";
  answer_put(owner(0), std::get<PutRequest>(first.front()).call, Errc::indeterminate);
  answer_puts(10, kMs);
  const std::vector<Message> third = take(owner(2));
  ASSERT_EQ(third.size(), 1U);
  EXPECT_EQ(std::get<PutRequest>(third.front()).request, std::get<PutRequest>(first[1]).request);
}

TEST_F(SilenceTest, RefusalsAndLostConnectionsCostNoBudget) {
  learn();
  for (std::uint32_t i = 0; i < 3 * RetryBudget::kReserve; ++i) {
    put();
    answer_put(owner(0), take_put(owner(0)).call, Errc::overloaded);
    pass(20 * kMs);
    (void)take_put(owner(1));
    dispatcher_.lost(owner(1), now_);
    dispatcher_.connected(owner(1));
    EXPECT_TRUE(asked(owner(2)));
    pass(300 * kMs);
    dispatcher_.connected(owner(2));
  }
  put();
  (void)take_put(owner(0));
  pass(100 * kMs);
  EXPECT_TRUE(asked(owner(1))) << "the reserve is whole";
}

// A cluster that has become slow is asked once and a tenth; when its answers are counted, once.
TEST_F(SilenceTest, ASlowClusterIsNotAskedManyTimesOver) {
  learn();
  answer_puts(100, 2 * kMs);
  constexpr int kRounds = 100;
  std::size_t extra = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < 10; ++i) put(1'000 * kMs);
    const std::vector<Message> first = take(owner(0));
    const std::vector<Message> moved = take(owner(1));  // while the first owner is doubted
    pass(100 * kMs);
    for (const Message& m : first) answer_put(owner(0), std::get<PutRequest>(m).call, Errc::ok);
    for (const Message& m : moved) answer_put(owner(1), std::get<PutRequest>(m).call, Errc::ok);
    for (std::size_t rank = 0; rank < 3; ++rank) extra += take(owner(rank)).size();
    pass(1 * kMs);
    EXPECT_EQ(dispatcher_.open(), 0U);
  }
  EXPECT_LE(extra, RetryBudget::kReserve + (100 + 10 * kRounds) / RetryBudget::kAnswersPerRetry);
}

TEST_F(SilenceTest, PatienceFollowsWhatAnswersTake) {
  learn();
  answer_puts(100, 20 * kMs);
  put(1'000 * kMs);
  (void)take_put(owner(0));
  pass(59 * kMs);
  EXPECT_FALSE(asked(owner(1)));
  pass(9 * kMs);  // a window's bucket may be an eighth too high
  EXPECT_TRUE(asked(owner(1)));
}

TEST_F(SilenceTest, PatienceIsBoundedFromBelow) {
  learn();
  answer_puts(100, kMs);
  put(1'000 * kMs);
  (void)take_put(owner(0));
  pass(Patience::kMin - kMs);
  EXPECT_FALSE(asked(owner(1)));
  pass(kMs);
  EXPECT_TRUE(asked(owner(1)));
}

TEST_F(SilenceTest, PatienceIsNeverMoreThanAnEqualShareOfTheDeadline) {
  learn();
  answer_puts(100, 400 * kMs);
  put(900 * kMs);
  (void)take_put(owner(0));
  pass(300 * kMs);
  EXPECT_TRUE(asked(owner(1)));
}

// A store may read from memory and write to a disk.
TEST_F(SilenceTest, NothingIsLearnedOfReadsFromWrites) {
  learn();
  answer_puts(100, kMs);
  get(900 * kMs);
  std::size_t times = 0;
  const auto look = [&] {
    for (std::size_t rank = 0; rank < 3; ++rank) times += take(owner(rank)).size();
    return times;
  };
  EXPECT_EQ(look(), 1U);
  pass(299 * kMs);
  EXPECT_EQ(look(), 1U);
  pass(1 * kMs);
  EXPECT_EQ(look(), 2U);
}

TEST_F(SilenceTest, ALargeValueHasTimeToTravel) {
  learn();
  answer_puts(100, kMs);
  submit(PutRequest{.call = {},
                    .request = {},
                    .key = {"default", "k"},
                    .tombstone = false,
                    .value = Blob(std::string(1'000'000, 'x'))},
         1'000 * kMs);
  EXPECT_TRUE(asked(owner(0)));
  pass(Patience::kMin + 99 * kMs);
  EXPECT_FALSE(asked(owner(1)));
  pass(1 * kMs);
  EXPECT_TRUE(asked(owner(1)));
}

// All disks are stuck: more writes would make it worse. Whoever is heard of again is asked.
TEST_F(SilenceTest, WhereAllAreSilentNobodyIsAskedBeside) {
  learn();
  put();
  for (std::size_t rank = 0; rank < 3; ++rank) {
    EXPECT_TRUE(asked(owner(rank)));
    pass(100 * kMs);
  }
  EXPECT_EQ(code(), Errc::indeterminate);
  dispatcher_.lost("seed:1", now_);
  put(900 * kMs);
  EXPECT_TRUE(asked(owner(0)));
  pass(400 * kMs);
  EXPECT_FALSE(asked(owner(1)));
  EXPECT_TRUE(greets(owner(2)));
  pass(Patience::kMin);
  EXPECT_TRUE(asked(owner(2)));
  EXPECT_FALSE(asked(owner(1)));
}

// The second owner has a write that tries whether it is still slow; the first is as good as ever, others are lost.
class OneIsSlowTest : public DispatcherTest {
 protected:
  OneIsSlowTest() {
    learn();
    dispatcher_.lost(owner(2), now_);
    dispatcher_.lost("seed:1", now_);
    dispatcher_.lost(owner(0), now_);
    put();
    (void)take_put(owner(1));
    pass(100 * kMs);
    EXPECT_TRUE(greets(owner(1)));
    put(30'000 * kMs);
    (void)take_put(owner(1));
    dispatcher_.connected(owner(0));
    pass(200 * kMs);
    put();
    (void)take_put(owner(0));
  }
};

TEST_F(OneIsSlowTest, ItHelpsAgainstOneThatMayHang) {
  pass(100 * kMs);
  EXPECT_TRUE(asked(owner(1)));
}

TEST_F(OneIsSlowTest, ItDoesNotHelpAgainstOneThatIsSlowAsWell) {
  pass(50 * kMs);
  dispatcher_.receive(owner(0), Welcome{.call = {}, .node = {1}, .document = document_of(3)}, now_);
  pass(50 * kMs);
  pass(Patience::kMin);
  EXPECT_FALSE(asked(owner(1)));
}

// ---- who pays for a node that hangs ---------------------------------------------------------------------------------

// A write each millisecond: those of the first 30 ms wait for the node, and nobody else ever does.
TEST_F(SilenceTest, ABoundedNumberOfOperationsPaysForOneThatHangs) {
  learn();
  answer_puts(1000, kMs);
  std::size_t paid = 0;
  for (int ms = 0; ms < 5'000; ++ms) {
    put(1'000 * kMs);
    paid += take(owner(0)).size();
    for (const Message& message : take(owner(1))) answer_put(owner(1), std::get<PutRequest>(message).call, Errc::ok);
    pass(kMs);
  }
  EXPECT_EQ(paid, static_cast<std::size_t>(Patience::kMin / kMs));
  EXPECT_EQ(dispatcher_.open(), 0U);
}

// Hellos: the first as soon as the node is doubted, then one a second as long as there is something to ask.
TEST_F(SilenceTest, ADoubtfulNodeIsGreetedOnceASecond) {
  learn();
  put();
  (void)take_put(owner(0));
  pass(100 * kMs);
  std::size_t hellos = 0;
  for (int ms = 0; ms < 5'000; ms += 10) {
    put();
    for (const Message& message : dispatcher_.take(owner(0), now_))
      hellos += std::holds_alternative<Hello>(message) ? 1 : 0;
    for (const Message& message : take(owner(1))) answer_put(owner(1), std::get<PutRequest>(message).call, Errc::ok);
    pass(10 * kMs);
  }
  EXPECT_EQ(hellos, 5U);
}

// It greets, and its disk is stuck: one write at a time finds out how it is, reads go there as ever.
TEST_F(SilenceTest, WritesComeBackOneAtATime) {
  learn();
  put();
  const CallId silent = take_put(owner(0)).call;
  pass(100 * kMs);
  EXPECT_TRUE(greets(owner(0)));
  for (int i = 0; i < 5; ++i) put();
  EXPECT_EQ(take(owner(0)).size(), 1U);
  for (int i = 0; i < 3; ++i) get();
  EXPECT_EQ(take(owner(0)).size(), 1U);
  answer_put(owner(0), silent, Errc::ok);
  for (int i = 0; i < 5; ++i) put();
  EXPECT_EQ(take(owner(0)).size(), 5U);
}

TEST_F(SilenceTest, AWriteThatTriesInVainKeepsTheDoubt) {
  learn();
  put();
  (void)take_put(owner(0));
  pass(100 * kMs);
  EXPECT_TRUE(greets(owner(0)));
  pass(1'000 * kMs);
  put();
  EXPECT_EQ(take(owner(0)).size(), 1U);
  pass(100 * kMs);
  put();
  EXPECT_FALSE(asked(owner(0))) << "no Hello was answered since";
}

// After a round in which nobody could be reached, those who owe an answer are left alone.
TEST_F(SilenceTest, NobodyIsAskedTwiceAtTheSameTime) {
  learn();
  put();
  (void)take_put(owner(0));
  pass(100 * kMs);
  for (const std::string& address : {owner(1), owner(2), std::string("seed:1")}) dispatcher_.lost(address, now_);
  pass(20 * kMs);
  EXPECT_FALSE(asked(owner(0)));
  EXPECT_TRUE(asked(owner(1)));
}

// ---- one node and no other ------------------------------------------------------------------------------------------

TEST_F(SilenceTest, WhoMustBeAskedIsWaitedFor) {
  learn();
  ask_status_of("n2:1");
  EXPECT_TRUE(asked("n2:1"));
  pass(299 * kMs);
  EXPECT_FALSE(result_.has_value());
  pass(1 * kMs);
  EXPECT_EQ(code(), Errc::timeout);
}

TEST_F(SilenceTest, WhoMustBeAskedMayConnectLate) {
  learn();
  ask_status_of("n2:1");
  pass(299 * kMs);
  EXPECT_TRUE(asked("n2:1"));
}

}  // namespace
}  // namespace shoal::client_detail
