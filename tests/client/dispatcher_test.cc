// The client's brain with a clock made of numbers: who is asked, when the next one is, and what is said about failures.
#include "tests/client/dispatcher_fixture.h"

namespace shoal::client_detail {
namespace {

TEST_F(DispatcherTest, AWriteGoesToTheFirstOwner) {
  learn();
  put();
  const PutRequest request = take_put(owner(0));
  EXPECT_EQ(request.request.client, 99U);
  answer_put(owner(0), request.call, Errc::ok);
  ASSERT_TRUE(result_.has_value());
  EXPECT_TRUE(result_->has_value());
  EXPECT_EQ(dispatcher_.open(), 0U);
}

TEST_F(DispatcherTest, ReadsTakeTurnsAmongTheOwners) {
  learn();
  std::map<std::string, int> asked_times;
  for (int i = 0; i < 9; ++i) get();
  for (std::size_t rank = 0; rank < 3; ++rank) EXPECT_EQ(take(owner(rank)).size(), 3U);
}

TEST_F(DispatcherTest, TheNodeGetsLessTimeThanTheCaller) {
  learn();
  put(1000 * kMs);
  pass(100 * kMs);
  EXPECT_EQ(take_put(owner(0)).timeout, Millis(810));
}

TEST_F(DispatcherTest, OperationsWaitForThePlacement) {
  get();
  EXPECT_EQ(dispatcher_.wanting(), std::vector<std::string>{"seed:1"});
  learn();
  EXPECT_EQ(dispatcher_.wanting(), std::vector<std::string>({owner(0), "seed:1"}));
}

TEST_F(DispatcherTest, WithoutPlacementItIsCertainlyNotApplied) {
  put();
  pass(300 * kMs);
  EXPECT_EQ(code(), Errc::unavailable);
}

TEST_F(DispatcherTest, ASilentOwnerIsGivenItsShareOfTheTime) {
  learn();
  put();
  const PutRequest first = take_put(owner(0));
  pass(99 * kMs);
  EXPECT_FALSE(asked(owner(1)));
  pass(1 * kMs);
  const PutRequest second = take_put(owner(1));
  EXPECT_EQ(first.request, second.request);
  EXPECT_NE(first.call, second.call);
}

TEST_F(DispatcherTest, ALateAnswerOfTheFirstStillCounts) {
  learn();
  put();
  const PutRequest first = take_put(owner(0));
  pass(100 * kMs);
  (void)take_put(owner(1));
  answer_put(owner(0), first.call, Errc::ok);
  ASSERT_TRUE(result_.has_value());
  EXPECT_TRUE(result_->has_value());
}

TEST_F(DispatcherTest, NoMoreThanRetriesAndOne) {
  learn(5);
  put();
  (void)take_put(owner(0));
  pass(100 * kMs);
  (void)take_put(owner(1));
  pass(100 * kMs);
  (void)take_put(owner(2));
  pass(99 * kMs);
  EXPECT_FALSE(asked(owner(3)));
  EXPECT_FALSE(result_.has_value());
  pass(1 * kMs);
  EXPECT_EQ(code(), Errc::indeterminate);
}

// What never left is taken back when the next one is asked, so that it cannot leave later.
TEST_F(DispatcherTest, AnAttemptWithoutConnectionIsTakenBack) {
  learn();
  put();
  pass(100 * kMs);
  EXPECT_FALSE(asked(owner(0)));
  EXPECT_TRUE(asked(owner(1)));
}

TEST_F(DispatcherTest, ALostConnectionMovesOnAtOnce) {
  learn();
  put();
  (void)take_put(owner(0));
  dispatcher_.lost(owner(0), now_);
  EXPECT_TRUE(asked(owner(1)));
}

TEST_F(DispatcherTest, UnreachableOwnersCostNoAttempts) {
  learn(5);
  put();
  for (std::size_t rank = 0; rank < 3; ++rank) dispatcher_.lost(owner(rank), now_);
  EXPECT_TRUE(asked(owner(3)));
}

TEST_F(DispatcherTest, NothingReachableIsCertainlyNotApplied) {
  learn();
  put();
  for (int round = 0; round < 50; ++round) {
    for (std::size_t rank = 0; rank < 3; ++rank) dispatcher_.lost(owner(rank), now_);
    dispatcher_.lost("seed:1", now_);
    pass(10 * kMs);
  }
  EXPECT_EQ(code(), Errc::unavailable);
}

TEST_F(DispatcherTest, LostAfterItWasSentMeansMaybe) {
  learn();
  put();
  (void)take_put(owner(0));
  for (std::size_t rank = 0; rank < 3; ++rank) dispatcher_.lost(owner(rank), now_);
  pass(300 * kMs);
  EXPECT_EQ(code(), Errc::indeterminate);
}

TEST_F(DispatcherTest, AReadThatWasLostIsNoMaybe) {
  learn();
  get();
  EXPECT_TRUE(asked(owner(0)));
  for (std::size_t rank = 0; rank < 3; ++rank) dispatcher_.lost(owner(rank), now_);
  pass(300 * kMs);
  EXPECT_EQ(code(), Errc::unavailable);
}

// One silent and two refusals: the silent one may have applied it.
TEST_F(DispatcherTest, RefusalsDoNotClearASilentAttempt) {
  learn();
  put();
  (void)take_put(owner(0));
  pass(100 * kMs);
  answer_put(owner(1), take_put(owner(1)).call, Errc::no_space);
  pass(100 * kMs);
  answer_put(owner(2), take_put(owner(2)).call, Errc::no_space);
  EXPECT_FALSE(result_.has_value());
  pass(100 * kMs);
  EXPECT_EQ(code(), Errc::indeterminate);
}

TEST_F(DispatcherTest, ARefusedWriteIsTriedElsewhereAfterAPause) {
  learn();
  put();
  answer_put(owner(0), take_put(owner(0)).call, Errc::overloaded);
  EXPECT_FALSE(asked(owner(1)));
  EXPECT_LE(dispatcher_.next_deadline(), now_ + 20 * kMs);
  EXPECT_GE(dispatcher_.next_deadline(), now_ + 10 * kMs);
  pass(20 * kMs);
  EXPECT_TRUE(asked(owner(1)));
}

TEST_F(DispatcherTest, WhatOthersWouldRefuseTooIsNotRetried) {
  learn();
  put();
  answer_put(owner(0), take_put(owner(0)).call, Errc::bad_context);
  EXPECT_EQ(code(), Errc::bad_context);
  put();
  answer_put(owner(0), take_put(owner(0)).call, Errc::indeterminate);
  EXPECT_EQ(code(), Errc::indeterminate);
}

TEST_F(DispatcherTest, ASilentNodeComesLastUntilItIsHeardOf) {
  learn();
  put();
  (void)take_put(owner(0));
  pass(100 * kMs);
  answer_put(owner(1), take_put(owner(1)).call, Errc::ok);
  put();
  EXPECT_FALSE(asked(owner(0)));
  EXPECT_TRUE(asked(owner(1)));
  dispatcher_.receive(owner(0), Welcome{.call = {}, .node = {1}, .document = document_of(3)}, now_);
  put();
  EXPECT_TRUE(asked(owner(0)));
}

TEST_F(DispatcherTest, ANewerDocumentIsFollowedAndAnOlderIsNot) {
  learn(3);
  dispatcher_.receive("n1:1", DocumentPush{document_of(4, 3)}, now_);
  EXPECT_TRUE(dispatcher_.knows("n4:1"));
  dispatcher_.receive("n1:1", DocumentPush{document_of(5, 2)}, now_);
  EXPECT_FALSE(dispatcher_.knows("n5:1"));
  dispatcher_.receive("n1:1", DocumentPush{document_of(2, 4)}, now_);
  EXPECT_FALSE(dispatcher_.knows("n4:1"));
  EXPECT_TRUE(dispatcher_.knows("seed:1"));
}

TEST_F(DispatcherTest, ADocumentOfAnotherClusterIsIgnored) {
  learn(3);
  Membership other = document_of(4, 9);
  other.cluster = {8};
  dispatcher_.receive("n1:1", DocumentPush{other}, now_);
  EXPECT_FALSE(dispatcher_.knows("n4:1"));
  EXPECT_EQ(dispatcher_.cluster(), ClusterId{7});
}

TEST_F(DispatcherTest, LargeWritesDoNotShareAFrame) {
  learn();
  for (int i = 0; i < 3; ++i) {
    submit(PutRequest{.call = {},
                      .request = {},
                      .key = {"default", "k"},
                      .tombstone = false,
                      .value = Blob(std::string(2 << 20, 'x'))});
  }
  EXPECT_EQ(take(owner(0)).size(), 1U);
  EXPECT_EQ(take(owner(0)).size(), 1U);
}

TEST_F(DispatcherTest, ClosingTellsWhatIsKnown) {
  learn();
  put();
  dispatcher_.close();
  EXPECT_EQ(code(), Errc::closed);
  put();
  (void)take_put(owner(0));
  dispatcher_.close();
  EXPECT_EQ(code(), Errc::indeterminate);
}

class ManySeedsTest : public DispatcherTest {
 protected:
  ManySeedsTest() : DispatcherTest({"a:1", "b:1", "c:1"}) {}
};

TEST_F(ManySeedsTest, SeedsAreGreetedOneAfterTheOther) {
  get();
  EXPECT_EQ(dispatcher_.wanting(), std::vector<std::string>{"a:1"});
  pass(100 * kMs);
  EXPECT_EQ(dispatcher_.wanting(), (std::vector<std::string>{"a:1", "b:1"}));
}

TEST_F(ManySeedsTest, ADeadSeedIsFollowedByTheNextAtOnce) {
  get();
  dispatcher_.lost("a:1", now_);
  dispatcher_.lost("b:1", now_);
  EXPECT_EQ(dispatcher_.wanting(), (std::vector<std::string>{"a:1", "b:1", "c:1"}));
}

TEST_F(ManySeedsTest, WhenAllSeedsRefuseTheReasonIsTheAnswer) {
  get();
  for (const char* seed : {"a:1", "b:1", "c:1"})
    dispatcher_.receive(seed, Refused{Refused::Reason::protocol, "too old"}, now_);
  EXPECT_EQ(code(), Errc::refused);
}

}  // namespace
}  // namespace shoal::client_detail
