// Snapshots of running nodes, restored when the node's own folder is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class SnapshotsTest : public testing::Test {
 protected:
  [[nodiscard]] NodeSpec spec() const { return {.data = data(), .listen = address_, .more = {"--log-level", "error"}}; }
  [[nodiscard]] fs::path data() const { return folder_.path() / "data"; }
  [[nodiscard]] fs::path snapshot() const { return folder_.path() / "lost" / "snapshots" / "s"; }
  [[nodiscard]] Outcome ask(const std::vector<std::string>& arguments) const { return shoal(address_, arguments); }
  [[nodiscard]] std::string line_of(const std::string& key) const { return ask({"get", key}).out; }
  void lose_folder() const { fs::rename(data(), folder_.path() / "lost"); }
  [[nodiscard]] Outcome restore() const { return ask({"snapshot", "restore", snapshot(), "--data", data()}); }

  const TempFolder folder_;
  const std::string address_ = loopback(free_ports());
};

TEST_F(SnapshotsTest, ANodeWhoseFolderIsLostComesBackAsALaterLifeWithWhatTheSnapshotHolds) {
  Program node = start_node(spec());
  ASSERT_EQ(ask({"put", "before", "old"}).code, 0);
  ASSERT_EQ(ask({"put", "both", "old"}).code, 0);
  const Outcome created = ask({"snapshot", "create", "s"});
  ASSERT_EQ(created.code, 0) << created;
  ASSERT_EQ(ask({"put", "after", "new"}).code, 0);
  ASSERT_EQ(ask({"put", "both", "new"}).code, 0);
  node.end(SIGKILL);
  lose_folder();
  const Outcome restored = restore();
  ASSERT_EQ(restored.code, 0) << restored;
  EXPECT_THAT(restored.out, HasSubstr(": 2 records and 0 hints of snapshot s;"));
  const Program again = start_node(spec());
  EXPECT_EQ(line_of("before"), "old\n");
  EXPECT_EQ(line_of("both"), "old\n");
  EXPECT_EQ(ask({"get", "after"}).code, 1);
  // The write that the lost life made of "both" and this one have different dots: neither covers the other.
  ASSERT_EQ(ask({"put", "both", "newer"}).code, 0);
  EXPECT_THAT(ask({"-o", "json", "explain", "both"}).out, ContainsRegex("\"actor\":\"2[56][0-9][.]"));
}

TEST_F(SnapshotsTest, WhatCannotBeRestoredIsSaidAndChangesNothing) {
  Program node = start_node(spec());
  ASSERT_EQ(ask({"snapshot", "create", "s"}).code, 0);
  EXPECT_THAT(ask({"snapshot", "create", "s"}).err, HasSubstr("there is a snapshot s already"));
  EXPECT_THAT(ask({"snapshot", "create", "../s"}).err, HasSubstr("a snapshot's name is"));
  ASSERT_EQ(node.end(SIGTERM).code, 0);
  EXPECT_THAT(run({shoald_program(), "--restore", data() / "snapshots" / "s", "--data", data()}).err,
              HasSubstr("a node lives in it"));
  EXPECT_THAT(run({shoald_program(), "--restore", data(), "--data", folder_.path() / "x"}).err,
              HasSubstr("is no complete snapshot: it holds no file 'snapshot'"));
  EXPECT_FALSE(fs::exists(folder_.path() / "x"));
  NodeSpec in_snapshot = spec();
  in_snapshot.data = data() / "snapshots" / "s";
  EXPECT_THAT(launch(in_snapshot).wait().err, HasSubstr("it is a snapshot"));
  const Program again = start_node(spec());
  EXPECT_EQ(ask({"snapshot", "rm", "s"}).code, 0);
  EXPECT_THAT(ask({"snapshot", "ls"}).out, Not(HasSubstr("complete")));
}

// A snapshot taken in the middle of a stream of writes holds each that was acknowledged before it was asked for.
TEST_F(SnapshotsTest, OfABusyNodeHoldsAllThatWasAcknowledgedBefore) {
  Program node = start_node(spec());
  const auto lines = [](int from, int to) {
    std::string text;
    for (int i = from; i < to; ++i)
      text += R"({"key":"k)" + std::to_string(i) + R"(","value":")" + std::string(200, 'v') + "\"}\n";
    return text;
  };
  ASSERT_EQ(shoal(address_, {"load"}, lines(0, 1000)).code, 0);
  Program load = Program::start(shoal_command(address_, {"load"}), {.input = lines(1000, 4000)});
  ASSERT_EQ(ask({"snapshot", "create", "s"}).code, 0);
  ASSERT_EQ(load.wait().code, 0);
  node.end(SIGKILL);
  lose_folder();
  ASSERT_EQ(restore().code, 0);
  EXPECT_EQ(run({shoald_program(), "--check", data()}).code, 0);
  const Program again = start_node(spec());
  for (int i = 0; i < 1000; i += 100) EXPECT_EQ(line_of("k" + std::to_string(i)), std::string(200, 'v') + "\n") << i;
}

}  // namespace
}  // namespace shoal::test
