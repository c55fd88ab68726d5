// The shoal command about replicas: what is known to be equal, comparing now, and what differs.
#include <gmock/gmock.h>

#include <atomic>
#include <csignal>

#include "tests/client/cli_kit.h"

namespace shoal::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

enum Exit : int { kDone = 0, kDifferent = 1, kUsage = 2, kUnavailable = 4, kMaybe = 5, kUnhealthy = 6 };

PeerRepair peer(std::uint64_t id, std::vector<ProvenRange> proven) {
  PeerRepair peer;
  peer.peer = {id};
  peer.partitions = 256;
  peer.proven = std::move(proven);
  return peer;
}

RepairReply reply_of(std::uint64_t node, std::vector<PeerRepair> peers) {
  RepairReply reply;
  reply.node = {node};
  reply.peers = std::move(peers);
  reply.scrub.branches = 4096;
  reply.interval = Millis(10'000);
  return reply;
}

Script answers_repair(RepairReply reply) {
  return [reply = std::move(reply)](const Message& message) {
    return std::holds_alternative<RepairRequest>(message) ? Act::answer(reply) : Act::serve();
  };
}

// A node with two peers that has compared with both when it was asked `polls` times after the start.
class Comparing {
 public:
  Comparing(std::uint64_t node, int polls) : node_(node), polls_(polls) {}

  Script script() {
    return [this](const Message& message) {
      const auto* request = std::get_if<RepairRequest>(&message);
      return request != nullptr ? Act::answer(answer(*request)) : Act::serve();
    };
  }
  std::atomic<int> starts = 0;
  std::atomic<int> scrubs = 0;
  std::atomic<int> looks = 0;
  std::function<void(RepairReply&)> edit;  // set before anybody asks

 private:
  RepairReply answer(const RepairRequest& request) {
    starts += request.start ? 1 : 0;
    scrubs += request.scrub ? 1 : 0;
    looks += request.start ? 0 : 1;
    const bool done = looks >= polls_;
    std::vector<PeerRepair> peers;
    for (const std::uint64_t id : {1U, 2U, 3U})
      if (id != node_) peers.push_back(peer(id, {}));
    for (PeerRepair& each : peers) {
      each.asked = 7;
      each.asked_done = done ? 7 : 6;
      each.differences = done ? 12 : 10;
      each.pulled = done ? 4 : 3;
      each.pushed = 5;
    }
    RepairReply reply = reply_of(node_, std::move(peers));
    reply.scrub.cycles = done ? 2 : 1;
    reply.scrub.records = done ? 150 : 100;
    if (edit) edit(reply);
    return reply;
  }

  const std::uint64_t node_;
  const int polls_;
};

class CliRepairTest : public CliTest {
 protected:
  void serve_comparing() {
    cluster_.script(0, one_.script());
    cluster_.script(1, two_.script());
    cluster_.script(2, three_.script());
  }

  // The nodes' threads run the scripts, which are gone before the nodes are.
  void TearDown() override {
    for (const std::size_t node : {0U, 1U, 2U}) cluster_.stop(node);
  }

  Comparing one_{1, 3};
  Comparing two_{2, 1};
  Comparing three_{3, 2};
  const TempDir dir_;
};

// ---- status ---------------------------------------------------------------------------------------------------------

TEST_F(CliRepairTest, StatusHasEachPairOnceByTheNewerWordOfTheTwo) {
  PeerRepair with_two = peer(2, {{{0}, {255}, 256, 2'000}});
  with_two.exchanges = 5;
  with_two.differences = 3;
  with_two.pulled = 1;
  with_two.pushed = 2;
  with_two.bytes = 2048;
  PeerRepair with_three = peer(3, {{{0}, {99}, 100, 1'000}, {{100}, {255}, 156, -1}});
  with_three.running = true;
  with_three.partitions_done = 64;
  PeerRepair with_one = peer(1, {{{0}, {255}, 256, -1}});
  with_one.exchanges = 1;
  with_one.pulled = 4;
  RepairReply first = reply_of(1, {with_two, with_three});
  first.scrub = {true, 4096, 1024, 3, 900, 2, 1, 0, 0, 1, 0};
  cluster_.script(0, answers_repair(first));
  cluster_.script(
      1, answers_repair(reply_of(2, {with_one, peer(3, {{{0}, {9}, 10, 9'000}, {{10}, {255}, 246, 95'000}})})));
  cluster_.stop(2);
  const Ran status = shoal("repair status -o table");
  EXPECT_EQ(status.code, kDone) << status.err;
  EXPECT_EQ(status.out,
            "NODE  WITH  PARTITIONS  LAST EQUAL  RUNNING  COMPARED  DIFFERENCES  MOVED  BYTES\n"
            "n1    n2    256         2s ago               6         3            7      2.0 KiB\n"
            "n1    n3    256         never       25 %     0         0            0      0 B\n"
            "n2    n3    256         1m ago               0         0            0      0 B\n"
            "\n"
            "n1 and n3: partitions 100-255 (156 that both own) have not been proven equal since the nodes started\n"
            "n2 and n3: partitions 10-255 (246 that both own) were last equal 1m ago\n"
            "\n"
            "NODE  CHECKED          CYCLES  RECORDS READ  DAMAGED  RESTORED  QUARANTINED\n"
            "n1    25 %, asked for  3       900           2        1         1\n"
            "n2    0 %              0       0             0        0         0\n");
  EXPECT_THAT(status.err, HasSubstr("n3 does not answer: "));
  EXPECT_THAT(shoal("repair status").out, HasSubstr("pair\tn1\tn2\t256\t2000\t\t6\t3\t7\t2048\t0\n"));
  const nlohmann::json nodes = json("repair status")["nodes"];
  EXPECT_EQ(nodes[0]["peers"][0]["proven"][0]["since_ms"], 2000);
  EXPECT_EQ(nodes[0]["peers"][1]["proven"][1]["since_ms"], nullptr);
  EXPECT_EQ(nodes[0]["scrub"]["quarantined"], 1);
  EXPECT_EQ(nodes[1]["interval_ms"], 10'000);
}

// ---- start ----------------------------------------------------------------------------------------------------------

TEST_F(CliRepairTest, StartAsksAllMembersAndDoesNotWait) {
  serve_comparing();
  const Ran started = shoal("repair start");
  EXPECT_EQ(started.code, kDone);
  EXPECT_THAT(started.err, HasSubstr("shoal repair status shows how far they are"));
  EXPECT_EQ(shoal("repair start --node n2 --scrub").code, kDone);
  EXPECT_THAT(std::vector<int>({one_.starts, two_.starts, three_.starts}), ElementsAre(1, 2, 1));
  EXPECT_THAT(std::vector<int>({one_.scrubs, two_.scrubs, three_.scrubs}), ElementsAre(0, 1, 0));
  EXPECT_EQ(one_.looks + two_.looks + three_.looks, 0);
  EXPECT_THAT(shoal("repair start --node n9").err, HasSubstr("there is no member \"n9\""));
  EXPECT_EQ(shoal("repair").code, kUsage);
  cluster_.stop(2);
  EXPECT_EQ(shoal("repair start").code, kUnhealthy);
}

TEST_F(CliRepairTest, WaitEndsWhenAllHaveDoneWhatTheyWereAsked) {
  serve_comparing();
  const Ran waited = shoal("repair start --wait");
  EXPECT_EQ(waited.code, kDone) << waited.err;
  EXPECT_EQ(waited.out, "3 pairs of nodes compared: 8 records differed, 4 states moved, 0 B\n");
  EXPECT_EQ(waited.err, "");
  EXPECT_EQ(one_.looks, 2) << "its peers have compared with it";
}

// One comparison brings both of a pair up to date: n1, which is never done, need not be waited for.
TEST_F(CliRepairTest, APairIsDoneWhenOneOfTheTwoHasCompared) {
  one_.edit = [](RepairReply& reply) {
    for (PeerRepair& each : reply.peers) each.asked_done = 0;
  };
  serve_comparing();
  EXPECT_EQ(shoal("repair start --wait").code, kDone);
  EXPECT_EQ(shoal("repair start --wait --node n1 --timeout 500ms").code, kMaybe) << "its peers were not asked";
}

TEST_F(CliRepairTest, WaitForAScrubEndsWhenAnotherCycleHas) {
  serve_comparing();
  const nlohmann::json done = json("repair start --wait --scrub");
  EXPECT_EQ(done["complete"], true);
  EXPECT_EQ(done["pairs_compared"], 3);
  EXPECT_EQ(done["scrub"]["records"], 150);
  EXPECT_EQ(one_.scrubs, 1);
}

// n3 is down: the others are waited for, and what was not compared is named.
TEST_F(CliRepairTest, AMemberThatIsDownIsNamedAndNotWaitedFor) {
  const auto knows_n3_is_down = [](RepairReply& reply) {
    for (PeerRepair& each : reply.peers)
      if (each.peer == NodeId{3}) each.asked_done = 0;
  };
  one_.edit = two_.edit = knows_n3_is_down;
  serve_comparing();
  cluster_.stop(2);
  const Ran waited = shoal("repair start --wait");
  EXPECT_EQ(waited.code, kUnhealthy);
  EXPECT_THAT(waited.out, HasSubstr("1 pair of nodes compared"));
  EXPECT_THAT(waited.err, HasSubstr("n3 does not answer: "));
  EXPECT_THAT(waited.err,
              HasSubstr("n1 and n3 were not compared to the end\nn2 and n3 were not compared to the end\n"));
  EXPECT_EQ(json("repair start --wait")["complete"], false);
}

TEST_F(CliRepairTest, AMemberThatStartsAgainMeanwhileIsLeftToItsPeers) {
  two_.edit = [this](RepairReply& reply) {
    if (two_.looks > 0) reply = reply_of(2, {peer(1, {}), peer(3, {})});
  };
  serve_comparing();
  const Ran waited = shoal("repair start --wait");
  EXPECT_EQ(waited.code, kDone);
  EXPECT_EQ(waited.err, "n2 was started again meanwhile, and has forgotten what it was asked\n");
  EXPECT_THAT(waited.out, HasSubstr("3 pairs of nodes compared"));
}

TEST_F(CliRepairTest, AScrubThatAStartCutShortIsNotDone) {
  two_.edit = [this](RepairReply& reply) {
    if (two_.looks > 0) reply = reply_of(2, {peer(1, {}), peer(3, {})});
  };
  serve_comparing();
  const Ran scrubbed = shoal("repair start --wait --scrub");
  EXPECT_EQ(scrubbed.code, kUnhealthy) << "nobody else reads its disk";
  EXPECT_THAT(scrubbed.err, HasSubstr("n2 was not scrubbed to the end\n"));
}

TEST_F(CliRepairTest, TheWaitIsOverAtItsTimeoutAndTheRepairIsNot) {
  three_.edit = [](RepairReply& reply) { reply.peers[0].asked_done = 0; };
  one_.edit = [](RepairReply& reply) { reply.peers[1].asked_done = 0; };
  serve_comparing();
  const Ran waited = shoal("repair start --wait --timeout 700ms");
  EXPECT_EQ(waited.code, kMaybe);
  EXPECT_THAT(waited.err, HasSubstr("--timeout is over: the nodes go on with it; run it again to go on waiting"));
}

// The third look at n1 interrupts the command, as Ctrl-C does.
TEST_F(CliRepairTest, CtrlCEndsTheWaitAndSaysThatTheRepairGoesOn) {
  const std::string pid_file = dir_.path("pid");
  one_.edit = [this, pid_file](RepairReply& reply) {
    reply.peers[0].asked_done = 0;
    const std::string pid = read_file(pid_file);
    if (one_.looks >= 3 && pid.ends_with('\n')) ::kill(static_cast<pid_t>(std::stol(pid)), SIGINT);
  };
  two_.edit = [](RepairReply& reply) { reply.peers[0].asked_done = 0; };
  serve_comparing();
  const Ran waited = run_command("sh -c 'echo $$ > " + pid_file + "; exec " SHOAL_BIN_DIR "/shoal -s " +
                                 cluster_.seeds() + " repair start --wait'");
  EXPECT_EQ(waited.code, 128 + SIGINT);
  EXPECT_THAT(waited.err, HasSubstr("interrupted: the nodes go on with it; run it again"));
  EXPECT_THAT(waited.out, HasSubstr("2 pairs of nodes compared")) << "what was done is told";
}

// ---- diff -----------------------------------------------------------------------------------------------------------

RecordPtr written(std::uint64_t actor, std::uint64_t counter, bool deletion = false) {
  Record record;
  const Dot dot{Actor{{actor}, 1}, counter};
  record.clock.raise(dot);
  record.siblings.push_back(Sibling{dot, Hlc{}, {}, deletion, Blob()});
  return std::make_shared<const Record>(std::move(record));
}

TEST_F(CliRepairTest, DiffNamesPartitionsAndKeysAndExitsAsDiffDoes) {
  std::atomic<std::uint32_t> limit = 0;
  cluster_.script(0, [&](const Message& message) {
    const auto* asked = std::get_if<DiffRequest>(&message);
    if (asked == nullptr) return Act::serve();
    EXPECT_EQ(asked->peer, NodeId{3});
    limit = asked->limit;
    DiffReply reply;
    reply.outcome.code = Errc::ok;
    reply.partitions = 256;
    reply.differ = {{{4}, 1}, {{5}, 2}, {{9}, 1}};
    reply.differences = 7;
    reply.keys = {
        {{"default", "a"}, written(1, 1), nullptr},       {{"default", "b"}, nullptr, written(1, 1)},
        {{"default", "c"}, written(1, 1), written(1, 2)}, {{"carts", "d"}, written(1, 3), written(1, 2)},
        {{"default", "e"}, written(1, 3), written(2, 2)}, {{"default", "f"}, written(1, 3, true), written(1, 3)}};
    return Act::answer(reply);
  });
  const Ran table = shoal("diff n1 n3 -o table");
  EXPECT_EQ(table.code, kDifferent);
  EXPECT_EQ(limit, 1000U);
  EXPECT_THAT(table.out, HasSubstr("4-5         3\n9           1\n"));
  EXPECT_THAT(table.out, HasSubstr("n1 and n3 hold 7 records differently, in 3 of the 256 partitions that both own; "
                                   "the first 6 are named\n"));
  std::vector<std::string> differences;
  const nlohmann::json diff = json("diff n1 n3 --limit 6");
  EXPECT_EQ(limit, 6U);
  for (const auto& key : diff["keys"]) differences.push_back(key["difference"]);
  EXPECT_THAT(differences,
              ElementsAre("only_here", "only_there", "here_behind", "there_behind", "concurrent", "different"));
  EXPECT_EQ(diff["keys"][0]["there"], nullptr);
  EXPECT_EQ(diff["keys"][3]["bucket"], "carts");
  EXPECT_EQ(diff["keys"][5]["here"]["writes"][0]["deletion"], true);
  EXPECT_EQ(diff["differ"][1]["leaves"], 2);
  const Ran plain = shoal("diff n1 n3");
  EXPECT_THAT(plain.out, HasSubstr("a\tdefault\tonly on n1\tvalue "));
  EXPECT_THAT(plain.out, HasSubstr("c\tdefault\tn1 is behind\t"));
  EXPECT_THAT(plain.out, HasSubstr("d\tcarts\tn3 is behind\t"));
}

TEST_F(CliRepairTest, DiffOfEqualNodesIsSilentInAPipe) {
  const Ran equal = shoal("diff n1 n2");
  EXPECT_EQ(equal.code, kDone);
  EXPECT_EQ(equal.out + equal.err, "");
  EXPECT_EQ(shoal("diff n1 n2 -o table").out, "n1 and n2 hold the same in the 256 partitions that both own\n");
  EXPECT_THAT(json("diff n1 n2")["keys"], IsEmpty());
}

TEST_F(CliRepairTest, DiffThatCannotBeMadeIsNoDifference) {
  EXPECT_THAT(shoal("diff n1 n9").err, HasSubstr("there is no member \"n9\"; there are n1, n2, n3"));
  EXPECT_EQ(shoal("diff n1 n9").code, kUsage);
  EXPECT_EQ(shoal("diff n9 n1").code, kUsage);
  EXPECT_EQ(shoal("diff n1").code, kUsage);
  EXPECT_EQ(shoal("diff n1 n2 --limit 0").code, kUsage);
  cluster_.script(0, [](const Message& message) {
    if (!std::holds_alternative<DiffRequest>(message)) return Act::serve();
    DiffReply reply;
    reply.outcome = fail(Errc::unavailable, "n2 is not up");
    return Act::answer(reply);
  });
  const Ran down = shoal("diff n1 n2");
  EXPECT_EQ(down.code, kUnavailable);
  EXPECT_THAT(down.err, HasSubstr("n2 is not up"));
}

// ---- ls -------------------------------------------------------------------------------------------------------------

TEST_F(CliRepairTest, LsNamesConflictsOrTombstonesAlone) {
  for (const char* put : {"alone v", "twins a", "gone v"}) ASSERT_EQ(shoal("put " + std::string(put)).code, kDone);
  ASSERT_EQ(shoal("put twins b --blind").code, kDone);
  ASSERT_EQ(shoal("del gone").code, kDone);
  EXPECT_EQ(shoal("ls --conflicts").out, "twins\n");
  EXPECT_EQ(shoal("ls --tombstones").out, "gone\n");
  EXPECT_EQ(shoal("ls --tombstones tw").out, "");
  EXPECT_THAT(shoal("ls").out, Not(HasSubstr("gone")));
  EXPECT_EQ(shoal("ls --conflicts --tombstones").code, kUsage);
}

}  // namespace
}  // namespace shoal::test
