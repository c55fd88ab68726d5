// The shoal command as a script sees it: exit codes, what is on standard output and what on standard error.
#include "node/base/bytes.h"
#include "tests/client/cli_kit.h"

namespace shoal::test {
namespace {

TEST_F(CliTest, PutThenGet) {
  const Ran put = shoal("put greeting hello");
  EXPECT_EQ(put.code, 0) << put.err;
  EXPECT_EQ(put.out + put.err, "");
  const Ran got = shoal("get greeting");
  EXPECT_EQ(got.code, 0);
  EXPECT_EQ(got.out, "hello\n");
  EXPECT_EQ(got.err, "");
  EXPECT_EQ(shoal("-o table put greeting hi").out, "ok   3 replicas have it, 2 needed\n");
}

TEST_F(CliTest, PutReplacesWhatIsThere) {
  shoal("put k one");
  shoal("put k two");
  EXPECT_EQ(shoal("get k").out, "two\n");
}

TEST_F(CliTest, ABlindPutLandsBeside) {
  shoal("put k one");
  const Ran beside = shoal("put k two --blind");
  EXPECT_EQ(beside.code, 0);
  EXPECT_EQ(beside.err, "note: k now holds 2 concurrent values; see shoal get k\n");
  const Ran replaced = shoal("put k three");
  EXPECT_EQ(replaced.err, "replacing 2 concurrent values\n");
  EXPECT_EQ(shoal("get k").out, "three\n");
}

TEST_F(CliTest, ValuesComeFromStandardInputAndFiles) {
  const std::string bytes("\x00\xff line\n", 8);
  EXPECT_EQ(shoal("put k -", bytes).code, 0);
  EXPECT_EQ(shoal("get k --raw").out, bytes);
  const TempDir dir;
  std::ofstream(dir.path("value"), std::ios::binary) << bytes << bytes;
  EXPECT_EQ(shoal("put k --file " + dir.path("value")).code, 0);
  EXPECT_EQ(shoal("get k --out " + dir.path("copy")).code, 0);
  EXPECT_EQ(read_file(dir.path("copy")), bytes + bytes);
  EXPECT_EQ(shoal("put k --file " + dir.path("nowhere")).code, 2);
  EXPECT_EQ(shoal("put k").code, 2);
}

TEST_F(CliTest, AbsentIsOne) {
  const Ran got = shoal("get nobody");
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.out, "");
  EXPECT_EQ(got.err, "no such key: nobody\n");
  EXPECT_EQ(shoal("get nobody -q").err, "");
  EXPECT_EQ(shoal("del nobody").code, 1);
}

TEST_F(CliTest, AConflictIsThreeAndShown) {
  shoal("put cart:9 tea");
  shoal("put cart:9 rum --blind");
  const Ran got = shoal("get cart:9");
  EXPECT_EQ(got.code, 3);
  EXPECT_EQ(got.out, "");
  EXPECT_TRUE(got.err.starts_with("conflict: 2 concurrent values\n  1  ")) << got.err;
  EXPECT_NE(got.err.find("resolve: shoal resolve cart:9 --pick 1 | --lww | --exec 'COMMAND'\n"), std::string::npos);
  const Ran siblings = shoal("get cart:9 --siblings");
  EXPECT_EQ(siblings.code, 0);
  EXPECT_EQ(siblings.out, "tea\nrum\n");
}

TEST_F(CliTest, JsonOfAValue) {
  const std::string token = json("put k v")["context"];
  EXPECT_EQ(shoal("get k -o json").out,
            "{\"schema\":1,\"key\":\"k\",\"exists\":true,\"conflict\":false,\"value\":\"v\","
            "\"written\":\"2024-01-01T00:00:01.000Z\",\"stand_ins\":0,\"context\":\"" +
                token + "\"}\n");
}

TEST_F(CliTest, JsonOfAConflict) {
  shoal("put k -", "a");
  shoal("put k - --blind", "\xff");
  const Ran got = shoal("get k -o json");
  EXPECT_EQ(got.code, 3);
  EXPECT_EQ(got.out,
            "{\"schema\":1,\"key\":\"k\",\"exists\":true,\"conflict\":true,\"values\":[\"a\",{\"b64\":\"/w==\"}],"
            "\"written\":[\"2024-01-01T00:00:01.000Z\",\"2024-01-01T00:00:02.000Z\"],\"stand_ins\":0,\"context\":\"" +
                to_base64url(FakeStore::context({"default", "k"}, 2)) + "\"}\n");
}

TEST_F(CliTest, JsonOfAnAbsentKeyAndOfAReceipt) {
  EXPECT_EQ(shoal("-o json get k").out,
            "{\"schema\":1,\"key\":\"k\",\"exists\":false,\"conflict\":false,\"stand_ins\":0,\"context\":\"\"}\n");
  EXPECT_EQ(shoal("-o json put k v").out,
            "{\"schema\":1,\"key\":\"k\",\"acks\":3,\"needed\":2,\"stand_ins\":0,\"durable\":true,\"siblings\":1,"
            "\"context\":\"" +
                to_base64url(FakeStore::context({"default", "k"}, 1)) + "\"}\n");
}

TEST_F(CliTest, JsonOfAFailure) {
  cluster_.script_all(refuse_puts(Errc::no_space, "the disk is full"));
  const Ran put = shoal("-o json put k v");
  EXPECT_EQ(put.code, 4);
  EXPECT_EQ(put.out,
            "{\"schema\":1,\"error\":{\"code\":\"no_space\",\"message\":\"the disk is full\",\"maybe_applied\":false,"
            "\"acks\":0,\"needed\":0}}\n");
  EXPECT_EQ(put.err, "shoal: the disk is full\n");
}

TEST_F(CliTest, AContextReplacesWhatItSaw) {
  shoal("put k one");
  const std::string token = json("get k")["context"];
  EXPECT_EQ(shoal("put k two --context " + token).code, 0);
  EXPECT_EQ(shoal("--context " + token + " put k three").code, 0);  // saw one, not two
  EXPECT_EQ(shoal("get k").code, 3);
  EXPECT_EQ(shoal("put k x --context 'no token!'").code, 2);
  EXPECT_EQ(shoal("put k x --context ''").code, 2);
}

TEST_F(CliTest, DeleteTakesAContext) {
  shoal("put k one");
  EXPECT_EQ(shoal("rm k").code, 0);
  EXPECT_EQ(shoal("get k").code, 1);
}

TEST_F(CliTest, ResolveByNumberByTimeAndByProgram) {
  const auto make_conflict = [&] {
    shoal("put k one");
    shoal("put k two --blind");
  };
  make_conflict();
  EXPECT_EQ(shoal("resolve k").code, 3);
  EXPECT_EQ(shoal("resolve k --pick 3").code, 2);
  EXPECT_EQ(shoal("resolve k --pick 1 --lww").code, 2);
  EXPECT_EQ(shoal("resolve k --pick 1").code, 0);
  EXPECT_EQ(shoal("get k").out, "one\n");
  EXPECT_EQ(shoal("resolve k --lww").code, 0);  // nothing to resolve
  make_conflict();
  EXPECT_EQ(shoal("resolve k --lww").code, 0);
  EXPECT_EQ(shoal("get k").out, "two\n");
  make_conflict();
  EXPECT_EQ(shoal("resolve k --exec false").code, 3);
  EXPECT_EQ(shoal("resolve k --exec 'grep -c value'").code, 0);
  EXPECT_EQ(shoal("get k").out, "2\n");
}

TEST_F(CliTest, ResolveRefusesWhenTheValuesAreNoLongerThoseThatWereLookedAt) {
  shoal("put k one");
  shoal("put k two --blind");
  const std::string token = json("get k")["context"];
  shoal("put k three --blind");
  EXPECT_EQ(shoal("resolve k --pick 1 --context " + token).code, 3);
  EXPECT_EQ(json("get k")["values"].size(), 3U);
}

TEST_F(CliTest, LsListsEveryKeyOnce) {
  shoal("load",
        "{\"key\":\"a1\",\"value\":\"x\"}\n{\"key\":\"a2\",\"value\":\"x\"}\n{\"key\":\"b\",\"value\":\"x\"}\n");
  EXPECT_EQ(run_command("printf '%s' " + quoted_for_shell(shoal("ls a").out) + " | sort").out, "a1\na2\n");
  EXPECT_EQ(shoal("ls b -o json").out, "{\"schema\":1,\"keys\":[\"b\"],\"complete\":true}\n");
  EXPECT_EQ(shoal("ls b -o ndjson").out, "{\"key\":\"b\"}\n");
  EXPECT_EQ(shoal("ls b -o csv").out, "key\nb\n");
  EXPECT_EQ(json("ls --limit 2")["keys"].size(), 2U);
}

TEST_F(CliTest, LoadAndDumpKeepEveryByte) {
  std::string lines;
  for (int i = 0; i < 1000; ++i)
    lines += "{\"key\":\"k" + std::to_string(i) + "\",\"value\":\"" + std::to_string(i) + "\"}\n";
  lines += "{\"key\":{\"b64\":\"/wE=\"},\"value\":{\"b64\":\"AP8=\"}}\n";
  lines += "{\"key\":\"both\",\"values\":[\"left\",\"right\"]}\n";
  const Ran loaded = shoal("load", lines);
  EXPECT_EQ(loaded.code, 0) << loaded.err;
  EXPECT_EQ(loaded.err, "1002 lines stored\n");
  const auto sorted = [](const std::string& text) { return run_command("LC_ALL=C sort", text).out; };
  const Ran dumped = shoal("dump");
  EXPECT_EQ(dumped.code, 0);
  EXPECT_EQ(sorted(dumped.out), sorted(lines));
  EXPECT_EQ(shoal("load", dumped.out).code, 0);  // loading again changes nothing
  EXPECT_EQ(sorted(shoal("dump").out), sorted(lines));
}

TEST_F(CliTest, LoadNamesTheFirstLineThatWasNotStored) {
  const Ran loaded = shoal("load", "{\"key\":\"a\",\"value\":\"1\"}\n\n{\"key\":\"b\",\"value\":2}\n");
  EXPECT_EQ(loaded.code, 2);
  EXPECT_EQ(
      loaded.err,
      "shoal: line 3: the value is neither a string nor {\"b64\": \"...\"}; 1 lines stored, all before line 3 among "
      "them; resume with: tail -n +3 FILE | shoal load\n");
  EXPECT_EQ(shoal("get a").out, "1\n");
  EXPECT_EQ(shoal("load", "not json\n").code, 2);
  EXPECT_EQ(shoal("load", "{\"key\":\"a\"}\n").code, 2);
  EXPECT_EQ(shoal("load", "{\"key\":\"\",\"value\":\"v\"}\n").code, 2);
}

TEST_F(CliTest, StatusIsHealthyOrSix) {
  const Ran healthy = shoal("status -o table");
  EXPECT_EQ(healthy.code, 0) << healthy.err;
  EXPECT_NE(healthy.out.find("verdict  healthy\n"), std::string::npos) << healthy.out;
  const auto report = json("status");
  EXPECT_EQ(report["healthy"], true);
  EXPECT_EQ(report["members"][2]["name"], "n3");
  EXPECT_EQ(report["members"][0]["records"], 7);
  cluster_.set_store_trouble("the disk is full");
  const Ran full = shoal("status -o table");
  EXPECT_EQ(full.code, 6);
  EXPECT_NE(full.out.find("n1 takes no writes: the disk is full\n"), std::string::npos) << full.out;
  cluster_.set_store_trouble("");
  cluster_.stop(1);
  const Ran dead = shoal("status -o table");
  EXPECT_EQ(dead.code, 6);
  EXPECT_NE(dead.out.find("n2 does not answer"), std::string::npos) << dead.out;
}

TEST_F(CliTest, WhereNamesOwners) {
  const auto where = json("where k");
  ASSERT_EQ(where["owners"].size(), 3U);
  EXPECT_EQ(where["owners"][0]["name"], "n" + std::to_string(cluster_.owners("k").front() + 1));
  EXPECT_EQ(where["slot"].get<std::string>().size(), 32U);
}

TEST_F(CliTest, UsageErrorsAreTwo) {
  const Ran mistyped = shoal("gte k");
  EXPECT_EQ(mistyped.code, 2);
  EXPECT_EQ(mistyped.err, "shoal: there is no command \"gte\"; did you mean \"get\"?\n");
  EXPECT_EQ(shoal("").code, 2);
  EXPECT_EQ(shoal("get").code, 2);
  EXPECT_EQ(shoal("get k extra").code, 2);
  EXPECT_EQ(shoal("get k --no-such-flag").code, 2);
  EXPECT_EQ(shoal("get k -o xml").code, 2);
  EXPECT_EQ(shoal("get k -r 0").code, 2);
  EXPECT_EQ(shoal("get k --timeout soon").code, 2);
  EXPECT_EQ(shoal("get k -s nowhere").code, 2);
  EXPECT_EQ(shoal("get k --color blue").code, 2);
  EXPECT_EQ(shoal("get k --bucket " + std::string(65, 'b')).code, 2);
  EXPECT_EQ(shoal("get ''").code, 2);
}

TEST_F(CliTest, UnavailableIsFourAndMaybeIsFive) {
  cluster_.script_all(swallow_puts());
  EXPECT_EQ(shoal("put k v --timeout 300ms").code, 5);
  EXPECT_EQ(shoal("get k -s 127.0.0.1:1 --timeout 100ms").code, 4);
}

TEST_F(CliTest, AWriteGoesOnWhereTheReadBeforeItFails) {
  cluster_.script_all([](const Message& message) {
    if (!std::holds_alternative<GetRequest>(message)) return Act::serve();
    GetReply reply;
    reply.outcome = fail(Errc::unavailable, "too few owners are up");
    return Act::answer(reply);
  });
  const Ran put = shoal("put k v");
  EXPECT_EQ(put.code, 0);
  EXPECT_EQ(put.err, "could not read k first (too few owners are up); the write may end up beside an existing value\n");
}

// A flag wins over the environment, and the environment over the default.
TEST_F(CliTest, FlagThenEnvironmentThenDefault) {
  shoal("put k v");
  const std::string binary = SHOAL_BIN_DIR "/shoal";
  EXPECT_EQ(run_command("SHOAL_SEEDS=" + cluster_.seeds() + " SHOAL_OUTPUT=csv " + binary + " get k").out,
            "key,value\nk,v\n");
  EXPECT_EQ(
      run_command("SHOAL_SEEDS=127.0.0.1:1 SHOAL_OUTPUT=csv " + binary + " get k -o plain -s " + cluster_.seeds()).out,
      "v\n");
}

TEST_F(CliTest, ColourIsAChoice) {
  EXPECT_EQ(shoal("get '' --color never").err.find('\x1b'), std::string::npos);
  EXPECT_NE(shoal("get '' --color always").err.find("\x1b[31m"), std::string::npos);
}

// Data must not be able to drive the terminal it is shown on.
TEST_F(CliTest, TerminalsGetNoControlCharacters) {
  shoal("put k -", "\x1b[2J red");
  EXPECT_EQ(shoal("get k -o table").out, "\\x1b[2J red\n");
  EXPECT_EQ(shoal("get k -o plain").out, "\x1b[2J red\n");
}

TEST_F(CliTest, HelpIsNoError) {
  EXPECT_EQ(shoal("--help").code, 0);
  const Ran help = shoal("help put");
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.out, shoal("put --help").out);
  EXPECT_EQ(shoal("help gte").code, 2);
  EXPECT_EQ(shoal("version").out.substr(0, 6), "shoal ");
}

TEST_F(CliTest, ProgressCanBeReadByPrograms) {
  const Ran loaded = shoal("load --progress json", "{\"key\":\"a\",\"value\":\"1\"}\n");
  const auto first_line = nlohmann::json::parse(loaded.err.substr(0, loaded.err.find('\n')));
  EXPECT_EQ(first_line["done"], 1);
}

}  // namespace
}  // namespace shoal::test
