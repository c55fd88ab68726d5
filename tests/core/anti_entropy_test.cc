// Anti-entropy: what nobody reads and nobody orders becomes equal all the same, and at what price.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;

// Nobody has room for hints: what an owner has missed, only anti-entropy can bring.
class AntiEntropyTest : public testing::Test {
 protected:
  explicit AntiEntropyTest(const RepairPace& pace = {}) : c("abc", {.hint_bytes_max = 0, .repair = pace}) {
    c.watch([this](const Cluster::Flight& flight, bool) { count(flight.message); });
  }

  void count(const Message& message) {
    ++messages[message.index()];
    const auto add = [&](const std::vector<KeyedState>& states) {
      for (const KeyedState& state : states)
        for (const Sibling& sibling : state.state->siblings) ++values_moved[std::string(sibling.value.view())];
    };
    if (const auto* pulled = std::get_if<StatesPulled>(&message)) add(pulled->states);
    if (const auto* pushed = std::get_if<PushStates>(&message)) add(pushed->states);
  }
  template <class M>
  [[nodiscard]] std::size_t sent() const {
    const auto found = messages.find(Message(M{}).index());
    return found != messages.end() ? found->second : 0;
  }

  // Written where `missing` does not hear of it.
  void put_without(Name missing, const std::string& key, const std::string& value, const std::string& context = "") {
    c.isolate(missing);
    const Name via = missing == 'a' ? 'b' : 'a';
    ASSERT_EQ(c.put(via, {.key = key, .value = value, .context = context, .w = 1}).outcome.code, Errc::ok);
    c.advance(5s);
    c.heal();
    c.run();
  }
  [[nodiscard]] bool equal(const std::string& key) {
    return causal_bytes(c.record('a', key)) == causal_bytes(c.record('b', key)) &&
           causal_bytes(c.record('b', key)) == causal_bytes(c.record('c', key));
  }
  [[nodiscard]] RepairReply status(Name node) {
    const CallId call = c.ask(node, RepairRequest{});
    c.run();
    return c.reply<RepairReply>(call);
  }

  Cluster c;
  std::map<std::size_t, std::size_t> messages;
  std::map<std::string, int> values_moved;
};

TEST_F(AntiEntropyTest, BringsAWriteToAnOwnerThatMissedIt) {
  put_without('c', "k", "v");
  ASSERT_FALSE(equal("k"));
  c.advance(21s);
  EXPECT_TRUE(equal("k"));
  EXPECT_EQ(c.record('c', "k").siblings.size(), 1U);
}

TEST_F(AntiEntropyTest, BringsATombstoneToo) {
  const std::string context = c.put('a', {.key = "k", .w = 3}).context;
  c.isolate('c');
  c.del('a', "k", context);
  c.advance(5s);
  c.heal();
  c.advance(21s);
  ASSERT_TRUE(equal("k"));
  EXPECT_TRUE(live_siblings(c.record('c', "k")).empty());
}

TEST_F(AntiEntropyTest, EqualPairsCostOneQuestionEach) {
  for (int i = 0; i < 50; ++i) c.put('a', {.key = "k" + std::to_string(i), .w = 3});
  c.advance(30s);
  messages.clear();
  c.advance(10s);
  EXPECT_EQ(sent<ComparePair>(), 3U);
  EXPECT_EQ(sent<PairCompared>(), 3U);
  EXPECT_EQ(sent<CompareBranches>() + sent<CompareElements>() + sent<PullStates>() + sent<PushStates>(), 0U);
}

TEST_F(AntiEntropyTest, NeedsFourRoundTripsForAnyNumberOfDifferences) {
  c.isolate('c');
  for (int i = 0; i < 50; ++i) c.put('a', {.key = "k" + std::to_string(i), .w = 1});
  c.advance(5s);
  c.heal();
  messages.clear();
  c.cut('b', 'c');
  c.cut('c', 'b');
  c.advance(21s);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(c.record('c', "k" + std::to_string(i)).siblings.size(), 1U) << i;
  EXPECT_EQ(sent<CompareBranches>(), 1U);
  EXPECT_EQ(sent<CompareElements>(), 1U);
  EXPECT_EQ(sent<PushStates>(), 1U);
  EXPECT_EQ(sent<PullStates>(), 0U);
}

// Each side has a value that the other has not: both travel once, and neither comes back.
TEST_F(AntiEntropyTest, NoValueTravelsTwice) {
  c.isolate('a');
  c.cut('b', 'c');
  c.cut('c', 'b');
  c.put('a', {.key = "k", .value = "left", .w = 1});
  c.put('b', {.key = "k", .value = "right", .w = 1});
  c.advance(5s);
  c.heal();
  c.isolate('c');
  c.advance(21s);
  ASSERT_EQ(c.record('a', "k").siblings.size(), 2U);
  ASSERT_EQ(causal_bytes(c.record('a', "k")), causal_bytes(c.record('b', "k")));
  EXPECT_EQ(values_moved, (std::map<std::string, int>{{"left", 1}, {"right", 1}}));
}

TEST_F(AntiEntropyTest, APeerThatComesBackIsComparedAtOnce) {
  c.advance(11s);
  c.believe('c', Liveness::dead);
  put_without('c', "k", "v");
  c.believe('c', Liveness::alive);
  c.advance(1ms);
  EXPECT_TRUE(equal("k"));
}

TEST_F(AntiEntropyTest, AMarkIsWorkedOffAtOnceAndIsGoneAfterwards) {
  put_without('c', "k", "v");
  EXPECT_GT(c.marks('a', Mark::partition_marked_for_repair), 0U);
  const CallId before = c.ask('a', StatusRequest{});
  c.run();
  EXPECT_EQ(c.reply<StatusReply>(before).partitions_to_repair, 1U);
  c.advance(30s);
  EXPECT_TRUE(equal("k"));
  const CallId after = c.ask('a', StatusRequest{});
  c.run();
  EXPECT_EQ(c.reply<StatusReply>(after).partitions_to_repair, 0U);
}

TEST_F(AntiEntropyTest, TellsWhenEachPairWasLastProvenEqual) {
  EXPECT_EQ(status('a').peers.at(0).proven.at(0).since_ms, -1);
  c.advance(13s);
  const RepairReply reply = status('a');
  ASSERT_EQ(reply.peers.size(), 2U);
  for (const PeerRepair& peer : reply.peers) {
    ASSERT_EQ(peer.proven.size(), 1U);
    EXPECT_EQ(peer.proven[0].shared, peer.partitions);
    EXPECT_LE(peer.proven[0].since_ms, 3000);
    EXPECT_GE(peer.proven[0].since_ms, 0);
  }
  EXPECT_EQ(status('c').peers.at(0).proven.at(0).shared, reply.peers[1].partitions) << "whoever answers knows as well";
}

TEST_F(AntiEntropyTest, SomebodyWhoAsksGetsAllPairsOfTheNodeNow) {
  c.advance(11s);
  put_without('a', "k", "v");
  const CallId call = c.ask('c', RepairRequest{.start = true});
  c.advance(1ms);
  for (const PeerRepair& peer : c.reply<RepairReply>(call).peers) EXPECT_EQ(peer.asked, peer.asked_done + 1);
  EXPECT_TRUE(equal("k"));
  for (const PeerRepair& peer : status('c').peers) EXPECT_EQ(peer.asked, peer.asked_done);
}

TEST_F(AntiEntropyTest, ASessionThatIsNotAnsweredBreaksOffAndAnotherOneFinishes) {
  put_without('c', "k", "v");
  c.isolate('c');
  c.advance(30s);
  EXPECT_GT(c.marks('a', Mark::repair_broke_off), 0U);
  EXPECT_FALSE(equal("k"));
  c.heal();
  c.advance(21s);
  EXPECT_TRUE(equal("k"));
}

TEST_F(AntiEntropyTest, AnswersThatWereNotAskedForChangeNothing) {
  c.put('a', {.key = "k", .w = 3});
  c.inject('b', 'a', ElementsCompared{{1}, Errc::ok, 1, {{c.slot("k"), 7}}});
  c.inject('b', 'a', StatesPulled{{2}, Errc::ok, 1, {}, {c.slot("k")}});
  c.inject('b', 'a', PairCompared{{3}, Errc::ok, {{1, 2, 3}}});
  c.inject('b', 'a', StatesPushed{{4}, Errc::ok});
  c.run();
  EXPECT_EQ(c.record('a', "k").siblings.size(), 1U);
  EXPECT_EQ(sent<PullStates>(), 0U);
}

TEST_F(AntiEntropyTest, QuestionsByAnotherDocumentAreRefused) {
  c.inject('b', 'a', ComparePair{{1}, {77}, {}});
  c.inject('b', 'a', CompareBranches{{2}, {77}, {}});
  c.inject('b', 'a', CompareElements{{3}, {77}, {}, {}});
  std::vector<Errc> outcomes;
  c.watch([&](const Cluster::Flight& flight, bool) {
    if (const auto* pair = std::get_if<PairCompared>(&flight.message)) outcomes.push_back(pair->outcome);
    if (const auto* branches = std::get_if<BranchesCompared>(&flight.message)) outcomes.push_back(branches->outcome);
    if (const auto* elements = std::get_if<ElementsCompared>(&flight.message)) outcomes.push_back(elements->outcome);
  });
  c.run();
  EXPECT_EQ(outcomes, std::vector<Errc>(3, Errc::refused));
}

TEST_F(AntiEntropyTest, LeavesThatDoNotExistAreRefused) {
  Errc outcome = Errc::ok;
  c.watch([&](const Cluster::Flight& flight, bool) {
    if (const auto* elements = std::get_if<ElementsCompared>(&flight.message)) outcome = elements->outcome;
  });
  c.inject('b', 'a', CompareElements{{3}, c.document('a').epoch, {{0xffffffff}}, {}});
  c.run();
  EXPECT_EQ(outcome, Errc::refused);
}

TEST_F(AntiEntropyTest, YieldsWhileMuchWaitsForTheDisk) {
  put_without('c', "k", "v");
  c.slow_disk('a');
  for (int i = 0; i < 100; ++i) c.start_put('a', {.key = "other" + std::to_string(i)});
  c.run();
  c.advance(11s);
  EXPECT_GT(c.marks('a', Mark::repair_yielded), 0U);
  c.fast_disk('a');
  c.advance(21s);
  EXPECT_TRUE(equal("k"));
}

class SlowRepair : public AntiEntropyTest {
 protected:
  SlowRepair() : AntiEntropyTest({.interval = 10s, .bytes_per_second = 50'000}) {}
};

TEST_F(SlowRepair, SendsNoMoreThanTheRateAllows) {
  c.isolate('c');
  for (int i = 0; i < 20; ++i) c.put('a', {.key = "k" + std::to_string(i), .value = std::string(100'000, 'x'), .w = 1});
  c.advance(5s);
  c.heal();
  c.cut('b', 'c');
  c.cut('c', 'b');
  const auto there = [&] {
    int count = 0;
    for (int i = 0; i < 20; ++i) count += c.record('c', "k" + std::to_string(i)).siblings.empty() ? 0 : 1;
    return count;
  };
  c.advance(15s);
  EXPECT_GT(there(), 0);
  EXPECT_LT(there(), 15);
  c.advance(60s);
  EXPECT_EQ(there(), 20);
}

}  // namespace
}  // namespace shoal
