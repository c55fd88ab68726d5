// What two nodes hold differently, for people.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Diff : public testing::Test {
 protected:
  Diff() : c("abc", {.hint_bytes_max = 0}) {}  // nobody keeps what another has missed

  DiffReply diff(Name node, Name peer, std::uint32_t limit = 1000) {
    const CallId call = c.ask(node, DiffRequest{.peer = id_of(peer), .limit = limit});
    c.run();
    return c.reply<DiffReply>(call);
  }
  void put_without(Name missing, const std::string& key) {
    c.isolate(missing);
    c.put('a', {.key = key, .w = 1});
    c.heal();
  }

  Cluster c;
};

TEST_F(Diff, OfEqualNodesIsEmpty) {
  c.put('a', {.key = "k", .w = 3});
  const DiffReply reply = diff('a', 'b');
  EXPECT_EQ(reply.outcome.code, Errc::ok);
  EXPECT_EQ(reply.differences, 0U);
  EXPECT_GT(reply.partitions, 0U);
  EXPECT_TRUE(reply.differ.empty());
}

TEST_F(Diff, NamesWhatEitherSideLacks) {
  put_without('b', "only-here");
  for (const auto& [asked, other] : {std::pair('a', 'b'), std::pair('b', 'a')}) {
    const DiffReply reply = diff(asked, other);
    ASSERT_EQ(reply.keys.size(), 1U);
    EXPECT_EQ(reply.keys[0].key.name, "only-here");
    EXPECT_EQ(reply.keys[0].here != nullptr, asked == 'a');
    EXPECT_EQ(reply.keys[0].there != nullptr, asked == 'b');
    ASSERT_EQ(reply.differ.size(), 1U);
    EXPECT_EQ(reply.differ[0].leaves, 1U);
  }
}

TEST_F(Diff, ShowsBothStatesWithoutTheirValues) {
  const std::string context = c.put('a', {.key = "k", .value = "old", .w = 3}).context;
  c.isolate('b');
  c.put('a', {.key = "k", .value = "new", .context = context, .w = 1});
  c.heal();
  const DiffReply reply = diff('a', 'b');
  ASSERT_EQ(reply.keys.size(), 1U);
  EXPECT_TRUE(reply.keys[0].here->clock.descends(reply.keys[0].there->clock));
  EXPECT_EQ(reply.keys[0].here->siblings.front().value.size() + reply.keys[0].there->siblings.front().value.size(), 0U);
}

TEST_F(Diff, CountsAllAndNamesSome) {
  c.isolate('b');
  for (int i = 0; i < 100; ++i) c.put('a', {.key = "k" + std::to_string(i), .w = 1});
  c.heal();
  const DiffReply reply = diff('a', 'b', 70);
  EXPECT_EQ(reply.differences, 100U);
  EXPECT_EQ(reply.keys.size(), 70U);
}

TEST_F(Diff, RepairsNothing) {
  put_without('b', "k");
  diff('a', 'b');
  EXPECT_TRUE(c.record('b', "k").siblings.empty());
}

TEST_F(Diff, SaysWhyItCannotCompare) {
  EXPECT_THAT(diff('a', 'a').outcome.message, HasSubstr("name two nodes"));
  EXPECT_THAT(diff('a', 'z').outcome.message, HasSubstr("no member"));
  c.believe('b', Liveness::dead);
  EXPECT_THAT(diff('a', 'b').outcome.message, HasSubstr("is not up"));
}

TEST_F(Diff, EndsWithItsTimeoutWhenThePeerIsSilent) {
  c.isolate('b');
  const CallId call = c.ask('a', DiffRequest{.peer = id_of('b'), .timeout = Millis(500)});
  c.advance(1s);
  EXPECT_EQ(c.reply<DiffReply>(call).outcome.code, Errc::timeout);
}

}  // namespace
}  // namespace shoal
