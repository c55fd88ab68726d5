// Sessions and levels: what the nodes are asked, what is remembered, and what becomes of tokens.
#include <gtest/gtest.h>

#include <thread>

#include "client/session_state.h"
#include "node/base/bytes.h"
#include "shoal/client.hpp"
#include "tests/client/fake_cluster.h"

namespace shoal::test {
namespace {

using namespace std::chrono_literals;

Options options_for(const FakeCluster& cluster) {
  Options options = Options::parse("shoal://" + cluster.seeds()).value();
  options.timeout = 20s;
  return options;
}

class SessionTest : public testing::Test {
 protected:
  SessionTest() { cluster_.script_all(heard_.script()); }

  // What the session would tell a node of this key.
  std::uint64_t known(const Session& session, const std::string& key) {
    Session copy = session;
    EXPECT_TRUE(db_.get(key, {.session = &copy}));
    return FakeStore::number_in({"default", key}, heard_.gets().back().session).value();
  }

  Heard heard_;
  FakeCluster cluster_{3};
  Client db_{options_for(cluster_)};
};

TEST_F(SessionTest, LevelsAndPrimariesTravel) {
  ASSERT_TRUE(db_.get("k"));
  EXPECT_EQ(heard_.gets().back().level, Level::quorum);
  EXPECT_EQ(heard_.gets().back().r, 0);
  EXPECT_EQ(heard_.gets().back().pr, 0);
  ASSERT_TRUE(db_.get("k", {.r = 1, .level = Level::eventual, .pr = Copies::all()}));
  EXPECT_EQ(heard_.gets().back().level, Level::eventual);
  EXPECT_EQ(heard_.gets().back().r, 1);
  EXPECT_EQ(heard_.gets().back().pr, -1);
  ASSERT_TRUE(db_.put("k", "v", {.w = Copies::all(), .level = Level::all, .pw = 2}));
  EXPECT_EQ(heard_.puts().back().level, Level::all);
  EXPECT_EQ(heard_.puts().back().w, -1);
  EXPECT_EQ(heard_.puts().back().pw, 2);
}

// A bucket may ask for one replica; whoever says "majority" means it.
TEST_F(SessionTest, AMajorityThatIsNamedIsANumber) {
  ASSERT_TRUE(db_.get("k", {.r = Copies::majority(), .pr = Copies::majority()}));
  EXPECT_EQ(heard_.gets().back().r, 2);
  EXPECT_EQ(heard_.gets().back().pr, 2);
  ASSERT_TRUE(db_.put("k", "v", {.w = Copies::majority()}));
  EXPECT_EQ(heard_.puts().back().w, 2);
}

TEST_F(SessionTest, TheClientsOwnLevelIsTheDefault) {
  Options options = options_for(cluster_);
  options.level = Level::eventual;
  Client db(options);
  ASSERT_TRUE(db.get("k"));
  EXPECT_EQ(heard_.gets().back().level, Level::eventual);
  ASSERT_TRUE(db.get("k", {.level = Level::all}));
  EXPECT_EQ(heard_.gets().back().level, Level::all);
  EXPECT_EQ(Options::parse("shoal://h:1?level=all")->level, Level::all);
  EXPECT_EQ(Options::parse("shoal://h:1?level=session").error().code, Errc::invalid);
  EXPECT_EQ(Options::parse("shoal://h:1?level=strict").error().message,
            "\"strict\" is not a level; there are eventual, quorum, session, all, strong");
}

TEST_F(SessionTest, AListingAsksAsManyAsItsLevelSays) {
  const auto asked = [&](ScanOptions options) {
    EXPECT_TRUE(db_.scan({}, options).next());
    return heard_.lists().back().r;
  };
  EXPECT_EQ(asked({}), 0);
  EXPECT_EQ(asked({.level = Level::eventual}), 1);
  EXPECT_EQ(asked({.level = Level::all}), -1);
  EXPECT_EQ(asked({.r = 2, .level = Level::all}), 2);
  EXPECT_EQ(db_.scan({}, {.level = Level::session}).next().error().code, Errc::invalid);
}

TEST_F(SessionTest, SessionsAndTheirLevelComeTogether) {
  EXPECT_EQ(db_.get("k", {.level = Level::session}).error().message,
            "the level session needs a session: take one from Client::session()");
  Session session = db_.session();
  EXPECT_EQ(db_.put("k", "v", {.level = Level::all, .session = &session}).error().code, Errc::invalid);
  EXPECT_EQ(cluster_.data_requests(), 0U);
}

TEST_F(SessionTest, AWriteIsRememberedBeforeTheCallReturns) {
  Session session = db_.session();
  const Receipt receipt = db_.put("k", "v", {.session = &session}).value();
  EXPECT_EQ(heard_.puts().back().level, Level::session);
  EXPECT_EQ(heard_.puts().back().context, "") << "a session is no context: what a write replaces is said by the writer";
  ASSERT_TRUE(db_.get("k", {.session = &session}));
  EXPECT_EQ(heard_.gets().back().level, Level::session);
  EXPECT_EQ(to_base64url(heard_.gets().back().session), receipt.context.token());
}

TEST_F(SessionTest, ReadsAreRememberedAndKeysAreApart) {
  Session other = db_.session();
  ASSERT_TRUE(db_.put("a", "1"));
  ASSERT_TRUE(db_.put("b", "2"));
  Session session = db_.session();
  ASSERT_TRUE(db_.get("b", {.session = &session}));
  EXPECT_EQ(session.keys(), 1U);
  EXPECT_EQ(known(session, "b"), 2U);
  EXPECT_EQ(known(session, "a"), 0U);
  EXPECT_EQ(known(session, "a"), 1U);  // by the read before
  EXPECT_EQ(other.keys(), 0U);
}

TEST_F(SessionTest, AKeyThatIsNotThereTakesNoPlace) {
  Session session = db_.session();
  ASSERT_FALSE(db_.get("nothing", {.session = &session})->exists());
  EXPECT_EQ(session.keys(), 0U);
}

TEST_F(SessionTest, DeletesAndUpdatesTakePart) {
  Session session = db_.session();
  ASSERT_TRUE(db_.update("k", [](auto) { return "1"; }, resolve::none(), {.session = &session}));
  EXPECT_EQ(known(session, "k"), 1U);
  ASSERT_TRUE(db_.del("k", {.session = &session}));
  EXPECT_EQ(heard_.gets().back().level, Level::session) << "the read before a delete is of the session too";
  EXPECT_EQ(known(session, "k"), 2U);
}

TEST_F(SessionTest, WhatWasNotAcknowledgedIsNotRemembered) {
  Session session = db_.session();
  cluster_.script_all(swallow_puts());
  EXPECT_EQ(db_.put("k", "v", {.timeout = 200ms, .session = &session}).error().code, Errc::indeterminate);
  EXPECT_EQ(session.keys(), 0U);
}

TEST_F(SessionTest, AnAnswerThatIsNotNewEnoughIsAnError) {
  Session session = db_.session();
  cluster_.script_all([](const Message& message) {
    if (!std::holds_alternative<GetRequest>(message)) return Act::serve();
    GetReply reply;
    reply.outcome = fail(Errc::session_not_satisfied, "no replica is as new as what this session has seen");
    return Act::answer(reply);
  });
  EXPECT_EQ(db_.get("k", {.timeout = 300ms, .session = &session}).error().code, Errc::session_not_satisfied);
}

// Two readers saw two different writers' values: neither context covers the other.
TEST_F(SessionTest, OfConcurrentContextsBothAreKept) {
  client_detail::SessionState state;
  const Key key{"default", "k"};
  ASSERT_TRUE(state.remember(key, FakeStore::context(key, 5, true, 1), HashKey{}));
  ASSERT_TRUE(state.remember(key, FakeStore::context(key, 3, true, 2), HashKey{}));
  ASSERT_TRUE(state.remember(key, FakeStore::context(key, 4, true, 1), HashKey{}));  // old news
  const CausalContext seen = decode_context(state.seen(key), HashKey{}, slot_of(HashKey{}, key)).value();
  EXPECT_EQ(seen.seen.at(Actor{{1}, 1}), 5U);
  EXPECT_EQ(seen.seen.at(Actor{{2}, 1}), 3U);
  EXPECT_FALSE(seen.may_overwrite) << "nobody read these two together";
  EXPECT_EQ(state.remember(key, "nonsense", HashKey{}).error().code, Errc::corrupt);
  EXPECT_EQ(state.keys(), 1U);
}

TEST_F(SessionTest, AFullSessionRefusesAndForgetsNothing) {
  client_detail::SessionState state;
  for (std::size_t i = 0; i < Session::kKeysMax; ++i) {
    const Key key{"default", std::to_string(i)};
    ASSERT_TRUE(state.enter(key));
    ASSERT_TRUE(state.remember(key, FakeStore::context(key, 1), HashKey{}));
    state.leave(key);
  }
  EXPECT_TRUE(state.enter({"default", "7"}));
  const Error full = state.enter({"default", "one more"}).error();
  EXPECT_EQ(full.code, Errc::too_large);
  EXPECT_EQ(full.message,
            "this session remembers 10000 keys, the most that one can; nothing was sent: go on with a new "
            "session");
  Session session = Session::parse(state.token()).value();
  EXPECT_EQ(session.keys(), Session::kKeysMax);
  ASSERT_TRUE(db_.put("before", "v"));  // so that the client knows the cluster
  const std::size_t before = cluster_.data_requests();
  EXPECT_EQ(db_.get("one more", {.session = &session}).error().code, Errc::too_large);
  EXPECT_EQ(cluster_.data_requests(), before);
}

// ---- tokens ---------------------------------------------------------------------------------------------------------

TEST_F(SessionTest, AnotherProcessGoesOnWithTheToken) {
  Session session = db_.session();
  ASSERT_TRUE(db_.put("k", "v", {.session = &session}));
  ASSERT_TRUE(db_.put(std::string("\x00\xff", 2), "w", {.bucket = "default", .session = &session}));
  Session loaded = Session::parse(session.token()).value();
  EXPECT_EQ(loaded.keys(), 2U);
  EXPECT_EQ(loaded.token(), session.token());
  Client other{options_for(cluster_)};
  ASSERT_TRUE(other.get("k", {.session = &loaded}));
  EXPECT_EQ(FakeStore::number_in({"default", "k"}, heard_.gets().back().session), 1U);
  EXPECT_EQ(Session::parse(Session().token())->keys(), 0U);
}

TEST_F(SessionTest, EveryDamageOfATokenIsFound) {
  Session session = db_.session();
  ASSERT_TRUE(db_.put("k", "v", {.session = &session}));
  const std::string token = session.token();
  const std::string bytes = from_base64url(token).value();
  for (std::size_t length = 0; length < token.size(); ++length)
    EXPECT_EQ(Session::parse(token.substr(0, length)).error().code, Errc::bad_context) << length;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(Session::parse(to_base64url(flipped)).error().code, Errc::bad_context) << bit;
  }
  EXPECT_EQ(Session::parse(token + "AAAA").error().code, Errc::bad_context);
  EXPECT_EQ(Session::parse("no token!").error().message,
            "this is not a session's token: it has characters that tokens do not have; pass on exactly what a session "
            "returned");
}

// With a right checksum, but written by somebody else.
TEST_F(SessionTest, ATokenThatLiesAboutItsLengthsIsMalformed) {
  const auto sealed = [](std::string bytes) {
    const Hash128 hash = hash128(HashKey{}, bytes);
    append_u64(bytes, hash.hi);
    append_u64(bytes, hash.lo);
    return to_base64url(bytes);
  };
  const auto body = [](std::uint64_t format, std::uint64_t count) {
    std::string bytes;
    for (const std::uint64_t number : {format, std::uint64_t{7}, count}) append_u64(bytes, number);
    return bytes;
  };
  EXPECT_TRUE(Session::parse(sealed(body(1, 0))));
  EXPECT_NE(Session::parse(sealed(body(2, 0))).error().message.find("a format that this version does not know"),
            std::string::npos);
  EXPECT_FALSE(Session::parse(sealed(body(1, 1))));
  EXPECT_FALSE(Session::parse(sealed(body(1, ~std::uint64_t{0}))));
  std::string endless = body(1, 1);
  append_u64(endless, ~std::uint64_t{0});
  EXPECT_FALSE(Session::parse(sealed(endless)));
  EXPECT_FALSE(Session::parse(sealed(body(1, 0) + "x")));
}

TEST_F(SessionTest, ATokenOfAnotherClusterIsRefusedBeforeAnythingIsSent) {
  FakeCluster elsewhere{1, ClusterId{0xabc}};
  Client other{options_for(elsewhere)};
  Session session = other.session();
  ASSERT_TRUE(other.put("k", "v", {.session = &session}));
  Session loaded = Session::parse(session.token()).value();
  const Error error = db_.get("k", {.session = &loaded}).error();
  EXPECT_EQ(error.code, Errc::bad_context);
  EXPECT_NE(error.message.find("this session is of cluster 0000000000000abc"), std::string::npos) << error.message;
  EXPECT_EQ(cluster_.data_requests(), 0U);
}

// ---- threads --------------------------------------------------------------------------------------------------------

TEST_F(SessionTest, ManyThreadsShareASession) {
  Session session = db_.session();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i)
        EXPECT_TRUE(db_.put(std::to_string(t) + "/" + std::to_string(i), "v", {.session = &session}));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(session.keys(), 100U);
}

// Each token is of one moment: as many keys as it says.
TEST_F(SessionTest, TokensAreTakenWhileAnswersComeIn) {
  constexpr std::size_t kRounds = 300;
  std::vector<std::pair<Key, std::string>> answers;
  for (std::size_t i = 0; i < 50; ++i) {
    const Key key{"default", std::to_string(i)};
    answers.emplace_back(key, FakeStore::context(key, 1));
  }
  for (std::size_t round = 0; round < kRounds; ++round) {
    client_detail::SessionState state;
    std::thread remembering([&] {
      for (const auto& [key, context] : answers) EXPECT_TRUE(state.remember(key, context, HashKey{}));
    });
    std::size_t seen = 0;
    while (seen < answers.size()) {
      const Result<Session> parsed = Session::parse(state.token());
      if (!parsed) ADD_FAILURE() << parsed.error().message;
      seen = parsed ? parsed->keys() : answers.size();
    }
    remembering.join();
  }
}

// The options' pointer is not used after an asynchronous call has returned.
TEST_F(SessionTest, ASessionMayGoBeforeTheAnswerComes) {
  std::optional<Session> session = db_.session();
  const Session copy = *session;
  Pending<Receipt> pending = db_.async().put("k", "v", {.session = &*session});
  session.reset();
  ASSERT_TRUE(pending.get());
  EXPECT_EQ(copy.keys(), 1U);
}

}  // namespace
}  // namespace shoal::test
