// What an operator sees of a cluster of real nodes, healthy, with one node killed, and with it back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

enum Exit : int { kDone = 0, kAbsent = 1, kUsage = 2, kUnhealthy = 6 };

using Json = nlohmann::json;

class Availability : public testing::Test {
 protected:
  static constexpr int kVictim = 3;  // n4

  void SetUp() override {
    ASSERT_TRUE(eventually([&] { return is_healthy(seeds_, 5); }));
  }

  Outcome ask(const std::vector<std::string>& words) { return shoal(seeds_, words); }
  Json json(std::vector<std::string> words) {
    words.insert(words.begin(), {"-o", "json"});
    return Json::parse(ask(words).out, nullptr, false);
  }
  // Dead in the eyes of everybody who is left.
  bool is_dead() {
    const Json members = json({"--timeout", "3s", "members"});
    for (const Json& member : members["members"]) {
      if (member["name"] != "n4") continue;
      return member["seen_by"].size() == 4 && std::ranges::all_of(member["seen_by"], [](const Json& seen) {
               return seen["liveness"] == "dead" && seen["since"].is_string();
             });
    }
    return false;
  }
  // A key that n4 owns.
  std::string key_of_victim() {
    for (int i = 0; i < 100; ++i) {
      const std::string key = "key" + std::to_string(i);
      const Json where = json({"where", key});
      for (const Json& owner : where["owners"])
        if (owner["name"] == "n4") return key;
    }
    ADD_FAILURE() << "n4 owns nothing";
    return "";
  }
  std::vector<std::string> event_kinds(const std::string& about) {
    std::vector<std::string> kinds;
    const Json events = json({"events", "-n", "1000"});
    for (const Json& event : events["events"])
      if (event["about"] == about) kinds.push_back(event["kind"]);
    return kinds;
  }
  static Json replica(const Json& explained, const std::string& name) {
    for (const Json& replica : explained["replicas"])
      if (replica["name"] == name) return replica;
    return {};
  }

  const TempFolder folder_;
  LocalCluster cluster_ = start_cluster(folder_.path(), 5);
  const std::string seeds_ = seeds_of(cluster_);
};

TEST_F(Availability, AHealthyClusterExplainsItself) {
  ASSERT_EQ(ask({"-w", "all", "put", "k", "value"}).code, kDone);
  const Json members = json({"members"});
  EXPECT_EQ(members["members"].size(), 5U);
  for (const Json& member : members["members"]) {
    EXPECT_EQ(member["seen_by"].size(), 4U);
    for (const Json& seen : member["seen_by"]) EXPECT_EQ(seen["liveness"], "alive");
  }
  const Json explained = json({"explain", "k"});
  EXPECT_EQ(explained["replicas"].size(), 5U);
  EXPECT_THAT(explained["problems"], IsEmpty());
  for (const Json& holder : explained["replicas"]) {
    EXPECT_EQ(holder["answered"], true);
    EXPECT_EQ(holder["copy"].is_null(), holder["owner"] == false);
    if (holder["owner"] == true) {
      EXPECT_EQ(holder["copy"]["writes"][0]["bytes"], 5);
    }
  }
  EXPECT_EQ(ask({"explain", "nothing"}).code, kAbsent);
  EXPECT_THAT(json({"where", "k"})["stand_ins"], IsEmpty());
  EXPECT_THAT(ask({"events"}).out, HasSubstr("\tn1\tstarted\tn1 started with membership document "));
  EXPECT_GT(json({"status"})["members"][0]["counters"].size(), 0U);
  const Outcome healthy = ask({"-o", "table", "status"});
  EXPECT_EQ(healthy.code, kDone) << healthy;
  EXPECT_THAT(healthy.out, HasSubstr("verdict  healthy\n"));
}

TEST_F(Availability, ABucketIsKnownToAllWhenTheCommandEnds) {
  const Outcome created = ask({"bucket", "create", "sessions", "--kind", "lww", "-r", "1"});
  ASSERT_EQ(created.code, kDone) << created;
  for (int node = 0; node < 5; ++node) {
    const Outcome put = shoal(cluster_.address(node), {"put", "--bucket", "sessions", "k" + std::to_string(node), "v"});
    EXPECT_EQ(put.code, kDone) << put;
  }
  EXPECT_EQ(ask({"bucket", "ls"}).out, "default\tsiblings\tmajority\tmajority\nsessions\tlww\t1\tmajority\n");
  EXPECT_EQ(ask({"bucket", "set", "sessions", "-w", "all"}).code, kDone);
  EXPECT_EQ(json({"bucket", "show", "sessions"})["bucket"]["w"], "all");
  EXPECT_EQ(ask({"bucket", "create", "no spaces, please"}).code, kUsage);
  EXPECT_EQ(ask({"bucket", "create", "b", "-r", "4"}).code, kUsage);
}

// Each command is a process of its own, and each asks another node.
TEST_F(Availability, ASessionInAFileSeesItsOwnWritesThroughEveryNode) {
  const std::string file = (folder_.path() / "session").string();
  for (int i = 0; i < 10; ++i) {
    const std::string value = std::to_string(i);
    const Outcome put = shoal(cluster_.address(i % 5), {"put", "k", value, "--session", file});
    ASSERT_EQ(put.code, kDone) << put;
    const Outcome got = shoal(cluster_.address((i + 1) % 5), {"get", "k", "--session", file});
    EXPECT_EQ(got.code, kDone) << got;
    EXPECT_EQ(got.out, value + "\n");
  }
  EXPECT_EQ(ask({"get", "k", "--level", "all"}).out, "9\n");
  EXPECT_EQ(ask({"get", "k", "--level", "eventual"}).code, kDone);
  EXPECT_EQ(ask({"get", "k", "--level", "strict"}).code, kUsage);
}

TEST_F(Availability, AKilledNodeIsNamedStoodInForAndBroughtUpToDate) {
  const std::string key = key_of_victim();
  ASSERT_EQ(ask({"-w", "all", "put", key, "before"}).code, kDone);
  cluster_.kill(kVictim);
  ASSERT_TRUE(eventually([&] { return is_dead(); }));

  const Outcome sick = ask({"-o", "table", "status"});
  EXPECT_EQ(sick.code, kUnhealthy) << sick;
  EXPECT_THAT(sick.out, HasSubstr("n4 does not answer"));
  EXPECT_THAT(sick.out, HasSubstr("shoald --data FOLDER --listen " + cluster_.address(kVictim) + " --name n4"));
  EXPECT_THAT(event_kinds("n4"), Contains("member_dead"));
  const Json where = json({"where", key});
  ASSERT_EQ(where["stand_ins"].size(), 1U);
  EXPECT_EQ(where["stand_ins"][0]["owner"], "n4");
  const std::string stand_in = where["stand_ins"][0]["by"];

  ASSERT_EQ(ask({"-w", "all", "put", key, "while it is down"}).code, kDone);
  const Json hints = json({"hints", "ls"});
  EXPECT_EQ(hints["silent"][0]["name"], "n4");
  EXPECT_THAT(ask({"hints", "ls"}).out, HasSubstr(stand_in + "\tn4\t1\t"));
  const Json explained = json({"explain", key});
  EXPECT_EQ(replica(explained, "n4")["answered"], false);
  EXPECT_EQ(replica(explained, stand_in)["hints_for"], Json::array({"n4"}));
  EXPECT_THAT(explained["problems"].dump(), HasSubstr("a hint waits for it at " + stand_in));

  ASSERT_TRUE(cluster_.restart(kVictim).has_value());
  ASSERT_TRUE(eventually([&] { return is_healthy(seeds_, 5); }));
  ASSERT_EQ(ask({"hints", "deliver"}).code, kDone);
  EXPECT_TRUE(eventually([&] { return json({"explain", key})["problems"].empty(); })) << json({"explain", key}).dump(1);
  const std::string waits = "\tn4\t1\t";  // until its stand-in has heard that n4 has it
  EXPECT_TRUE(eventually([&] {
    return ask({"hints", "ls"}).out.find(waits) == std::string::npos;
  })) << ask({"hints", "ls"}).out;
  EXPECT_THAT(event_kinds("n4"), Contains("member_alive"));
}

// Each command, with a node that neither answers nor refuses connections, ends within its deadline.
TEST_F(Availability, APausedNodeMakesNoCommandHang) {
  ASSERT_EQ(ask({"-w", "all", "put", "k", "v"}).code, kDone);
  cluster_.process(kVictim).signal(SIGSTOP);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"status"}, {"members"}, {"events"}, {"hints", "ls"}, {"where", "k"}, {"explain", "k"}, {"bucket", "ls"}}) {
    const auto begun = std::chrono::steady_clock::now();
    const Outcome outcome = run(shoal_command(cluster_.address(0), words, "2s"));
    EXPECT_EQ(outcome.code, words[0] == "status" ? kUnhealthy : kDone) << words[0] << outcome;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, kPatience / 2) << words[0];
  }
  cluster_.process(kVictim).signal(SIGCONT);
}

}  // namespace
}  // namespace shoal::test
