// The shoal command about faults: what is typed becomes orders at the nodes concerned, and a sentence where it cannot.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "tests/client/cli_kit.h"

namespace shoal::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

enum Exit : int { kDone = 0, kUsage = 2, kRefused = 7 };

class CliFaultsTest : public CliTest {
 protected:
  CliFaultsTest() {
    std::ofstream(token_) << "the token of this test\n";
    for (std::size_t node = 0; node < 3; ++node)
      cluster_.script(node, [this, node](const Message& message) {
        const auto* request = std::get_if<FaultsRequest>(&message);
        return request != nullptr ? Act::answer(answer(node, *request)) : Act::serve();
      });
  }
  ~CliFaultsTest() override {
    for (std::size_t node = 0; node < 3; ++node) cluster_.script(node, {});  // the nodes outlive what scripts refer to
    std::filesystem::remove(token_);
  }

  Ran faults(const std::string& words) { return shoal("faults --token-file " + token_ + " " + words); }
  void expect_wrong(const std::string& words, const std::string& sentence) {
    const Ran ran = faults(words);
    EXPECT_EQ(ran.code, kUsage) << words;
    EXPECT_THAT(ran.err, HasSubstr(sentence)) << words;
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
    EXPECT_THAT(orders(), IsEmpty()) << words;
  }
  // What node `node` was ordered by `words`, alone or among others.
  FaultRule ordered(std::size_t node, const std::string& words) {
    const Ran ran = faults(words);
    EXPECT_EQ(ran.code, kDone) << words << "\n" << ran.err;
    for (const auto& [at, request] : orders()) {
      EXPECT_EQ(request.token, "the token of this test");
      EXPECT_EQ(request.op, FaultsOp::add);
      if (at == node && request.rules.size() == 1) return request.rules[0];
    }
    ADD_FAILURE() << words << " ordered nothing at " << node;
    return {};
  }
  // Since it was asked last; lists are no orders.
  std::vector<std::pair<std::size_t, FaultsRequest>> orders() {
    const std::lock_guard lock(mutex_);
    std::ranges::sort(orders_, {}, &std::pair<std::size_t, FaultsRequest>::first);
    return std::exchange(orders_, {});
  }
  void refuse(std::size_t node) {
    const std::lock_guard lock(mutex_);
    refusing_ = node;
  }

 private:
  FaultsReply answer(std::size_t node, const FaultsRequest& request) {
    FaultsReply reply;
    reply.node = {node + 1};
    reply.outcome.code = Errc::ok;
    const std::lock_guard lock(mutex_);
    if (node == refusing_) reply.outcome = fail(Errc::refused, "this is not the token of this node");
    if (request.op != FaultsOp::list) orders_.emplace_back(node, request);
    if (node == 1)
      reply.faults = {{4,
                       {.kind = FaultKind::loss, .peers = {"n3"}, .way = FaultWay::out, .share = 250'000},
                       1500ms,
                       7,
                       "loss: loses 25 % of the frames to n3"}};
    return reply;
  }

  const std::string token_ = testing::TempDir() + "cli-faults-token-" + std::to_string(::getpid());
  std::mutex mutex_;
  std::vector<std::pair<std::size_t, FaultsRequest>> orders_;
  std::size_t refusing_ = 99;
};

TEST_F(CliFaultsTest, AreListed) {
  EXPECT_EQ(faults("ls").out, "n2\t4\t1500\t7\tloss: loses 25 % of the frames to n3\n");
  EXPECT_EQ(faults("ls --node n1 -o table").err, "no fault is in force at any node that answered\n");
  const auto listed = nlohmann::json::parse(faults("ls -o json").out);
  ASSERT_THAT(listed.at("nodes"), SizeIs(3));
  const nlohmann::json fault = listed.at("nodes").at(1).at("faults").at(0);
  EXPECT_EQ(fault.at("kind"), "loss");
  EXPECT_EQ(fault.at("way"), "out");
  EXPECT_EQ(fault.at("share"), 0.25);
  EXPECT_EQ(fault.at("left_ms"), 1500);
  EXPECT_EQ(fault.at("peers"), nlohmann::json{"n3"});
}

TEST_F(CliFaultsTest, ACutIsOrderedAtItsNode) {
  const FaultRule cut = ordered(0, "add cut --node n1 --peer n2,n3 --for 20s");
  EXPECT_EQ(cut.kind, FaultKind::cut);
  EXPECT_THAT(cut.peers, ElementsAre("n2", "n3"));
  EXPECT_EQ(cut.way, FaultWay::both);
  EXPECT_EQ(cut.share, FaultRule::kAll);
  EXPECT_EQ(cut.lasts, 20s);
  EXPECT_EQ(ordered(0, "add cut --node n1 --out --for 1h").way, FaultWay::out);
  EXPECT_EQ(ordered(0, "add cut --node n1 --in --for 1h").way, FaultWay::in);
}

// So that no frame suffers at both of its ends.
TEST_F(CliFaultsTest, WithoutANodeAllAreOrderedAboutWhatTheySend) {
  ASSERT_EQ(faults("add delay --ms 50..80 --for 10s").code, kDone);
  const auto all = orders();
  ASSERT_THAT(all, SizeIs(3));
  for (const auto& [node, request] : all) {
    EXPECT_EQ(request.rules.at(0).way, FaultWay::out);
    EXPECT_EQ(request.rules.at(0).least, 50ms);
    EXPECT_EQ(request.rules.at(0).most, 80ms);
  }
}

TEST_F(CliFaultsTest, NumbersAreReadAsTheyAreTyped) {
  EXPECT_EQ(ordered(0, "add loss --node n1 --share 5% --for 10s").share, 50'000U);
  EXPECT_EQ(ordered(0, "add loss --node n1 --share 0.25 --for 10s").share, 250'000U);
  EXPECT_EQ(ordered(0, "add disk-slow --node n1 --ms 5 --for 10s").most, 5ms);
  const FaultRule clock = ordered(2, "add clock --node n3 --offset=-1h --drift=-50 --for 5m");
  EXPECT_EQ(clock.offset, -1h);
  EXPECT_EQ(clock.drift_ppm, -50);
  EXPECT_EQ(clock.lasts, 5min);
}

TEST_F(CliFaultsTest, APartitionIsCutsAtEveryNodeConcerned) {
  ASSERT_EQ(faults("partition n1/n2,n3 --for 20s").code, kDone);
  const auto all = orders();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_THAT(all[0].second.rules.at(0).peers, ElementsAre("n2", "n3"));
  EXPECT_THAT(all[1].second.rules.at(0).peers, ElementsAre("n1"));
  EXPECT_THAT(all[2].second.rules.at(0).peers, ElementsAre("n1"));
  for (const auto& [node, request] : all) EXPECT_EQ(request.rules.at(0).way, FaultWay::both);
  ASSERT_EQ(faults("partition n1,n3/n2 --one-way --for 20s").code, kDone);
  const auto one_way = orders();
  ASSERT_THAT(one_way, SizeIs(2));
  EXPECT_EQ(one_way[0].first, 0U);
  EXPECT_EQ(one_way[1].first, 2U);
  EXPECT_THAT(one_way[1].second.rules.at(0).peers, ElementsAre("n2"));
  EXPECT_EQ(one_way[1].second.rules.at(0).way, FaultWay::out);
}

TEST_F(CliFaultsTest, AreCleared) {
  ASSERT_EQ(faults("clear").code, kDone);
  EXPECT_THAT(orders(), SizeIs(3));
  ASSERT_EQ(faults("clear 4 5 --node n2").code, kDone);
  const auto cleared = orders();
  ASSERT_THAT(cleared, SizeIs(1));
  EXPECT_EQ(cleared[0].second.op, FaultsOp::clear);
  EXPECT_THAT(cleared[0].second.ids, ElementsAre(4U, 5U));
}

TEST_F(CliFaultsTest, ARefusalOfOneNodeIsTold) {
  refuse(2);
  const Ran ran = faults("add cut --for 1s");
  EXPECT_EQ(ran.code, kRefused);
  EXPECT_EQ(ran.err,
            "shoal: n3: this is not the token of this node; the other nodes have taken it, see shoal faults ls\n");
}

TEST_F(CliFaultsTest, WhatMakesNoSenseGetsASentence) {
  expect_wrong("add cut --node n1", "say how long it lasts, at most 1h: --for 20s");
  expect_wrong("add cut --node n1 --for soon", "--for is a time such as 500ms, 20s, 5m or 1h, not \"soon\"");
  expect_wrong("add cutt --for 1s", "\"cutt\" is no fault; there are cut, delay, loss");
  expect_wrong("add cut --out --in --for 1s", "say --out or --in");
  expect_wrong("add loss --share 0% --for 1s", "--share is a part of all frames such as 5% or 0.05, not \"0%\"");
  expect_wrong("add loss --share 101% --for 1s", "not \"101%\"");
  expect_wrong("add loss --share x --for 1s", "not \"x\"");
  expect_wrong("add delay --ms 80..50 --for 1s", "--ms is a number of milliseconds such as 50, or two such as 50..80");
  expect_wrong("add clock --offset x --for 1s", "--offset is a time such as 1h, 500ms or -2m");
  expect_wrong("add clock --drift x --for 1s", "--drift is a number of parts per million");
  expect_wrong("clear 4", "say whose with --node");
  expect_wrong("partition n1,n2 --for 1s", "a partition is groups of nodes such as n1,n2/n3,n4,n5");
  expect_wrong("partition n1/n2,n1 --for 1s", "\"n1\" is named twice in the partition");
  expect_wrong("partition n1//n2 --for 1s", "a partition is groups of nodes");
  expect_wrong("partition n1/n2", "say how long it lasts");
  EXPECT_EQ(faults("add cut --node n9 --for 1s").err, "shoal: there is no member \"n9\"; see shoal members\n");
  EXPECT_THAT(orders(), IsEmpty());
}

TEST_F(CliFaultsTest, TheTokenIsNeeded) {
  const Ran without = shoal("faults ls");
  EXPECT_EQ(without.code, kUsage);
  EXPECT_THAT(without.err, HasSubstr("SHOAL_FAULTS_TOKEN_FILE"));
  EXPECT_THAT(shoal("faults --token-file /no/such/file ls").err, HasSubstr("is missing"));
}

TEST_F(CliFaultsTest, StatusNamesNodesOfALaboratoryInBold) {
  EXPECT_EQ(shoal("status -o table").out.find("laboratory"), std::string::npos);
  cluster_.edit_status(1, [](StatusReply& status) {
    status.faults_allowed = true;
    status.faults = 2;
    status.study = {"hints off"};
  });
  const std::string bold =
      "\x1b[1mn2 is of a laboratory: faults are allowed, 2 in force (shoal faults ls), hints off\x1b[0m";
  EXPECT_THAT(shoal("--color always status -o table").out, HasSubstr(bold));
  EXPECT_EQ(json("status").at("members").at(1).at("study"), nlohmann::json{"hints off"});
}

}  // namespace
}  // namespace shoal::test
