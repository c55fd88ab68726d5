// Starting and stopping: what an operator's scripts rely on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "client/shoal/client.hpp"
#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr int kKeys = 200;

std::string key(int i) { return "key " + std::to_string(i); }
std::string value(int i) { return std::string(static_cast<std::size_t>(i), 'x') + std::to_string(i); }

void write_all(Client& db) {
  for (int i = 0; i < kKeys; ++i) db.put(key(i), value(i)).value();
}

void expect_all(Client& db) {
  for (int i = 0; i < kKeys; ++i) EXPECT_EQ(db.get(key(i)).value().value(), value(i));
}

Options options_for(std::vector<std::string> seeds) { return {.seeds = std::move(seeds), .timeout = kPatience}; }

TEST(Start, SaysOnceThatItIsReadyAndEndsWithZeroOnSigterm) {
  const TempFolder folder;
  const std::string listen = loopback(free_ports());
  Program node = start_node({.data = folder.path() / "n1", .listen = listen, .name = "n1"});
  EXPECT_TRUE(node.running());
  const Outcome end = node.end(SIGTERM);
  EXPECT_EQ(end.code, 0) << end;
  EXPECT_THAT(end.out, StartsWith("shoald ready: n1 serves clients on " + listen + ", node "));
  EXPECT_EQ(std::ranges::count(end.out, '\n'), 1) << end;
}

TEST(Start, SigintEndsItToo) {
  const TempFolder folder;
  Program node = start_node({.data = folder.path() / "n1", .listen = loopback(free_ports())});
  EXPECT_EQ(node.end(SIGINT).code, 0);
}

// No flag of the first start is needed again but the folder and the port.
TEST(Start, ASecondStartOnTheSameFolderKnowsItsNameAndData) {
  const TempFolder folder;
  const std::string listen = loopback(free_ports());
  NodeSpec spec{.data = folder.path() / "n1", .listen = listen, .name = "first"};
  for (const std::string& name : {std::string("first"), std::string()}) {
    spec.name = name;
    Program node = start_node(spec);
    EXPECT_THAT(node.out(), StartsWith("shoald ready: first serves"));
    Client db(options_for({listen}));
    if (!name.empty()) write_all(db);
    expect_all(db);
    EXPECT_EQ(node.end(SIGTERM).code, 0);
  }
}

TEST(Start, ARestartOfAllNodesKeepsTheData) {
  const TempFolder folder;
  LocalCluster cluster = start_cluster(folder.path(), 3);
  Client db(options_for(cluster.seeds()));
  write_all(db);
  ASSERT_TRUE(cluster.stop());
  for (int node = 0; node < cluster.size(); ++node) ASSERT_TRUE(cluster.restart(node));
  expect_all(db);  // a client of before finds them again
  Client fresh(options_for(cluster.seeds()));
  expect_all(fresh);
  EXPECT_TRUE(cluster.stop());
}

TEST(Start, RelaxedSaysThatItIsNotDurableAndLosesNothingOnSigterm) {
  const TempFolder folder;
  const NodeSpec spec{
      .data = folder.path() / "n1", .listen = loopback(free_ports()), .more = {"--durability", "relaxed"}};
  Program node = start_node(spec, {.environment = {"SHOALD_STORAGE_RELAXED_INTERVAL_MS=60000"}});
  Client db(options_for({spec.listen}));
  write_all(db);
  EXPECT_FALSE(db.put("last", "one").value().durable);
  EXPECT_EQ(node.end(SIGTERM).code, 0);
  node = start_node(spec);
  expect_all(db);
  EXPECT_EQ(db.get("last").value().value(), "one");
}

TEST(Start, SyncSaysThatItIsDurableAndSurvivesAKill) {
  const TempFolder folder;
  const NodeSpec spec{.data = folder.path() / "n1", .listen = loopback(free_ports())};
  Program node = start_node(spec);
  Client db(options_for({spec.listen}));
  EXPECT_TRUE(db.put("last", "one").value().durable);
  EXPECT_EQ(node.end(SIGKILL).code, 128 + SIGKILL);
  node = start_node(spec);
  EXPECT_EQ(db.get("last").value().value(), "one");
}

TEST(Start, AnUnreachableSeedIsAskedUntilSigterm) {
  const TempFolder folder;
  const std::uint16_t ports = free_ports(2);
  Program node = launch({.data = folder.path() / "n1",
                         .listen = loopback(ports),
                         .join = loopback(static_cast<std::uint16_t>(ports + 10))});
  ASSERT_TRUE(node.complains("asking " + loopback(static_cast<std::uint16_t>(ports + 10)))) << node.err();
  EXPECT_TRUE(node.running());
  const Outcome end = node.end(SIGTERM);
  EXPECT_EQ(end.code, 0) << end;
  EXPECT_EQ(end.out, "");
}

}  // namespace
}  // namespace shoal::test
