// Who may be which member: names, lost disks, copies of data folders, nodes of other clusters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>

#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kRefused = 7;

// Nodes n1, n2, n3 on ports ten apart; n1 founds the cluster.
class IdentityTest : public testing::Test {
 protected:
  [[nodiscard]] std::string address(int node) const {
    return loopback(static_cast<std::uint16_t>(first_port_ + 10 * (node - 1)));
  }
  [[nodiscard]] fs::path data(int node) const { return folder_.path() / std::to_string(node); }
  [[nodiscard]] NodeSpec spec(int node, bool joins) const {
    return {.data = data(node),
            .listen = address(node),
            .name = "n" + std::to_string(node),
            .join = joins ? address(1) : ""};
  }
  [[nodiscard]] NodeSpec newcomer(const std::string& name) const {
    return {.data = folder_.path() / name, .listen = address(4), .name = name, .join = address(1)};
  }
  void start(int node, bool joins) { nodes_[node] = start_node(spec(node, joins)); }
  void start_three() {
    for (int node = 1; node <= 3; ++node) start(node, node > 1);
  }
  void end(int node) { EXPECT_EQ(nodes_[node].end(SIGTERM).code, 0); }
  void restart(int node) { start(node, false); }
  [[nodiscard]] bool healthy() const {
    return eventually([&] { return is_healthy(address(1), 3); });
  }

  [[nodiscard]] bool both_see_n2(const std::string& liveness) const {
    return eventually([&] {
      return member_of(status_of(address(1)), "n2")["liveness"] == liveness &&
             member_of(status_of(address(3)), "n2")["liveness"] == liveness;
    });
  }

  void put(const std::string& key, const std::string& value) {
    const Outcome outcome = shoal(address(1) + "," + address(3), {"put", key, value});
    EXPECT_EQ(outcome.code, 0) << outcome;
  }
  void expect_value(const std::string& key, const std::string& value) {
    EXPECT_EQ(shoal(address(1) + "," + address(3), {"get", key}).out, value + "\n");
  }
  void expect_stopped(Outcome outcome, const std::string& sentence) {
    EXPECT_EQ(outcome.code, kRefused) << outcome;
    EXPECT_THAT(outcome.err, HasSubstr("shoald: node "));
    EXPECT_THAT(outcome.err, HasSubstr(sentence));
  }

  const TempFolder folder_;
  const std::uint16_t first_port_ = free_ports(4);
  std::map<int, Program> nodes_;
};

constexpr const char* kRunsTwice =
    " runs twice: its data folder was copied; stop both, keep one, start the other with --reset-identity";

TEST_F(IdentityTest, AnEmptyDiskDoesNotComeBackUnderAnOldNameButAsANewNode) {
  start_three();
  end(2);
  fs::remove_all(data(2));
  const Outcome refused = launch(spec(2, true)).wait();
  EXPECT_EQ(refused.code, kRefused) << refused;
  EXPECT_THAT(refused.err, HasSubstr("a member named \"n2\" exists with another id ("));
  EXPECT_THAT(refused.err, HasSubstr("an empty disk does not come back under an old name"));

  NodeSpec reset = spec(2, true);
  reset.more = {"--reset-identity"};
  nodes_[2] = start_node(reset);
  ASSERT_TRUE(healthy());
  put("k", "v");
  expect_value("k", "v");
}

// The id of before is removed for good: its folder, had it been kept, is not let in again.
TEST_F(IdentityTest, AReplacedMembersFolderIsRefused) {
  start_three();
  end(2);
  const fs::path kept = folder_.path() / "kept";
  fs::rename(data(2), kept);
  NodeSpec reset = spec(2, true);
  reset.more = {"--reset-identity"};
  nodes_[2] = start_node(reset);
  ASSERT_TRUE(healthy());

  NodeSpec old = newcomer("n2");
  old.data = kept;
  const Outcome joining = launch(old).wait();
  EXPECT_EQ(joining.code, kRefused) << joining;
  EXPECT_THAT(joining.err, HasSubstr("removed from the cluster"));
  old.join.clear();
  const Outcome alone = launch(old).wait();
  EXPECT_EQ(alone.code, kRefused) << alone;
  EXPECT_THAT(alone.err, HasSubstr("removed from the cluster; start it with --reset-identity"));
  EXPECT_TRUE(is_healthy(address(1), 3));
}

TEST_F(IdentityTest, NobodyJoinsAfterTheFirstWrite) {
  start_three();
  put("k", "v");
  const Outcome late = launch(newcomer("late")).wait();
  EXPECT_EQ(late.code, kRefused) << late;
  EXPECT_THAT(late.err, HasSubstr("the cluster holds client data and this version cannot move data to a new member"));
  EXPECT_TRUE(is_healthy(address(1), 3));
}

TEST_F(IdentityTest, ACopyOfAStoppedNodesFolderStopsBothNodes) {
  start_three();
  put("k", "v");
  end(2);
  fs::copy(data(2), folder_.path() / "copy", fs::copy_options::recursive);
  restart(2);
  ASSERT_TRUE(healthy());
  Program copy = launch({.data = folder_.path() / "copy", .listen = address(4)});
  expect_stopped(copy.wait(), kRunsTwice);
  expect_stopped(nodes_[2].wait(), kRunsTwice);
  expect_value("k", "v");

  restart(2);  // the one that is kept
  EXPECT_TRUE(healthy());
}

// The copy counts one start more than the original: it looks like a restart, but the original is still there.
TEST_F(IdentityTest, ACopyOfARunningNodesFolderStopsBothNodes) {
  start_three();
  put("k", "v");
  ASSERT_TRUE(healthy());
  fs::copy(data(2), folder_.path() / "copy", fs::copy_options::recursive);
  Program copy = launch({.data = folder_.path() / "copy", .listen = address(4)});
  expect_stopped(copy.wait(), kRunsTwice);
  expect_stopped(nodes_[2].wait(), kRunsTwice);
  expect_value("k", "v");
}

// The copy was first and told the others a new address; then the original starts.
TEST_F(IdentityTest, AnOriginalThatStartsAfterItsCopyStopsBothNodes) {
  start_three();
  put("k", "v");
  end(2);
  fs::copy(data(2), folder_.path() / "copy", fs::copy_options::recursive);
  Program copy = start_node({.data = folder_.path() / "copy", .listen = address(4)});
  ASSERT_TRUE(eventually([&] { return member_of(status_of(address(1)), "n2")["address"] == address(4); }));
  ASSERT_TRUE(healthy());
  nodes_[2] = launch(spec(2, false));
  expect_stopped(nodes_[2].wait(), kRunsTwice);
  expect_stopped(copy.wait(), kRunsTwice);
  expect_value("k", "v");
}

TEST_F(IdentityTest, ARestoredBackupIsRefused) {
  start_three();
  put("k", "v");
  end(2);
  fs::copy(data(2), folder_.path() / "backup", fs::copy_options::recursive);
  restart(2);
  end(2);
  ASSERT_TRUE(both_see_n2("dead"));
  restart(2);
  ASSERT_TRUE(both_see_n2("alive"));  // so both have heard of this life, the third
  end(2);
  fs::remove_all(data(2));
  fs::rename(folder_.path() / "backup", data(2));
  expect_stopped(launch(spec(2, false)).wait(),
                 " was seen in a later life than start 2: this data folder is an old copy "
                 "or a restored backup; start it with --reset-identity");
  expect_value("k", "v");
}

// Somebody starts another cluster where a member was: the members do not take it for theirs, and go on.
TEST_F(IdentityTest, ANodeOfAnotherClusterOnAMembersAddressIsNotTalkedTo) {
  start_three();
  put("k", "v");
  end(2);
  NodeSpec stranger = spec(2, false);
  stranger.data = folder_.path() / "stranger";
  Program other = start_node(stranger);
  EXPECT_TRUE(eventually([&] { return member_of(status_of(address(1)), "n2")["liveness"] == "dead"; }));
  EXPECT_TRUE(nodes_[1].complains("this node belongs to cluster")) << nodes_[1].err();
  put("k", "w");
  expect_value("k", "w");
  EXPECT_EQ(shoal(address(2), {"get", "k"}).code, 1);  // the other cluster knows nothing of it
  EXPECT_TRUE(is_healthy(address(2), 1));

  EXPECT_EQ(other.end(SIGTERM).code, 0);
  restart(2);
  EXPECT_TRUE(healthy());
}

// A folder of one cluster does not join another.
TEST_F(IdentityTest, AMemberIsNotLetIntoAnotherCluster) {
  start(1, false);
  start(2, false);
  end(2);
  const Outcome outcome = launch(spec(2, true)).wait();
  EXPECT_EQ(outcome.code, kRefused) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("this data folder's node belongs to cluster "));
  EXPECT_TRUE(is_healthy(address(1), 1));
}

}  // namespace
}  // namespace shoal::test
