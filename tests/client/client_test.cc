// libshoal against fake nodes: what users see of values, conflicts, failures and limits.
#include "shoal/client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <coroutine>
#include <future>
#include <set>
#include <thread>

#include "node/base/limits.h"
#include "tests/client/fake_cluster.h"

namespace shoal::test {
namespace {

using namespace std::chrono_literals;

constexpr Millis kPatient = 20s;  // deadline of calls that are expected to succeed, however slow the machine

Options options_for(const FakeCluster& cluster) {
  Options options = Options::parse("shoal://" + cluster.seeds()).value();
  options.timeout = kPatient;
  return options;
}

class ClientTest : public testing::Test {
 protected:
  FakeCluster cluster_{3};
  Client db_{options_for(cluster_)};
};

TEST_F(ClientTest, WhatWasPutIsRead) {
  const Receipt receipt = db_.put("user:1", "ada").value();
  EXPECT_EQ(receipt.acks, 3);
  EXPECT_EQ(receipt.needed, 2);
  EXPECT_TRUE(receipt.durable);
  EXPECT_EQ(receipt.siblings, 1U);
  const Object object = db_.get("user:1").value();
  EXPECT_TRUE(object.exists());
  EXPECT_FALSE(object.conflicted());
  EXPECT_EQ(object.value(), "ada");
  EXPECT_EQ(object.context(), receipt.context);
}

TEST_F(ClientTest, BytesArriveAsTheyAre) {
  std::string value("\xff\x00 binary \n", 11);
  value.push_back('\0');
  const std::string key("\x00\x01k", 3);
  ASSERT_TRUE(db_.put(key, value));
  EXPECT_EQ(db_.get(key)->value(), value);
}

// A value of the full size travels in several pieces, there and back.
TEST_F(ClientTest, TheLargestValueArrives) {
  const std::string value(8 << 20, 'x');
  ASSERT_TRUE(db_.put("large", value));
  EXPECT_EQ(db_.get("large")->value(), value);
}

TEST_F(ClientTest, AMissingKeyIsAnAnswerAndItsValueThrows) {
  const Object object = db_.get("nobody").value();
  EXPECT_FALSE(object.exists());
  EXPECT_THROW((void)object.value(), BadResult);
}

TEST_F(ClientTest, ConflictsAreShownAndNeverPicked) {
  ASSERT_TRUE(db_.put("cart", "tea"));
  const Receipt second = db_.put("cart", "rum").value();
  EXPECT_EQ(second.siblings, 2U);
  const Object object = db_.get("cart").value();
  ASSERT_TRUE(object.conflicted());
  EXPECT_EQ(std::vector<std::string>(object.siblings().begin(), object.siblings().end()),
            (std::vector<std::string>{"tea", "rum"}));
  EXPECT_LT(object.written()[0], object.written()[1]);
  try {
    (void)object.value();
    FAIL() << "a conflict has no value";
  } catch (const BadResult& bad) {
    EXPECT_EQ(bad.error().code, Errc::conflict);
  }
  EXPECT_EQ(db_.put("cart", "both", {.context = object.context()})->siblings, 1U);
  EXPECT_EQ(db_.get("cart")->value(), "both");
}

TEST_F(ClientTest, ATokenSurvivesItsTextualForm) {
  ASSERT_TRUE(db_.put("k", "one"));
  const std::string token = db_.get("k")->context().token();
  const Context context = Context::parse(token).value();
  EXPECT_EQ(db_.put("k", "two", {.context = context})->siblings, 1U);
  EXPECT_EQ(Context::parse("not a token!").error().code, Errc::bad_context);
  EXPECT_EQ(Context::parse(std::string(2 * kContextBytesMax, 'A')).error().code, Errc::bad_context);
  EXPECT_TRUE(Context::parse("")->empty());
}

// The token of a put that landed beside others may not overwrite them: its writer never saw them.
TEST_F(ClientTest, ATokenThatMayNotOverwriteIsAConflict) {
  ASSERT_TRUE(db_.put("k", "one"));
  const Receipt beside = db_.put("k", "two").value();
  EXPECT_EQ(db_.put("k", "three", {.context = beside.context}).error().code, Errc::conflict);
}

TEST_F(ClientTest, DeleteRemovesWhatItSaw) {
  EXPECT_EQ(db_.del("k").error().code, Errc::not_found);
  ASSERT_TRUE(db_.put("k", "one"));
  ASSERT_TRUE(db_.del("k"));
  EXPECT_FALSE(db_.get("k")->exists());
}

TEST_F(ClientTest, DeleteWithAnOldContextKeepsWhatCameLater) {
  const Context old = db_.put("k", "one")->context;
  ASSERT_TRUE(db_.put("k", "two"));
  ASSERT_TRUE(db_.del("k", {.context = old}));
  EXPECT_EQ(db_.get("k")->value(), "two");
}

TEST_F(ClientTest, LimitsAreCheckedBeforeAnythingIsSent) {
  EXPECT_EQ(db_.put("", "v").error().message, "the key is empty; keys have 1 to 1024 bytes");
  EXPECT_EQ(db_.put(std::string(1025, 'k'), "v").error().code, Errc::too_large);
  EXPECT_EQ(db_.put("k", std::string((8 << 20) + 1, 'v')).error().code, Errc::too_large);
  EXPECT_EQ(db_.get("k", {.bucket = ""}).error().message,
            "the bucket's name has 0 bytes; such names have 1 to 64 bytes");
  EXPECT_EQ(db_.get("k", {.r = 10}).error().code, Errc::invalid);
  EXPECT_EQ(db_.put("k", "v", {.w = -3}).error().code, Errc::invalid);
  EXPECT_EQ(db_.get("k", {.timeout = 0ms}).error().code, Errc::invalid);
  EXPECT_EQ(db_.scan("", {.bucket = ""}).next().error().code, Errc::invalid);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(cluster_.frames(i), 0U);
}

TEST_F(ClientTest, TheDeathOfTheFirstOwnerIsNotNoticed) {
  ASSERT_TRUE(db_.put("k", "before"));
  cluster_.stop(cluster_.owners("k").front());
  ASSERT_TRUE(db_.put("other", "x"));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(db_.get("k")->value(), "before");
  const Context context = db_.get("k")->context();
  ASSERT_TRUE(db_.put("k", "after", {.context = context}));
  EXPECT_EQ(db_.get("k")->value(), "after");
}

TEST_F(ClientTest, ADeadSeedIsPassedOver) {
  cluster_.stop(0);
  Client late(options_for(cluster_));
  ASSERT_TRUE(late.put("k", "v"));
  EXPECT_EQ(late.get("k")->value(), "v");
}

// The first owner applies the write and dies without an answer: the second gets the same request id.
TEST_F(ClientTest, ARetryKeepsItsRequestId) {
  cluster_.script(cluster_.owners("k").front(), swallow_puts());
  Options impatient = options_for(cluster_);
  Client db(impatient);
  ASSERT_TRUE(db.put("k", "v", {.timeout = 3s}));
  EXPECT_EQ(cluster_.store().writes_applied(), 1U);
}

TEST_F(ClientTest, SilenceAfterAWriteMeansMaybe) {
  cluster_.script_all(swallow_puts());
  const auto result = db_.put("k", "v", {.timeout = 150ms});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::indeterminate);
  EXPECT_TRUE(result.error().maybe_applied());
}

TEST_F(ClientTest, AWriteWhoseNodesDiedMeansMaybe) {
  ASSERT_TRUE(db_.get("k"));
  cluster_.script_all(swallow_puts());
  Pending<Receipt> pending = db_.async().put("k", "v", {.timeout = 3s});
  while (cluster_.store().writes_applied() == 0 && !pending.ready()) std::this_thread::yield();
  for (std::size_t i = 0; i < 3; ++i) cluster_.stop(i);
  EXPECT_EQ(pending.get().error().code, Errc::indeterminate);
}

TEST_F(ClientTest, RefusedByAllMeansCertainlyNot) {
  cluster_.script_all(refuse_puts(Errc::no_space, "the disk is full; nothing was written"));
  const auto result = db_.put("k", "v");
  EXPECT_EQ(result.error(), fail(Errc::no_space, "the disk is full; nothing was written"));
  EXPECT_FALSE(result.error().maybe_applied());
  EXPECT_EQ(cluster_.store().writes_applied(), 0U);
}

TEST_F(ClientTest, OneRefusalIsRetriedElsewhere) {
  cluster_.script(cluster_.owners("k").front(), refuse_puts(Errc::overloaded, "busy"));
  EXPECT_TRUE(db_.put("k", "v"));
}

TEST_F(ClientTest, SilentReadsTimeOut) {
  cluster_.script_all(ignore_data());
  EXPECT_EQ(db_.get("k", {.timeout = 100ms}).error().code, Errc::timeout);
}

TEST_F(ClientTest, NobodyThereMeansCertainlyNot) {
  for (std::size_t i = 0; i < 3; ++i) cluster_.stop(i);
  Client db(options_for(cluster_));
  const auto result = db.put("k", "v", {.timeout = 150ms});
  EXPECT_EQ(result.error().code, Errc::unavailable);
  EXPECT_NE(result.error().message.find("is shoald running there?"), std::string::npos) << result.error().message;
}

// The placement is known, but all connections are gone before anything is sent.
TEST_F(ClientTest, UnreachableOwnersMeanCertainlyNot) {
  ASSERT_TRUE(db_.get("k"));
  for (std::size_t i = 0; i < 3; ++i) cluster_.stop(i);
  while (db_.get("k", {.timeout = 100ms}).error().code != Errc::unavailable) {
  }
  EXPECT_EQ(db_.put("k", "v", {.timeout = 150ms}).error().code, Errc::unavailable);
}

TEST_F(ClientTest, AnotherProtocolIsRefusedWithASentence) {
  cluster_.script_all([](const Message&) {
    return Act::answer(Refused{Refused::Reason::protocol, "it speaks another protocol"});
  });
  const auto result = db_.get("k");
  EXPECT_EQ(result.error().code, Errc::refused);
  EXPECT_NE(result.error().message.find("it speaks another protocol"), std::string::npos);
}

TEST_F(ClientTest, AMalformedUriIsTheAnswerToEveryCall) {
  Client db("redis://localhost");
  EXPECT_EQ(db.get("k").error().code, Errc::invalid);
  EXPECT_EQ(db.put("k", "v").error().code, Errc::invalid);
  EXPECT_EQ(db.scan().next().error().code, Errc::invalid);
}

TEST_F(ClientTest, ManyRequestsShareFrames) {
  ASSERT_TRUE(db_.put("k", "v"));
  const std::size_t frames_before = cluster_.frames(0) + cluster_.frames(1) + cluster_.frames(2);
  // Holds the client's thread while requests pile up: what piles up leaves together.
  std::promise<void> held;
  std::promise<void> release;
  db_.async().get("k").then([&](Result<Object>) {
    held.set_value();
    release.get_future().wait();
  });
  held.get_future().wait();
  std::vector<Pending<Object>> pending;
  for (int i = 0; i < 500; ++i) pending.push_back(db_.async().get("k"));
  release.set_value();
  for (Pending<Object>& each : pending) EXPECT_EQ(each.get()->value(), "v");
  const std::size_t frames = cluster_.frames(0) + cluster_.frames(1) + cluster_.frames(2) - frames_before;
  EXPECT_LT(frames, 20U);
}

TEST_F(ClientTest, CallersWaitForRoom) {
  Options narrow = options_for(cluster_);
  narrow.max_inflight = 2;
  Client db(narrow);
  std::vector<Pending<Receipt>> pending;
  for (int i = 0; i < 50; ++i) pending.push_back(db.async().put("k" + std::to_string(i), "v"));
  for (Pending<Receipt>& each : pending) EXPECT_TRUE(each.get());
}

TEST_F(ClientTest, NoRoomUntilTheDeadlineMeansOverloaded) {
  Options narrow = options_for(cluster_);
  narrow.max_inflight = 1;
  Client db(narrow);
  ASSERT_TRUE(db.get("k"));
  cluster_.script_all(ignore_data());
  Pending<Object> first = db.async().get("k", {.timeout = 10s});
  EXPECT_EQ(db.put("k", "v", {.timeout = 50ms}).error().code, Errc::overloaded);
  EXPECT_FALSE(first.ready());
}

// A coroutine that runs by itself and tells its end.
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Task copy(Async db, std::promise<std::string>& copied) {
  const auto value = co_await db.get("a");
  if (value && value->exists()) (void)co_await db.put("b", value->value());
  const auto again = co_await db.get("b");
  copied.set_value(again->value());
}

TEST_F(ClientTest, PendingCanBeAwaited) {
  ASSERT_TRUE(db_.put("a", "1"));
  std::promise<std::string> copied;
  copy(db_.async(), copied);
  EXPECT_EQ(copied.get_future().get(), "1");
}

TEST_F(ClientTest, PendingCallsBackOnce) {
  std::promise<Result<Receipt>> done;
  db_.async().put("a", "1").then([&](Result<Receipt> receipt) { done.set_value(std::move(receipt)); });
  EXPECT_TRUE(done.get_future().get());
}

TEST_F(ClientTest, AResultIsTakenOnce) {
  Pending<Object> pending = db_.async().get("a");
  EXPECT_TRUE(pending.get());
  EXPECT_EQ(pending.get().error().code, Errc::invalid);
}

TEST_F(ClientTest, WaitingOnTheClientsThreadIsRefusedInsteadOfADeadlock) {
  std::promise<Errc> code;
  db_.async().get("a").then([&](Result<Object>) { code.set_value(db_.get("a").error().code); });
  EXPECT_EQ(code.get_future().get(), Errc::invalid);
}

TEST_F(ClientTest, ClosingEndsWhatIsOpen) {
  auto db = std::make_unique<Client>(options_for(cluster_));
  ASSERT_TRUE(db->get("k"));
  cluster_.script_all(ignore_data());
  Async async = db->async();
  Pending<Object> read = async.get("k");
  db.reset();
  EXPECT_EQ(read.get().error().code, Errc::closed);
  EXPECT_EQ(async.get("k").get().error().code, Errc::closed);
}

TEST_F(ClientTest, AClientCanBeMoved) {
  ASSERT_TRUE(db_.put("k", "v"));
  Client moved(std::move(db_));
  EXPECT_EQ(moved.get("k")->value(), "v");
}

TEST_F(ClientTest, ThreadsShareAClient) {
  std::vector<std::thread> threads;
  std::atomic<int> stored{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i)
        if (db_.put(std::to_string(t) + ":" + std::to_string(i), "v")) ++stored;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stored, 200);
}

TEST_F(ClientTest, UpdateReadsChangesAndWrites) {
  const auto increment = [](std::optional<std::string> value) {
    return std::to_string(std::stoi(value.value_or("0")) + 1);
  };
  EXPECT_EQ(db_.update("visits", increment).value(), "1");
  EXPECT_EQ(db_.update("visits", increment).value(), "2");
  EXPECT_EQ(db_.get("visits")->value(), "2");
}

TEST_F(ClientTest, UpdateNeverDropsAConflictSilently) {
  ASSERT_TRUE(db_.put("k", "a"));
  ASSERT_TRUE(db_.put("k", "b"));
  const auto result = db_.update("k", [](std::optional<std::string>) { return "c"; });
  EXPECT_EQ(result.error().code, Errc::conflict);
  EXPECT_TRUE(db_.get("k")->conflicted());
}

TEST_F(ClientTest, UpdateMergesWithItsResolver) {
  ASSERT_TRUE(db_.put("k", "b"));
  ASSERT_TRUE(db_.put("k", "a"));
  const auto append = [](std::optional<std::string> value) { return value.value() + "!"; };
  EXPECT_EQ(db_.update("k", append, resolve::largest()).value(), "b!");
  ASSERT_TRUE(db_.put("k", "z"));
  EXPECT_EQ(db_.update("k", append, resolve::last_writer()).value(), "z!");
}

std::string union_of(std::span<const std::string> values) {
  std::set<char> letters;
  for (const std::string& value : values) letters.insert(value.begin(), value.end());
  return {letters.begin(), letters.end()};
}

// Another writer gets in between read and write: both are kept, merged, and the change is applied once.
TEST_F(ClientTest, UpdateMergesWhatRacedWithIt) {
  ASSERT_TRUE(db_.put("k", "a"));
  int applied = 0;
  const auto change = [&](std::optional<std::string> value) {
    ++applied;
    EXPECT_TRUE(db_.put("k", "r"));
    return *value + "c";
  };
  EXPECT_EQ(db_.update("k", change, union_of).value(), "acr");
  EXPECT_EQ(db_.get("k")->value(), "acr");
  EXPECT_EQ(applied, 1);
}

TEST_F(ClientTest, UpdateWithoutResolverReportsTheRace) {
  ASSERT_TRUE(db_.put("k", "a"));
  const auto change = [&](std::optional<std::string>) {
    EXPECT_TRUE(db_.put("k", "r"));
    return std::string("c");
  };
  const auto result = db_.update("k", change);
  EXPECT_EQ(result.error().code, Errc::conflict);
  EXPECT_NE(result.error().message.find("was written, but beside others"), std::string::npos);
}

TEST_F(ClientTest, ConcurrentUpdatesLoseNothing) {
  std::vector<std::thread> threads;
  for (char letter = 'a'; letter < 'g'; ++letter) {
    threads.emplace_back([&, letter] {
      Client own(options_for(cluster_));
      const auto add = [&](std::optional<std::string> value) { return value.value_or("") + letter; };
      EXPECT_TRUE(own.update("letters", add, union_of));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Object end = db_.get("letters").value();
  EXPECT_EQ(union_of(end.siblings()), "abcdef");
}

TEST_F(ClientTest, AScanSeesEveryKeyOfItsPrefixOnce) {
  std::multiset<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    const std::string key = "user:" + std::to_string(i);
    ASSERT_TRUE(db_.put(key, "v"));
    expected.insert(key);
  }
  ASSERT_TRUE(db_.put("other", "v"));
  ASSERT_TRUE(db_.del("user:7"));
  expected.erase("user:7");
  std::multiset<std::string> seen;
  for (const std::string& key : db_.scan("user:", {.page = 2})) seen.insert(key);
  EXPECT_EQ(seen, expected);
}

TEST_F(ClientTest, AScanThatIsNotCompleteSaysSo) {
  ASSERT_TRUE(db_.put("a", "v"));
  cluster_.script_all([](const Message& message) {
    const auto* list = std::get_if<ListRequest>(&message);
    return list != nullptr && list->partition.value == 200 ? Act::ignore() : Act::serve();
  });
  Scan scan = db_.scan("", {.timeout = 200ms});
  const auto drain = [&] {
    for (const std::string& key : scan) EXPECT_EQ(key, "a");
  };
  EXPECT_THROW(drain(), BadResult);
  EXPECT_EQ(scan.next().error().code, Errc::timeout);
}

TEST_F(ClientTest, StatusOfAnyAndOfOneNode) {
  const NodeStatus any = db_.status().value();
  EXPECT_EQ(any.replicas, kReplicasDefault);
  ASSERT_EQ(any.members.size(), 3U);
  EXPECT_EQ(any.members[1].liveness, "alive");
  EXPECT_EQ(db_.status("n2")->name, "n2");
  EXPECT_EQ(db_.status("n9").error().message, "there is no member \"n9\"; there are n1, n2, n3");
}

TEST_F(ClientTest, StatusOfADeadNodeFailsAtOnce) {
  ASSERT_TRUE(db_.status("n2"));
  cluster_.stop(1);
  EXPECT_EQ(db_.status("n2").error().code, Errc::unavailable);
}

TEST_F(ClientTest, WhereNamesTheOwners) {
  const Placement placement = db_.where("k").value();
  std::vector<std::string> expected;
  for (const std::size_t index : cluster_.owners("k")) expected.push_back("n" + std::to_string(index + 1));
  std::vector<std::string> owners;
  for (const MemberStatus& owner : placement.owners) owners.push_back(owner.name);
  EXPECT_EQ(owners, expected);
  EXPECT_TRUE(placement.fallbacks.empty());
}

// A client that asks an owner needs one request for one operation.
TEST_F(ClientTest, EveryOperationIsOneRequest) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(db_.put("k" + std::to_string(i), "v"));
  EXPECT_EQ(cluster_.data_requests(), 20U);
}

}  // namespace
}  // namespace shoal::test
