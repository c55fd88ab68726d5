// "Any machines" is not only one loopback: five nodes, each in a network namespace of its own behind a bridge.
//
//   hub: bridge  --veth-- n1 10.77.0.1   --veth-- n2 10.77.0.2   ...
//
// The bridge is in a namespace too: nothing of the machine's own network is touched. Names carry our process id, and
// what a killed earlier run left behind is removed first.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

using testing::IsEmpty;

constexpr int kNodes = 5;
constexpr const char* kPrefix = "shoaltest-";

std::string space(pid_t owner, const std::string& name) { return kPrefix + std::to_string(owner) + "-" + name; }

void remove_leftovers() {
  std::istringstream lines(run({"ip", "netns", "list"}).out);
  for (std::string line; std::getline(lines, line);) {
    const std::string name = line.substr(0, line.find(' '));
    if (!name.starts_with(kPrefix)) continue;
    const std::string owner = name.substr(std::string(kPrefix).size());
    if (::kill(static_cast<pid_t>(std::atoi(owner.c_str())), 0) != 0) run({"ip", "netns", "del", name});
  }
}

class Namespaces : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "network namespaces are made by root alone";
    if (run({"ip", "-V"}).code != 0) GTEST_SKIP() << "the program ip (package iproute2) is not installed";
    remove_leftovers();
    if (const Outcome made = ip({"netns", "add", hub()}); made.code != 0)
      GTEST_SKIP() << "no network namespace can be made here: " << made.err;
    must({"-n", hub(), "link", "add", "bridge", "type", "bridge"});
    must({"-n", hub(), "link", "set", "bridge", "up"});
    for (int node = 1; node <= kNodes; ++node) add_machine(node);
    start_cluster();
  }

  void TearDown() override {
    for (Program& node : nodes_) node.end(SIGKILL);
    for (int node = 1; node <= kNodes; ++node) run({"ip", "netns", "del", machine(node)});
    run({"ip", "netns", "del", hub()});
  }

  static std::string hub() { return space(::getpid(), "hub"); }
  static std::string machine(int node) { return space(::getpid(), "n" + std::to_string(node)); }
  static std::string address(int node) { return "10.77.0." + std::to_string(node) + ":7100"; }

  static Outcome ip(std::vector<std::string> words) {
    words.insert(words.begin(), "ip");
    return run(words);
  }
  static void must(const std::vector<std::string>& words) {
    const Outcome outcome = ip(words);
    EXPECT_EQ(outcome.code, 0) << outcome;
  }
  static void add_machine(int node) {
    const std::string port = "port" + std::to_string(node);
    must({"netns", "add", machine(node)});
    must({"-n", hub(), "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", machine(node)});
    must({"-n", hub(), "link", "set", port, "master", "bridge", "up"});
    must({"-n", machine(node), "addr", "add", "10.77.0." + std::to_string(node) + "/24", "dev", "eth0"});
    must({"-n", machine(node), "link", "set", "lo", "up"});
    must({"-n", machine(node), "link", "set", "eth0", "up"});
  }

  static std::vector<std::string> on(int node, const std::vector<std::string>& command) {
    std::vector<std::string> words{"ip", "netns", "exec", machine(node)};
    words.insert(words.end(), command.begin(), command.end());
    return words;
  }
  void start_cluster() {
    for (int node = 1; node <= kNodes; ++node) {
      const std::string name = "n" + std::to_string(node);
      nodes_.push_back(Program::start(on(node, command_of({.data = folder_.path() / name,
                                                           .listen = address(node),
                                                           .name = name,
                                                           .join = node > 1 ? address(1) : ""}))));
      ASSERT_TRUE(nodes_.back().says("shoald ready")) << nodes_.back().err();
    }
  }

  // The shoal command, typed on that machine.
  static Outcome shoal_on(int node, const std::vector<std::string>& words) {
    std::string seeds;
    for (int seed = 1; seed <= kNodes; ++seed) seeds += (seeds.empty() ? "" : ",") + address(seed);
    return run(on(node, shoal_command(seeds, words)));
  }
  static void expect_put(int node, const std::string& key, const std::string& value) {
    const Outcome outcome = shoal_on(node, {"put", key, value});
    EXPECT_EQ(outcome.code, 0) << key << ": " << outcome;
  }
  static void expect_get(int node, const std::string& key, const std::string& value) {
    const Outcome outcome = shoal_on(node, {"get", key});
    EXPECT_EQ(outcome.out, value + "\n") << key << ": " << outcome;
  }
  static nlohmann::json status_on(int node) {
    const Outcome asked = run(on(node, shoal_command(address(node), {"-o", "json", "status"}, "3s")));
    auto status = nlohmann::json::parse(asked.out, nullptr, false);
    return status.is_object() && status.contains("members") ? status : nlohmann::json();
  }
  static bool all_is_well_on(int node) {
    const nlohmann::json status = status_on(node);
    return status.is_object() && status["healthy"] == true && status["members"].size() == kNodes;
  }

  const TempFolder folder_;
  std::vector<Program> nodes_;
};

TEST_F(Namespaces, FiveMachinesServeAndOutliveACutCable) {
  constexpr int kKeys = 10;
  constexpr int kCut = 3;
  const auto key = [](int i) { return "key" + std::to_string(i); };
  ASSERT_TRUE(eventually([] { return all_is_well_on(5); }));
  for (int i = 0; i < kKeys; ++i) expect_put(1 + i % kNodes, key(i), "before");
  for (int i = 0; i < kKeys; ++i) expect_get(kNodes - i % kNodes, key(i), "before");

  must({"-n", machine(kCut), "link", "set", "eth0", "down"});
  for (int i = 0; i < kKeys; ++i) expect_put(1, key(i), "during");
  for (int i = 0; i < kKeys; ++i) expect_get(5, key(i), "during");
  EXPECT_TRUE(eventually([] { return member_of(status_on(1), "n3")["liveness"] == "dead"; }));
  EXPECT_EQ(shoal_on(1, {"status"}).code, 6);

  must({"-n", machine(kCut), "link", "set", "eth0", "up"});
  EXPECT_TRUE(eventually([] { return all_is_well_on(1) && all_is_well_on(kCut); }));
  for (int i = 0; i < kKeys; ++i) expect_get(kCut, key(i), "during");
  expect_put(kCut, "after", "it");
  for (Program& node : nodes_) EXPECT_EQ(node.end(SIGTERM).code, 0);
}

// Whoever is cut off from a majority says so: reads time out, writes are not taken for done.
TEST_F(Namespaces, TheLonelySideRefuses) {
  expect_put(1, "k", "v");
  for (const int cut : {2, 3, 4, 5}) must({"-n", machine(cut), "link", "set", "eth0", "down"});
  ASSERT_TRUE(eventually([] {
    const nlohmann::json status = status_on(1);
    for (const char* name : {"n2", "n3", "n4", "n5"})
      if (member_of(status, name)["liveness"] != "dead") return false;
    return true;
  }));
  const std::string alone = address(1);
  const Outcome put = run(on(1, shoal_command(alone, {"put", "--blind", "k", "w"}, "3s")));
  EXPECT_EQ(put.code, 4) << put;
  for (const int cut : {2, 3, 4, 5}) must({"-n", machine(cut), "link", "set", "eth0", "up"});
  EXPECT_TRUE(eventually([] { return all_is_well_on(1); }));
  expect_get(2, "k", "v");
}

}  // namespace
}  // namespace shoal::test
