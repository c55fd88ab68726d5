// The shoal command about the cluster: levels and sessions, buckets, hints, members, events, explanations, status.
#include <gmock/gmock.h>

#include "tests/client/cli_kit.h"

namespace shoal::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

enum Exit : int { kDone = 0, kAbsent = 1, kUsage = 2, kUnavailable = 4, kMaybe = 5, kUnhealthy = 6, kRefused = 7 };

class CliClusterTest : public CliTest {
 protected:
  // Refused before anything is sent that could change something: one sentence, and the exit code of a wrong request.
  void expect_wrong(const std::string& arguments, const std::string& sentence) {
    const Ran ran = shoal(arguments);
    EXPECT_EQ(ran.code, kUsage) << arguments << "\n" << ran.out << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(sentence)) << arguments;
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
    EXPECT_EQ(cluster_.store().writes_applied(), 0U);
  }

  const TempDir dir_;
  const Heard heard_;
};

// ---- levels and sessions --------------------------------------------------------------------------------------------

TEST_F(CliClusterTest, LevelsReachTheNode) {
  cluster_.script_all(heard_.script());
  EXPECT_EQ(shoal("put k v --blind --level all --pw 2").code, kDone);
  EXPECT_EQ(shoal("get k --level eventual").code, kDone);
  EXPECT_EQ(shoal("get k --pr all").code, kDone);
  EXPECT_EQ(shoal("ls --level all").out, "k\n");
  EXPECT_EQ(shoal("del k --level all").code, kDone);
  EXPECT_THAT(heard_.gets(), ElementsAre(AllOf(Field(&GetRequest::level, Level::eventual), Field(&GetRequest::pr, 0)),
                                         AllOf(Field(&GetRequest::level, Level::quorum), Field(&GetRequest::pr, -1)),
                                         AllOf(Field(&GetRequest::level, Level::all), Field(&GetRequest::pr, 0))));
  EXPECT_THAT(heard_.puts(), ElementsAre(AllOf(Field(&PutRequest::level, Level::all), Field(&PutRequest::pw, 2)),
                                         AllOf(Field(&PutRequest::level, Level::all), Field(&PutRequest::pw, 0))));
}

TEST_F(CliClusterTest, LevelsThatMakeNoSenseAreRefused) {
  expect_wrong("get k --level strict", "\"strict\" is not a level; there are eventual, quorum, session, all, strong");
  expect_wrong("get k --level session", "--level session needs --session FILE");
  expect_wrong("get k --level all --session " + dir_.path("s"), "--session works at the level session");
  expect_wrong("get k --pr none", "\"none\" is not a number of replicas");
  expect_wrong("put k v --pw 77", "\"77\" is not a number of replicas");
  expect_wrong("ls --session " + dir_.path("s"), "a listing knows no session");
}

TEST_F(CliClusterTest, ASessionGoesFromCommandToCommandThroughItsFile) {
  cluster_.script_all(heard_.script());
  const std::string session = " --session " + dir_.path("session");
  EXPECT_EQ(shoal("put k one --blind" + session).code, kDone);
  EXPECT_THAT(read_file(dir_.path("session")), StartsWith("AAAA"));
  EXPECT_EQ(shoal("get k" + session).out, "one\n");
  EXPECT_EQ(shoal("put k two" + session).code, kDone);
  EXPECT_EQ(shoal("get k" + session).out, "two\n");
  std::vector<std::optional<std::uint64_t>> known;
  for (const GetRequest& get : heard_.gets()) {
    EXPECT_EQ(get.level, Level::session);
    known.push_back(FakeStore::number_in(get.key, get.session));
  }
  EXPECT_THAT(known, ElementsAre(1U, 1U, 2U));
  EXPECT_EQ(run_command("SHOAL_SESSION=" + dir_.path("session") + " " SHOAL_BIN_DIR "/shoal -s " + cluster_.seeds() +
                        " get k")
                .out,
            "two\n");
  EXPECT_EQ(run_command("ls " + dir_.path()).out, "session\n") << "no half-written file is left";
}

TEST_F(CliClusterTest, ASessionFileThatIsNoneIsRefused) {
  std::ofstream(dir_.path("bad")) << "hello world\n";
  expect_wrong("put k v --session " + dir_.path("bad"), dir_.path("bad") + ": this is not a session's token");
  EXPECT_EQ(read_file(dir_.path("bad")), "hello world\n") << "it is left as it is";
  std::ofstream(dir_.path("empty")) << "";
  expect_wrong("put k v --session " + dir_.path("empty"), "is cut short");
  expect_wrong("put k v --session " + dir_.path(), "cannot read");

  FakeCluster elsewhere{1, ClusterId{0xabc}};
  ASSERT_EQ(run_shoal(elsewhere, "put k v --session " + dir_.path("theirs")).code, kDone);
  expect_wrong("get k --session " + dir_.path("theirs"), "this session is of cluster 0000000000000abc");
}

TEST_F(CliClusterTest, ASessionThatCannotBeSavedIsSaid) {
  const Ran put = shoal("put k v --session " + dir_.path("nowhere/session"));
  EXPECT_EQ(put.code, kUnavailable);
  EXPECT_THAT(put.err, HasSubstr("cannot write " + dir_.path("nowhere/session")));
}

TEST_F(CliClusterTest, ASessionThatNobodyCanSatisfyIsFive) {
  cluster_.script_all([](const Message& message) {
    if (!std::holds_alternative<GetRequest>(message)) return Act::serve();
    GetReply reply;
    reply.outcome = fail(Errc::session_not_satisfied, "no replica that answered is as new as this session");
    return Act::answer(reply);
  });
  const Ran got = shoal("get k -o json --timeout 300ms --session " + dir_.path("s"));
  EXPECT_EQ(got.code, kMaybe);
  EXPECT_EQ(nlohmann::json::parse(got.out)["error"]["code"], "session_not_satisfied");
}

TEST_F(CliClusterTest, StandInsAreInTheReceiptAndTheRead) {
  cluster_.script_all([](const Message& message) {
    if (std::holds_alternative<PutRequest>(message)) {
      PutReply reply;
      reply.outcome = {.code = Errc::ok, .message = {}, .acks = 2, .needed = 2};
      reply.stand_ins = 1;
      reply.durable = true;
      reply.siblings = 1;
      return Act::answer(reply);
    }
    if (!std::holds_alternative<GetRequest>(message)) return Act::serve();
    GetReply reply;
    reply.outcome = {.code = Errc::ok, .message = {}, .acks = 2, .needed = 2};
    reply.values = {Value{Blob("v"), {}}};
    reply.stand_ins = 1;
    return Act::answer(reply);
  });
  EXPECT_EQ(shoal("put k v --blind -o table").out,
            "ok   2 replicas have it, 2 needed; 1 of them for owners that could not be reached\n");
  EXPECT_EQ(json("put k v --blind")["stand_ins"], 1);
  EXPECT_EQ(json("get k")["stand_ins"], 1);
  EXPECT_EQ(shoal("get k -v").err, "1 of the replies came from stand-ins\n");
}

// ---- buckets --------------------------------------------------------------------------------------------------------

TEST_F(CliClusterTest, BucketsAreCreatedSetListedAndShown) {
  const Ran created = shoal("-o table bucket create sessions --kind lww -r 1 -w all");
  EXPECT_EQ(created.code, kDone) << created.err;
  EXPECT_EQ(created.out, "ok   sessions: kind lww, r 1, w all\n");
  EXPECT_EQ(shoal("-o json bucket set sessions -w majority").out,
            "{\"schema\":1,\"bucket\":{\"name\":\"sessions\",\"kind\":\"lww\",\"r\":\"1\",\"w\":\"majority\"},"
            "\"epoch\":3,\"not_known_to\":[]}\n");
  EXPECT_EQ(shoal("-o table bucket ls").out,
            "NAME      KIND      R         W\n"
            "default   siblings  majority  majority\n"
            "sessions  lww       1         majority\n");
  EXPECT_EQ(shoal("bucket ls").out, "default\tsiblings\tmajority\tmajority\nsessions\tlww\t1\tmajority\n");
  EXPECT_EQ(json("bucket ls")["buckets"][1]["kind"], "lww");
  EXPECT_EQ(json("bucket show sessions")["bucket"]["r"], "1");
  EXPECT_EQ(shoal("bucket show default -o csv").out, "NAME,KIND,R,W\ndefault,siblings,majority,majority\n");
  EXPECT_EQ(shoal("put k v --bucket sessions").code, kDone);
}

TEST_F(CliClusterTest, BucketsThatCannotBeAreRefused) {
  expect_wrong("bucket create b --kind set", "\"set\" is not a kind of bucket; there are siblings, lww, strong");
  expect_wrong("bucket create b -r 5", "-r 5 can never be met: a key has 3 copies in this cluster");
  expect_wrong("bucket create b -w 0", "\"0\" is not a number of replicas");
  expect_wrong("bucket create ''", "such names have 1 to 64 bytes");
  expect_wrong("bucket create " + std::string(65, 'b'), "the bucket's name has 65 bytes");
  expect_wrong("bucket create", "NAME");
  expect_wrong("bucket", "subcommand");
  expect_wrong("bucket set default", "say what to set: -r, -w or both; the kind of a bucket never changes");
  EXPECT_EQ(shoal("bucket ls").out, "default\tsiblings\tmajority\tmajority\n");
}

TEST_F(CliClusterTest, ABucketThatIsNotThereIsOneAndOneThatIsAnotherIsRefused) {
  const Ran missing = shoal("bucket show defualt");
  EXPECT_EQ(missing.code, kAbsent);
  EXPECT_EQ(missing.err, "shoal: there is no bucket \"defualt\"; did you mean \"default\"?\n");
  EXPECT_EQ(shoal("bucket set other -r 1").code, kAbsent);
  EXPECT_EQ(shoal("bucket create b").code, kDone);
  EXPECT_EQ(shoal("bucket create b").code, kDone) << "it is there, as asked";
  EXPECT_EQ(shoal("bucket create b -r 1").code, kRefused);
}

TEST_F(CliClusterTest, CreatingABucketWaitsForEveryLivingMember) {
  cluster_.edit_status(2, [](StatusReply& status) { status.document.epoch = {1}; });
  const Ran late = shoal("bucket create b --timeout 300ms");
  EXPECT_EQ(late.code, kMaybe);
  EXPECT_EQ(late.err, "the bucket is there, but n3 has not said yet that it knows it\n");
  for (const std::size_t node : {0U, 1U, 2U})
    cluster_.edit_status(node, [node](StatusReply& status) {
      status.members[2].liveness = Liveness::dead;
      if (node == 2) status.document.epoch = {1};
    });
  EXPECT_EQ(shoal("bucket create c").code, kDone) << "the dead are not waited for";
}

// ---- voters ---------------------------------------------------------------------------------------------------------

TEST_F(CliClusterTest, VotersAreListedNamedAndLeftToTheCluster) {
  EXPECT_THAT(shoal("voters ls").out, testing::StartsWith("n1\t"));
  EXPECT_EQ(json("voters ls")["voters"].size(), 1U);
  EXPECT_EQ(shoal("-o table voters set n3 n1").out, "ok   these are the voters\n");
  EXPECT_EQ(json("voters ls")["voters"][1]["name"], "n3");
  EXPECT_EQ(json("voters ls")["named"], true);
  EXPECT_EQ(json("voters auto")["not_known_to"], nlohmann::json::array());
  EXPECT_EQ(json("voters ls")["named"], false);
}

TEST_F(CliClusterTest, VotersThatCannotBeAreRefused) {
  expect_wrong("voters set n1 nobody", "there is no member \"nobody\"");
  expect_wrong("voters set", "MEMBER");
  expect_wrong("voters", "subcommand");
  expect_wrong("voters break-glass n2", "--lost-for-ever");
  expect_wrong("voters break-glass nobody --lost-for-ever", "there is no member \"nobody\"");
  EXPECT_EQ(json("voters ls")["epoch"], 1);
}

TEST_F(CliClusterTest, TheGlassIsBrokenOnTheNodeThatIsNamed) {
  EXPECT_EQ(shoal("voters break-glass n2 --lost-for-ever").code, kDone);
  EXPECT_EQ(json("voters ls")["voters"][0]["name"], "n2");
}

// ---- hints ----------------------------------------------------------------------------------------------------------

TEST_F(CliClusterTest, HintsAreListedAndDelivered) {
  EXPECT_EQ(shoal("hints ls -o table").err, "no hints wait anywhere that answered\n");
  std::atomic<int> deliveries = 0;
  cluster_.script(0, [&](const Message& message) {
    const auto* asked = std::get_if<HintsRequest>(&message);
    if (asked == nullptr) return Act::serve();
    deliveries += asked->deliver ? 1 : 0;
    return Act::answer(HintsReply{{}, {1}, 3000, 9000, {{{2}, 7, 2000, 5, 250}, {{3}, 1, 1000, 0, -1}}});
  });
  EXPECT_EQ(shoal("hints ls -o table").out,
            "HOLDER  OWNER  HINTS  BYTES    DELIVERED  NEXT TRY\n"
            "n1      n2     7      2.0 KiB  5          250 ms\n"
            "n1      n3     1      1000 B   0          when it is alive\n");
  EXPECT_EQ(shoal("hints ls").out, "n1\tn2\t7\t2000\t5\t250\nn1\tn3\t1\t1000\t0\t\n");
  const nlohmann::json node = json("hints ls")["nodes"][0];
  EXPECT_EQ(node["bytes_max"], 9000);
  EXPECT_EQ(node["queues"][0]["next_try_ms"], 250);
  EXPECT_EQ(node["queues"][1]["next_try_ms"], nullptr);
  EXPECT_EQ(deliveries, 0);
  EXPECT_EQ(shoal("hints deliver").code, kDone);
  EXPECT_EQ(deliveries, 1);
  cluster_.stop(1);
  EXPECT_THAT(shoal("hints ls").err, StartsWith("n2 does not answer: "));
  EXPECT_EQ(json("hints ls")["silent"][0]["name"], "n2");
  EXPECT_EQ(shoal("hints drop").code, kUsage);
}

// ---- snapshots ------------------------------------------------------------------------------------------------------

// n1 needs two looks to be complete, n2 fails, n3 has one of that name.
TEST_F(CliClusterTest, ASnapshotIsWaitedForAtEveryMember) {
  const auto made = [](SnapshotState state, std::uint64_t entries, const std::string& trouble) {
    SnapshotReply reply;
    reply.node = {1};
    reply.outcome.code = Errc::ok;
    reply.folder = "/d/snapshots";
    reply.snapshots = {{"other", SnapshotState::complete, 0, 1, 1, 100, ""}, {"s", state, 0, entries, 8, 90, trouble}};
    return Act::answer(reply);
  };
  std::atomic<int> looks = 0;
  cluster_.script(0, [&](const Message& message) {
    if (!std::holds_alternative<SnapshotRequest>(message)) return Act::serve();
    const bool complete = looks++ >= 2;
    return made(complete ? SnapshotState::complete : SnapshotState::being_made, complete ? 8 : 2, "");
  });
  cluster_.script(1, [&](const Message& message) {
    const bool asked = std::holds_alternative<SnapshotRequest>(message);
    return asked ? made(SnapshotState::failed, 3, "the disk is full") : Act::serve();
  });
  cluster_.script(2, [&](const Message& message) {
    if (!std::holds_alternative<SnapshotRequest>(message)) return Act::serve();
    SnapshotReply reply;
    reply.outcome = fail(Errc::invalid, "there is one");
    return Act::answer(reply);
  });
  const Ran created = shoal("snapshot create s");
  EXPECT_EQ(created.code, kRefused);
  EXPECT_EQ(created.out, "n1\ts\t1970-01-01T00:00:00.000Z\t8\t90\tcomplete\t/d/snapshots/s\n");
  EXPECT_EQ(created.err, "n2: the disk is full\nn3: there is one\n");
  EXPECT_EQ(looks, 3);
  EXPECT_EQ(shoal("snapshot create s --node n1").code, kDone);
  EXPECT_THAT(shoal("snapshot ls --node n2").out, HasSubstr("failed: the disk is full"));
  EXPECT_EQ(json("snapshot ls --node n1")["nodes"][0]["snapshots"][1]["entries"], 8);
  EXPECT_EQ(shoal("snapshot rm s --node n3").code, kRefused);
  EXPECT_THAT(shoal("snapshot ls --node n9").err, HasSubstr("there is no member \"n9\""));
  EXPECT_EQ(shoal("snapshot restore /nowhere").code, kUsage);
}

// ---- members and where ----------------------------------------------------------------------------------------------

TEST_F(CliClusterTest, MembersShowWhoSeesWhom) {
  cluster_.edit_status(0, [](StatusReply& status) { status.members[1] = {{2}, Liveness::dead, 1'704'067'200'000}; });
  EXPECT_THAT(shoal("members").out, HasSubstr("\titself\talive\talive\n"));
  EXPECT_THAT(shoal("members").out, HasSubstr("\tdead 2024-01-01T00:00:00.000Z\titself\talive\n"));
  const Ran table = shoal("members -o table");
  EXPECT_THAT(table.out, StartsWith("MEMBER  ADDRESS"));
  EXPECT_THAT(table.out, HasSubstr("SEEN BY n1"));
  const nlohmann::json second = json("members")["members"][1];
  EXPECT_EQ(second["name"], "n2");
  EXPECT_EQ(second["seen_by"][0]["liveness"], "dead");
  EXPECT_EQ(second["seen_by"][0]["since"], "2024-01-01T00:00:00.000Z");
  EXPECT_EQ(second["seen_by"][1]["liveness"], "alive");
  cluster_.stop(1);
  const Ran with_dead = shoal("members");
  EXPECT_EQ(with_dead.code, kDone);
  EXPECT_THAT(with_dead.out, HasSubstr("\titself\t?\talive\n"));
  EXPECT_THAT(with_dead.err, StartsWith("n2 does not answer: "));
}

TEST(CliWhere, NamesWhoStandsInForDeadOwners) {
  FakeCluster cluster{5};
  const std::vector<std::size_t> owners = cluster.owners("k");
  const auto second_is_dead = [dead = owners[1]](StatusReply& status) {
    status.members[dead].liveness = Liveness::dead;
  };
  for (std::size_t node = 0; node < 5; ++node) cluster.edit_status(node, second_is_dead);
  const std::string owner = "n" + std::to_string(owners[1] + 1);
  const nlohmann::json where = nlohmann::json::parse(run_shoal(cluster, "where k -o json").out);
  ASSERT_EQ(where["stand_ins"].size(), 1U);
  EXPECT_EQ(where["stand_ins"][0]["owner"], owner);
  EXPECT_EQ(where["stand_ins"][0]["by"], where["fallbacks"][0]["name"]);
  const Ran table = run_shoal(cluster, "where k -o table");
  EXPECT_THAT(table.out, HasSubstr(std::string(where["fallbacks"][0]["name"]) + " stands in\n"));
  EXPECT_THAT(table.out, HasSubstr("for " + owner + "\n"));
}

// ---- events ---------------------------------------------------------------------------------------------------------

TEST_F(CliClusterTest, EventsAreMergedByTime) {
  EXPECT_EQ(shoal("events -n 4").out,
            "2024-01-01T00:00:03.000Z\tn3\tstarted\tstarted\n"
            "2024-01-01T00:01:01.000Z\tn1\tmember_dead\tn2 is dead, was suspect\n"
            "2024-01-01T00:01:02.000Z\tn2\tmember_dead\tn2 is dead, was suspect\n"
            "2024-01-01T00:01:03.000Z\tn3\tmember_dead\tn2 is dead, was suspect\n");
  EXPECT_THAT(shoal("events -o table").out, StartsWith("TIME                      NODE  KIND         WHAT\n"));
  const nlohmann::json events = json("events");
  EXPECT_EQ(events["events"].size(), 6U);
  EXPECT_EQ(events["events"][5]["about"], "n2");
  EXPECT_THAT(events["silent"], IsEmpty());
  EXPECT_EQ(shoal("events -n 1 -o ndjson").out,
            "{\"time\":\"2024-01-01T00:01:03.000Z\",\"node\":\"n3\",\"number\":2,\"kind\":\"member_dead\","
            "\"about\":\"n2\",\"text\":\"n2 is dead, was suspect\"}\n");
  EXPECT_EQ(shoal("events -n 0").code, kUsage);
  cluster_.stop(0);
  EXPECT_EQ(json("events")["silent"][0]["name"], "n1");
}

// Each event once, however often the nodes are asked.
TEST_F(CliClusterTest, FollowingPrintsEachEventOnce) {
  const Ran followed =
      run_command("timeout 3 " SHOAL_BIN_DIR "/shoal -s " + cluster_.seeds() + " events --follow -o json");
  EXPECT_EQ(followed.code, 124) << "it goes on until it is stopped";
  EXPECT_EQ(std::ranges::count(followed.out, '\n'), 6) << followed.out;
}

// ---- explain --------------------------------------------------------------------------------------------------------

TEST_F(CliClusterTest, ExplainShowsWhatEachReplicaHolds) {
  shoal("put cart:9 tea");
  const Ran table = shoal("explain cart:9 -o table");
  EXPECT_EQ(table.code, kDone) << table.err;
  EXPECT_THAT(table.out, StartsWith("cart:9 lives in partition "));
  EXPECT_THAT(table.out, HasSubstr("newest  3 B "));
  EXPECT_THAT(table.out, HasSubstr("all owners agree\n"));
  const nlohmann::json explained = json("explain cart:9");
  EXPECT_EQ(explained["schema"], 1);
  EXPECT_EQ(explained["kind"], "siblings");
  ASSERT_EQ(explained["replicas"].size(), 3U);
  EXPECT_EQ(explained["replicas"][0]["copy"]["writes"][0]["bytes"], 3);
  EXPECT_EQ(explained["replicas"][0]["copy"]["digest"], explained["replicas"][2]["copy"]["digest"]);
  EXPECT_EQ(explained["replicas"][0]["hint"], nullptr);
  EXPECT_THAT(explained["problems"], IsEmpty());
  shoal("put cart:9 rum --blind");
  EXPECT_THAT(shoal("explain cart:9 -o table").out,
              HasSubstr("the key holds 2 concurrent values: settle them with: shoal resolve cart:9\n"));
}

TEST_F(CliClusterTest, ExplainSaysWhoIsBehindAndWhatWillFixIt) {
  cluster_.script_all([this](const Message& message) {
    const auto* asked = std::get_if<ExplainRequest>(&message);
    if (asked == nullptr) return Act::serve();
    ExplainReply reply;
    reply.outcome.code = Errc::ok;
    for (const std::uint64_t node : {1U, 2U, 3U}) {
      ReplicaView view{{node}, Liveness::alive, true, true, {}};
      const auto record = std::make_shared<Record>();
      record->clock.raise({Actor{{1}, 1}, node == 2 ? 1U : 2U});
      view.found.copy = {record, 0, {0, node}, {}};
      reply.replicas.push_back(view);
    }
    return Act::answer(reply);
  });
  const Ran explained = shoal("explain k -o table");
  EXPECT_EQ(explained.code, kDone);
  EXPECT_THAT(explained.out, HasSubstr("behind n1, n3"));
  EXPECT_THAT(explained.out, HasSubstr("n2 has not seen what n1 and n3 hold: a read repairs it: shoal get k -r all\n"));
}

TEST_F(CliClusterTest, ExplainOfAKeyThatNobodyHasIsOne) {
  const Ran none = shoal("explain nothing");
  EXPECT_EQ(none.code, kAbsent);
  EXPECT_EQ(none.err, "no member that answered holds anything of nothing\n");
  EXPECT_EQ(shoal("explain ''").code, kUsage);
  EXPECT_EQ(shoal("explain").code, kUsage);
}

// ---- status ---------------------------------------------------------------------------------------------------------

TEST_F(CliClusterTest, StatusAdvises) {
  EXPECT_THAT(json("status")["advice"], IsEmpty());
  EXPECT_EQ(json("status")["members"][0]["counters"]["put_resent"], 3);
  EXPECT_THAT(shoal("status -v").err, HasSubstr("n1  put_resent  3\n"));
  cluster_.edit_status(0, [](StatusReply& status) {
    status.members[2].liveness = Liveness::dead;
    status.hint_bytes = 95;
    status.hint_bytes_max = 100;
    status.partitions_to_repair = 4;
  });
  const Ran sick = shoal("status -o table");
  EXPECT_EQ(sick.code, kUnhealthy);
  EXPECT_THAT(sick.out, HasSubstr("n3 answers, but is dead for n1\n"));
  EXPECT_THAT(sick.out, HasSubstr("who sees whom: shoal members\n"));
  EXPECT_THAT(sick.out, HasSubstr("n1 has little room left for hints: 95 B of 100 B\n"));
  EXPECT_THAT(sick.out, HasSubstr("n1 knows of 4 partitions whose owners missed writes that nobody keeps for them\n"));
  EXPECT_THAT(sick.out, HasSubstr("hints    95 B wait for their owners"));
  EXPECT_EQ(json("status")["problems"].size(), 3U);
  EXPECT_EQ(json("status")["advice"].size(), 3U);
  EXPECT_EQ(json("status")["members"][0]["partitions_to_repair"], 4);
}

// Hints that wait are how the store works, not an illness.
TEST_F(CliClusterTest, HintsAloneAreHealthy) {
  cluster_.edit_status(0, [](StatusReply& status) {
    status.hint_bytes = 2000;
    status.hint_bytes_max = 1 << 30;
  });
  const Ran healthy = shoal("status -o table");
  EXPECT_EQ(healthy.code, kDone);
  EXPECT_THAT(healthy.out, HasSubstr("hints    2.0 KiB wait for their owners"));
}

TEST_F(CliClusterTest, HelpNamesEveryNewCommand) {
  const std::string help = shoal("help").out;
  for (const char* verb : {"bucket", "voters", "hints", "members", "events", "explain", "faults"}) {
    EXPECT_THAT(help, HasSubstr(std::string("  ") + verb + " "));
    EXPECT_THAT(shoal(std::string("help ") + verb).out, HasSubstr(std::string("  shoal ") + verb)) << "examples";
  }
  EXPECT_THAT(shoal("bucket create --help").out, HasSubstr("--kind"));
}

}  // namespace
}  // namespace shoal::test
