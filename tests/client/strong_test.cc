// Buckets of kind strong as the client sees them: whom it asks, what it says of retries, compare-and-set, update.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "shoal/client.hpp"
#include "tests/client/dispatcher_fixture.h"
#include "tests/client/fake_cluster.h"

namespace shoal {

using testing::HasSubstr;

namespace client_detail {
namespace {

class StrongDispatcherTest : public DispatcherTest {
 protected:
  void read(Level level) { submit(GetRequest{.call = {}, .key = {"locks", "k"}, .level = level}); }
  void write() { submit(PutRequest{.call = {}, .request = {}, .key = {"locks", "k"}}); }
};

TEST_F(StrongDispatcherTest, WhatIsAgreedOnGoesToTheFirstOwner) {
  learn();
  for (int i = 0; i < 3; ++i)
    for (const Level level : {Level::quorum, Level::all, Level::strong}) read(level);
  write();
  EXPECT_EQ(take(owner(0, "locks")).size(), 10U);
}

TEST_F(StrongDispatcherTest, ReadsThatMayBeOldTakeTurns) {
  learn();
  for (int i = 0; i < 6; ++i) read(Level::eventual);
  for (std::size_t rank = 0; rank < 3; ++rank) EXPECT_EQ(take(owner(rank, "locks")).size(), 2U);
}

TEST_F(StrongDispatcherTest, AnUnreachableFirstOwnerIsPassedOver) {
  learn();
  dispatcher_.lost(owner(0, "locks"), now_);
  for (int i = 0; i < 3; ++i) read(Level::strong);
  write();
  EXPECT_EQ(take(owner(1, "locks")).size(), 4U);
}

TEST_F(StrongDispatcherTest, OnlyWhatWasHandedOverBeforeIsARetry) {
  learn();
  put();
  const PutRequest first = take_put(owner(0));
  EXPECT_FALSE(first.retry);
  pass(100 * kMs);
  const PutRequest second = take_put(owner(1));
  EXPECT_TRUE(second.retry);
  EXPECT_EQ(first.request, second.request);
  answer_put(owner(1), second.call, Errc::overloaded);
  pass(20 * kMs);
  EXPECT_TRUE(take_put(owner(2)).retry);
}

TEST_F(StrongDispatcherTest, WhatWasTakenBackIsNoTry) {
  learn();
  put();
  pass(100 * kMs);
  EXPECT_FALSE(take_put(owner(1)).retry);
}

// The first try may still win later: the second one's defeat says nothing of it.
TEST_F(StrongDispatcherTest, ALostComparisonDoesNotClearASilentTry) {
  learn();
  write();
  (void)take_put(owner(0, "locks"));
  pass(100 * kMs);
  answer_put(owner(1, "locks"), take_put(owner(1, "locks")).call, Errc::conflict);
  EXPECT_FALSE(result_.has_value());
  pass(200 * kMs);
  EXPECT_EQ(code(), Errc::indeterminate);
}

TEST_F(StrongDispatcherTest, ALostComparisonIsTheAnswer) {
  learn();
  write();
  answer_put(owner(0, "locks"), take_put(owner(0, "locks")).call, Errc::conflict);
  EXPECT_EQ(code(), Errc::conflict);
}

TEST_F(StrongDispatcherTest, AKeyThatDoesNotRememberUsIsAskedUnderANewRequest) {
  learn();
  write();
  const PutRequest first = take_put(owner(0, "locks"));
  answer_put(owner(0, "locks"), first.call, Errc::unavailable, 32);
  const PutRequest second = take_put(owner(0, "locks"));
  EXPECT_GT(second.request.sequence, first.request.sequence);
  EXPECT_EQ(second.since, 32U);
  EXPECT_FALSE(second.retry) << "nothing was made";
  answer_put(owner(0, "locks"), second.call, Errc::ok);
  EXPECT_EQ(code(), Errc::ok);
}

// What the silent node makes of it is not known.
TEST_F(StrongDispatcherTest, AWriteThatMayBeMadeKeepsItsRequest) {
  learn();
  write();
  const PutRequest first = take_put(owner(0, "locks"));
  pass(100 * kMs);
  const PutRequest second = take_put(owner(1, "locks"));
  answer_put(owner(0, "locks"), first.call, Errc::unavailable, 32);
  pass(100 * kMs);
  const PutRequest third = take_put(owner(2, "locks"));
  EXPECT_EQ(third.request, second.request);
  EXPECT_TRUE(third.retry);
}

TEST_F(StrongDispatcherTest, OtherKindsOfBucketsAreNotAskedForIt) {
  learn();
  submit(GetRequest{.call = {}, .key = {"default", "k"}, .level = Level::strong});
  EXPECT_EQ(code(), Errc::invalid);
  EXPECT_THAT(result_->error().message, HasSubstr("shoal bucket create NAME --kind strong"));
  submit(PutRequest{.call = {}, .request = {}, .key = {"default", "k"}, .level = Level::strong});
  EXPECT_EQ(code(), Errc::invalid);
  EXPECT_FALSE(asked(owner(0)));
}

// A document may be older than a bucket.
TEST_F(StrongDispatcherTest, ABucketThatIsNotKnownIsTheNodesAffair) {
  learn();
  submit(GetRequest{.call = {}, .key = {"new", "k"}, .level = Level::strong});
  EXPECT_FALSE(result_.has_value());
}

}  // namespace
}  // namespace client_detail

namespace test {
namespace {

using namespace std::chrono_literals;

class StrongClientTest : public testing::Test {
 protected:
  StrongClientTest() { EXPECT_TRUE(db_.create_bucket({.name = "locks", .kind = "strong"})); }

  Options options() {
    Options options = Options::parse("shoal://" + cluster_.seeds()).value();
    options.timeout = 20s;
    return options;
  }
  std::string value(std::string_view key) {
    return db_.get(key, {.bucket = "locks", .level = Level::strong}).value().value();
  }

  FakeCluster cluster_{3};
  Client db_{options()};
  const WriteOptions locks_{.bucket = "locks"};
};

TEST_F(StrongClientTest, OfTwoWhoWantWhatIsFreeOneGetsIt) {
  EXPECT_TRUE(db_.put_if_absent("printer", "ada", locks_));
  const auto second = db_.put_if_absent("printer", "grace", locks_);
  EXPECT_EQ(second.error().code, Errc::conflict);
  EXPECT_FALSE(second.error().maybe_applied());
  EXPECT_EQ(value("printer"), "ada");
}

TEST_F(StrongClientTest, AComparisonByValue) {
  EXPECT_EQ(db_.cas("k", "", "b", locks_).error().code, Errc::conflict) << "an empty value is not the same as none";
  ASSERT_TRUE(db_.put("k", "a", locks_));
  EXPECT_EQ(db_.cas("k", "b", "c", locks_).error().code, Errc::conflict);
  EXPECT_TRUE(db_.cas("k", "a", "b", locks_));
  EXPECT_EQ(value("k"), "b");
}

// Back to what it was is not the same as never written.
TEST_F(StrongClientTest, AComparisonByContext) {
  const Context seen = db_.put("k", "a", locks_)->context;
  ASSERT_TRUE(db_.put("k", "b", locks_));
  ASSERT_TRUE(db_.put("k", "a", locks_));
  EXPECT_EQ(db_.cas("k", seen, "c", locks_).error().code, Errc::conflict);
  const Context now = db_.get("k", {.bucket = "locks"})->context();
  const Receipt won = db_.cas("k", now, "c", locks_).value();
  EXPECT_EQ(db_.put("k", "d", {.context = now, .bucket = "locks"}).error().code, Errc::conflict);
  EXPECT_TRUE(db_.put("k", "d", {.context = won.context, .bucket = "locks"}));
}

TEST_F(StrongClientTest, WhoHasSeenNothingExpectsNothing) {
  const Context nothing = db_.get("k", {.bucket = "locks"})->context();
  ASSERT_TRUE(nothing.empty());
  EXPECT_TRUE(db_.cas("k", nothing, "a", locks_));
  EXPECT_EQ(db_.cas("k", nothing, "b", locks_).error().code, Errc::conflict);
  EXPECT_EQ(db_.del_if("k", nothing, locks_).error().code, Errc::conflict);
}

TEST_F(StrongClientTest, ConditionalDeletes) {
  const Context first = db_.put("k", "a", locks_)->context;
  EXPECT_EQ(db_.del_if("k", "b", locks_).error().code, Errc::conflict);
  ASSERT_TRUE(db_.put("k", "b", locks_));
  EXPECT_EQ(db_.del_if("k", first, locks_).error().code, Errc::conflict);
  EXPECT_TRUE(db_.del_if("k", "b", locks_));
  EXPECT_FALSE(db_.get("k", {.bucket = "locks"})->exists());
  EXPECT_TRUE(db_.put_if_absent("k", "c", locks_)) << "a deleted key has no value";
}

TEST_F(StrongClientTest, ADeleteReadsAgainWhenTheKeyHasChanged) {
  ASSERT_TRUE(db_.put("k", "a", locks_));
  std::atomic<int> races = 3;
  cluster_.script_all([&](const Message& message) {
    const auto* put = std::get_if<PutRequest>(&message);
    if (put == nullptr || !put->tombstone || races-- <= 0) return Act::serve();
    PutReply reply;
    reply.outcome = fail(Errc::conflict, "the key has changed");
    return Act::answer(reply);
  });
  EXPECT_TRUE(db_.del("k", locks_));
  EXPECT_EQ(races, -1);
  EXPECT_FALSE(db_.get("k", {.bucket = "locks"})->exists());
}

TEST_F(StrongClientTest, ConditionsAreForStrongBucketsAlone) {
  for (const auto& refused : {db_.put_if_absent("k", "a"), db_.cas("k", "a", "b"), db_.cas("k", Context{}, "b"),
                              db_.del_if("k", "a"), db_.del_if("k", Context{})}) {
    EXPECT_EQ(refused.error().code, Errc::invalid);
    EXPECT_THAT(refused.error().message, HasSubstr("bucket \"default\" is of kind siblings"));
  }
  EXPECT_EQ(db_.get("k", {.level = Level::strong}).error().code, Errc::invalid);
  EXPECT_EQ(db_.scan("", {.bucket = "locks", .level = Level::strong}).next().error().code, Errc::invalid);
  EXPECT_EQ(cluster_.data_requests(), 0U);
}

TEST_F(StrongClientTest, ASilentComparisonIsInDoubt) {
  cluster_.script_all(swallow_puts());
  WriteOptions hasty = locks_;
  hasty.timeout = 150ms;
  const auto result = db_.put_if_absent("k", "a", hasty);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().maybe_applied());
}

// The first owner makes the write and dies without an answer: the retry is recognised and does not lose against it.
TEST_F(StrongClientTest, ARetriedComparisonDoesNotLoseAgainstItself) {
  cluster_.script(cluster_.owners("k", "locks").front(), swallow_puts());
  WriteOptions patient = locks_;
  patient.timeout = 3s;
  EXPECT_TRUE(db_.put_if_absent("k", "a", patient));
}

TEST_F(StrongClientTest, WritesInASessionAreReadByIt) {
  Session session = db_.session();
  ASSERT_TRUE(db_.put_if_absent("k", "a", {.bucket = "locks", .session = &session}));
  EXPECT_EQ(db_.get("k", {.bucket = "locks", .session = &session})->value(), "a");
  EXPECT_EQ(db_.cas("k", "a", "b", {.bucket = "locks", .level = Level::all, .session = &session}).error().code,
            Errc::invalid);
}

TEST_F(StrongClientTest, ABucketIsKnownByItsName) {
  EXPECT_EQ(db_.bucket("default")->kind, "siblings");
  EXPECT_EQ(db_.bucket("locks")->kind, "strong");
  Client other(options());
  EXPECT_EQ(other.bucket("other").error().code, Errc::invalid);
  ASSERT_TRUE(db_.create_bucket({.name = "other", .kind = "strong"}));
  EXPECT_EQ(other.bucket("other")->kind, "strong") << "it asks a node";
  EXPECT_EQ(db_.create_bucket({.name = "third", .kind = "strong", .r = 1}).error().code, Errc::invalid);
}

std::string one_more(std::optional<std::string> value) { return std::to_string(std::stoi(value.value_or("0")) + 1); }

TEST_F(StrongClientTest, UpdatesLoseNothing) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Client own(options());
      for (int i = 0; i < 10; ++i) EXPECT_TRUE(own.update("visits", one_more, resolve::none(), locks_));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(value("visits"), "40");
}

// Others write between read and write: the change is made to what they wrote.
TEST_F(StrongClientTest, UpdateChangesTheNewValueWhenItWasTooLate) {
  int calls = 0;
  const auto change = [&](std::optional<std::string> value) {
    if (++calls <= 2) {
      EXPECT_TRUE(db_.put("k", "other " + std::to_string(calls), locks_));
    }
    return value.value_or("nothing") + ", changed";
  };
  EXPECT_EQ(db_.update("k", change, resolve::none(), locks_).value(), "other 2, changed");
  EXPECT_EQ(calls, 3);
}

TEST_F(StrongClientTest, UpdateGivesUpAtItsDeadline) {
  cluster_.script_all(refuse_puts(Errc::conflict, "the key is not as expected"));
  WriteOptions hasty = locks_;
  hasty.timeout = 100ms;
  EXPECT_FALSE(db_.update("k", one_more, resolve::none(), hasty));
  EXPECT_EQ(cluster_.store().writes_applied(), 0U);
}

TEST_F(StrongClientTest, UpdateReadsTheNewestWhateverTheLevel) {
  const Heard heard;
  cluster_.script_all(heard.script());
  Session session = db_.session();
  ASSERT_TRUE(db_.update("k", one_more, resolve::none(), {.bucket = "locks", .level = Level::eventual}));
  ASSERT_TRUE(db_.update("k", one_more, resolve::none(), {.bucket = "locks", .session = &session}));
  for (const GetRequest& get : heard.gets()) EXPECT_EQ(get.level, Level::strong);
  EXPECT_EQ(heard.puts()[0].condition, PutIf::absent);
  EXPECT_EQ(heard.puts()[1].condition, PutIf::always);
  EXPECT_FALSE(heard.puts()[1].context.empty());
}

}  // namespace
}  // namespace test
}  // namespace shoal
