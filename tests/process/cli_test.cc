// The contract of the `shoal` command for scripts: output, exit codes, and that what is refused changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <sstream>

#include "client/shoal/client.hpp"
#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

enum Exit : int { kDone = 0, kAbsent = 1, kUsage = 2, kConflict = 3, kUnavailable = 4, kUnhealthy = 6 };

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

nlohmann::json json_of(const Outcome& outcome) { return nlohmann::json::parse(outcome.out, nullptr, false); }

// Every byte there is, a newline at the end among them.
std::string binary_value() {
  std::string value;
  for (int byte = 0; byte < 256; ++byte) value.push_back(static_cast<char>(byte));
  return value + "\n";
}

// One node: what the command says does not depend on how many there are.
class Cli : public testing::Test {
 protected:
  Outcome shoal(const std::vector<std::string>& words, const std::string& input = {}) {
    return test::shoal(seed_, words, input);
  }
  void put(const std::string& key, const std::string& value) {
    const Outcome outcome = shoal({"put", key, value});
    ASSERT_EQ(outcome.code, kDone) << outcome;
  }
  nlohmann::json get_json(const std::string& key) { return json_of(shoal({"-o", "json", "get", key})); }
  void make_conflict(const std::string& key) {
    for (const char* value : {"a", "b"}) ASSERT_EQ(shoal({"put", "--blind", key, value}).code, kDone);
  }

  // Refused with this exit code and sentence, said again as JSON; and `guarded` is what it was.
  void expect_refused(const std::vector<std::string>& words, int code, const std::string& sentence,
                      const std::string& input = {}) {
    const std::string before = shoal({"dump"}).out;
    std::vector<std::string> as_json{"-o", "json"};
    as_json.insert(as_json.end(), words.begin(), words.end());
    for (const std::vector<std::string>& asked : {words, as_json}) {
      const Outcome outcome = shoal(asked, input);
      EXPECT_EQ(outcome.code, code) << outcome;
      EXPECT_THAT(outcome.err, HasSubstr(sentence));
      EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome;
    }
    EXPECT_EQ(shoal({"dump"}).out, before);
  }

  const TempFolder folder_;
  const std::string seed_ = loopback(free_ports());
  Program node_ = start_node({.data = folder_.path() / "n1", .listen = seed_, .name = "n1"});
};

TEST_F(Cli, BinaryBytesGoInThroughStandardInputAndComeOutRaw) {
  const std::string value = binary_value();
  EXPECT_EQ(shoal({"put", "binary", "-"}, value).code, kDone);
  const Outcome raw = shoal({"get", "binary", "--raw"});
  EXPECT_EQ(raw.code, kDone);
  EXPECT_EQ(raw.out, value);
  EXPECT_EQ(raw.err, "");

  EXPECT_EQ(shoal({"put", "empty", "-"}).code, kDone);
  EXPECT_EQ(shoal({"get", "empty", "--raw"}).out, "");
  EXPECT_EQ(get_json("empty")["exists"], true);

  const std::string file = (folder_.path() / "value").string();
  write_file(file, value);
  EXPECT_EQ(shoal({"put", "from file", "--file", file}).code, kDone);
  EXPECT_EQ(shoal({"get", "from file", "--out", file + ".out"}).code, kDone);
  EXPECT_EQ(read_file(file + ".out"), value);
  EXPECT_EQ(get_json("from file")["value"]["b64"].get<std::string>().size(), (value.size() + 2) / 3 * 4);
}

TEST_F(Cli, AValueOfEightMebibytesFitsAndOneByteMoreDoesNot) {
  const std::string value(std::size_t{8} << 20, 'v');
  EXPECT_EQ(shoal({"put", "large", "-"}, value).code, kDone);
  EXPECT_EQ(shoal({"get", "large", "--raw"}).out, value);
  expect_refused({"put", "large", "-"}, kUsage, "larger than the largest value (8388608 bytes); nothing was written",
                 value + "v");
}

TEST_F(Cli, AKeyMayHaveAnyBytesUpTo1024) {
  for (const std::string& key : {std::string("ü"), std::string("\xff\xfe"), std::string("two\nlines"),
                                 std::string("-x"), std::string(1024, 'k')}) {
    EXPECT_EQ(shoal({"put", "--", key, "value"}).code, kDone);
    EXPECT_EQ(shoal({"get", "--", key}).out, "value\n");
  }
}

TEST_F(Cli, AbsentIsOneAndSaysSo) {
  const Outcome absent = shoal({"get", "nothing"});
  EXPECT_EQ(absent.code, kAbsent);
  EXPECT_EQ(absent.out, "");
  EXPECT_EQ(absent.err, "no such key: nothing\n");
  EXPECT_EQ(get_json("nothing")["exists"], false);
  EXPECT_EQ(shoal({"del", "nothing"}).code, kAbsent);
  put("k", "v");
  EXPECT_EQ(shoal({"del", "k"}).code, kDone);
  EXPECT_EQ(shoal({"get", "k"}).code, kAbsent);
}

TEST_F(Cli, APutReplacesWhatIsThere) {
  put("k", "a");
  put("k", "b");
  EXPECT_EQ(shoal({"get", "k"}).out, "b\n");
}

// Two writers that do not know of each other; a third settles it with the token of its read.
TEST_F(Cli, ConcurrentValuesAreShownAndReplacedWithTheirToken) {
  make_conflict("k");
  const Outcome conflict = shoal({"get", "k"});
  EXPECT_EQ(conflict.code, kConflict);
  EXPECT_EQ(conflict.out, "");
  EXPECT_THAT(conflict.err, HasSubstr("conflict: 2 concurrent values"));
  EXPECT_THAT(conflict.err, HasSubstr("shoal resolve k --pick 1"));
  EXPECT_EQ(shoal({"get", "k", "--siblings"}).out, "a\nb\n");

  const nlohmann::json seen = get_json("k");
  EXPECT_EQ(seen["schema"], 1);
  EXPECT_EQ(seen["conflict"], true);
  EXPECT_EQ(seen["values"], nlohmann::json::array({"a", "b"}));
  const std::string token = seen["context"];
  ASSERT_EQ(shoal({"put", "--blind", "k", "late"}).code, kDone);  // not covered by the token
  EXPECT_EQ(shoal({"put", "k", "merged", "--context", token}).code, kDone);
  EXPECT_EQ(lines_of(shoal({"get", "k", "--siblings"}).out), (std::vector<std::string>{"late", "merged"}));
}

TEST_F(Cli, ATokenOfAWriteServesTheNextOne) {
  const nlohmann::json first = json_of(shoal({"-o", "json", "put", "k", "a"}));
  EXPECT_EQ(first["siblings"], 1);
  EXPECT_EQ(first["durable"], true);
  EXPECT_EQ(shoal({"put", "k", "b", "--context", first["context"]}).code, kDone);
  EXPECT_EQ(shoal({"get", "k"}).out, "b\n");
  EXPECT_EQ(shoal({"put", "k", "c", "--context", first["context"]}).code, kDone);  // it never saw b
  EXPECT_EQ(shoal({"get", "k"}).code, kConflict);
}

// The token of a write that landed beside another value would overwrite what its writer never saw.
TEST_F(Cli, ATokenOfAWriteThatLeftSiblingsIsRefused) {
  ASSERT_EQ(shoal({"put", "--blind", "k", "a"}).code, kDone);
  const nlohmann::json second = json_of(shoal({"-o", "json", "put", "--blind", "k", "b"}));
  EXPECT_EQ(second["siblings"], 2);
  expect_refused({"put", "k", "c", "--context", second["context"]}, kConflict,
                 "this token is from a write that left siblings");
}

TEST_F(Cli, ResolveSettlesAConflict) {
  make_conflict("picked");
  EXPECT_EQ(shoal({"resolve", "picked"}).code, kConflict);
  EXPECT_EQ(shoal({"resolve", "picked", "--pick", "3"}).code, kUsage);
  EXPECT_EQ(shoal({"resolve", "picked", "--pick", "1"}).code, kDone);
  EXPECT_EQ(shoal({"get", "picked"}).out, "a\n");
  make_conflict("newest");
  EXPECT_EQ(shoal({"resolve", "newest", "--lww"}).code, kDone);
  EXPECT_EQ(shoal({"get", "newest"}).out, "b\n");
  make_conflict("merged");
  expect_refused({"resolve", "merged", "--exec", "exit 1"}, kConflict,
                 "the --exec program failed; the conflict is as it was");
  EXPECT_EQ(shoal({"resolve", "merged", "--exec", "wc -l | tr -d ' '"}).code, kDone);
  EXPECT_EQ(shoal({"get", "merged"}).out, "2\n");
  EXPECT_EQ(shoal({"resolve", "nothing", "--lww"}).code, kAbsent);
}

TEST_F(Cli, WhatIsWrongIsRefusedAndChangesNothing) {
  put("guarded", "value");
  put("other", "value");
  const std::string token = get_json("guarded")["context"];
  std::string forged = token;
  forged[token.size() / 2] = forged[token.size() / 2] == 'A' ? 'B' : 'A';

  expect_refused({"put", "guarded", "x", "--bucket", "nope"}, kUsage, "there is no bucket \"nope\"");
  expect_refused({"get", "guarded", "--bucket", "nope"}, kUsage, "there is no bucket \"nope\"");
  expect_refused({"put", "", "x"}, kUsage, "the key is empty; keys have 1 to 1024 bytes");
  expect_refused({"get", ""}, kUsage, "the key is empty");
  expect_refused({"put", std::string(1025, 'k'), "x"}, kUsage, "the key has 1025 bytes; keys have 1 to 1024 bytes");
  expect_refused({"put", "guarded", "x", "--context", "not a token"}, kUsage, "context");
  expect_refused({"put", "guarded", "x", "--context", ""}, kUsage, "--context is empty");
  expect_refused({"put", "guarded", "x", "--context", token.substr(0, token.size() / 2)}, kUsage, "context");
  expect_refused({"put", "guarded", "x", "--context", forged}, kUsage, "context");
  expect_refused({"put", "other", "x", "--context", token}, kUsage, "context");
  expect_refused({"del", "other", "--context", token}, kUsage, "context");
  expect_refused({"put", "guarded", "x", "-w", "none"}, kUsage, "is not a number of replicas");
  expect_refused({"put", "guarded", "x", "-w", "3"}, kUsage, "3 replicas");
  expect_refused({"put", "guarded"}, kUsage, "put needs one of VALUE");
  expect_refused({"put", "guarded", "x", "y"}, kUsage, "");
  expect_refused({"put", "guarded", "--file", "/nowhere"}, kUsage, "cannot read /nowhere");
}

TEST_F(Cli, WrongUsageIsTwo) {
  for (const auto& [words, sentence] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"gte", "k"}, "there is no command \"gte\"; did you mean \"get\"?"},
           {{"get"}, "KEY"},
           {{"get", "k", "--bogus"}, "--bogus"},
           {{"-o", "yaml", "get", "k"}, "\"yaml\" is not an output format"}}) {
    const Outcome outcome = shoal(words);
    EXPECT_EQ(outcome.code, kUsage) << outcome;
    EXPECT_THAT(outcome.err, StartsWith("shoal: "));
    EXPECT_THAT(outcome.err, HasSubstr(sentence));
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome;
  }
  EXPECT_EQ(run({shoal_program(), "--seeds", "nonsense", "get", "k"}).code, kUsage);
  EXPECT_EQ(run({shoal_program(), "--timeout", "soon", "get", "k"}).code, kUsage);
  EXPECT_EQ(run({shoal_program()}).code, kUsage);
}

TEST_F(Cli, NobodyThereIsFour) {
  ASSERT_EQ(node_.end(SIGTERM).code, 0);
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"get", "k"}, {"put", "k", "v"}, {"ls"}, {"status"}}) {
    const Outcome outcome = run(shoal_command(seed_, words, "500ms"));
    EXPECT_EQ(outcome.code, kUnavailable) << outcome;
    EXPECT_THAT(outcome.err, HasSubstr("is shoald running there?"));
  }
}

TEST_F(Cli, EnvironmentStandsInForFlagsAndFlagsWin) {
  put("k", "v");
  const std::string seeds = "SHOAL_SEEDS=" + seed_;
  EXPECT_EQ(run({shoal_program(), "get", "k"}, {.input = {}, .environment = {seeds}}).out, "v\n");
  EXPECT_EQ(run({shoal_program(), "get", "k"}, {.input = {}, .environment = {seeds, "SHOAL_BUCKET=nope"}}).code,
            kUsage);
  EXPECT_EQ(run({shoal_program(), "--bucket", "default", "get", "k"},
                {.input = {}, .environment = {seeds, "SHOAL_BUCKET=nope"}})
                .out,
            "v\n");
}

TEST_F(Cli, LoadNamesTheLineThatIsWrong) {
  const Outcome outcome =
      shoal({"load"}, "{\"key\":\"a\",\"value\":\"1\"}\n\n{\"key\":\"b\"}\n{\"key\":\"c\",\"value\":\"3\"}\n");
  EXPECT_EQ(outcome.code, kUsage) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("line 3: it needs one of \"value\" and \"values\""));
  EXPECT_EQ(shoal({"get", "a"}).out, "1\n");
  EXPECT_EQ(shoal({"get", "c"}).code, kAbsent);
}

// What dump prints, load stores: bytes that are not text and concurrent values as well.
TEST_F(Cli, LoadAndDumpAreARoundTrip) {
  std::string input;
  for (int i = 0; i < 500; ++i)
    input += "{\"key\":\"k" + std::to_string(i) + "\",\"value\":\"v" + std::to_string(i) + "\"}\n";
  const Outcome loaded = shoal({"load"}, input);
  EXPECT_EQ(loaded.code, kDone) << loaded;
  EXPECT_EQ(shoal({"put", "binary\n", "-"}, binary_value()).code, kDone);
  make_conflict("conflict");
  const Outcome dumped = shoal({"dump"});
  EXPECT_EQ(dumped.code, kDone) << dumped;
  EXPECT_EQ(lines_of(dumped.out).size(), 502U);

  const std::string other = loopback(free_ports());
  const Program second = start_node({.data = folder_.path() / "n2", .listen = other});
  EXPECT_EQ(test::shoal(other, {"load"}, dumped.out).code, kDone);
  std::vector<std::string> before = lines_of(dumped.out);
  std::vector<std::string> after = lines_of(test::shoal(other, {"dump"}).out);
  std::ranges::sort(before);
  std::ranges::sort(after);
  EXPECT_EQ(after, before);
  EXPECT_EQ(lines_of(test::shoal(other, {"dump", "k49"}).out).size(), 11U);  // k49 and k490 to k499
}

class CliOnFive : public testing::Test {
 protected:
  const TempFolder folder_;
  LocalCluster cluster_ = start_cluster(folder_.path(), 5);
  const std::string seeds_ = seeds_of(cluster_);
};

TEST_F(CliOnFive, StatusNamesEveryMemberAndWhoIsMissing) {
  ASSERT_TRUE(eventually([&] { return is_healthy(seeds_, 5); }));
  const Outcome healthy = shoal(seeds_, {"-o", "json", "status"});
  EXPECT_EQ(healthy.code, kDone);
  const nlohmann::json status = json_of(healthy);
  EXPECT_EQ(status["schema"], 1);
  EXPECT_EQ(status["replicas"], 3);
  EXPECT_THAT(status["problems"], IsEmpty());
  for (int node = 0; node < 5; ++node) {
    const nlohmann::json member = member_of(status, cluster_.name(node));
    EXPECT_EQ(member["address"], cluster_.address(node));
    EXPECT_EQ(member["liveness"], "alive");
    EXPECT_EQ(member["state"], "member");
  }

  cluster_.kill(3);
  const auto is_dead = [&] { return member_of(status_of(cluster_.address(0)), "n4")["liveness"] == "dead"; };
  ASSERT_TRUE(eventually(is_dead));
  const Outcome sick = shoal(cluster_.address(0), {"-o", "json", "status"});
  EXPECT_EQ(sick.code, kUnhealthy) << sick;
  EXPECT_EQ(json_of(sick)["healthy"], false);
  EXPECT_THAT(json_of(sick)["problems"].dump(), HasSubstr("n4 does not answer"));
}

// One seed is enough to find the rest, and a dead one in front does not hinder.
TEST_F(CliOnFive, AnySeedThatAnswersWillDo) {
  EXPECT_EQ(shoal(seeds_, {"-w", "all", "put", "k", "v"}).code, kDone);
  cluster_.kill(1);
  EXPECT_EQ(shoal(cluster_.address(1) + "," + cluster_.address(4), {"get", "k"}).out, "v\n");
  EXPECT_EQ(shoal(cluster_.address(4), {"put", "k", "w"}).code, kDone);
  const Outcome where = shoal(cluster_.address(2), {"-o", "json", "where", "k"});
  EXPECT_EQ(json_of(where)["owners"].size(), 3U);
  EXPECT_EQ(json_of(where)["fallbacks"].size(), 2U);
}

TEST_F(CliOnFive, LsPrintsEachKeyOnceHoweverManyReplicasHoldIt) {
  std::string input;
  std::set<std::string> keys;
  for (int i = 0; i < 3000; ++i) {
    const std::string key = (i % 3 == 0 ? "user:" : "item:") + std::to_string(i);
    keys.insert(key);
    input += "{\"key\":\"" + key + "\",\"value\":\"v\"}\n";
  }
  ASSERT_EQ(shoal(seeds_, {"load", "--blind"}, input).code, kDone);
  ASSERT_EQ(shoal(seeds_, {"del", "user:0"}).code, kDone);
  keys.erase("user:0");

  const Outcome listed = shoal(seeds_, {"ls"});
  EXPECT_EQ(listed.code, kDone) << listed.err;
  const std::vector<std::string> lines = lines_of(listed.out);
  EXPECT_EQ(lines.size(), keys.size());
  EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()), keys);
  EXPECT_EQ(lines_of(shoal(seeds_, {"ls", "user:"}).out).size(), 999U);
  EXPECT_EQ(lines_of(shoal(seeds_, {"ls", "user:", "--limit", "7"}).out).size(), 7U);
  EXPECT_EQ(json_of(shoal(seeds_, {"-o", "json", "ls", "user:29"}))["complete"], true);
  EXPECT_EQ(shoal(seeds_, {"ls", "nothing like it"}).out, "");

  cluster_.kill(2);  // two of three replicas are enough
  EXPECT_EQ(lines_of(shoal(seeds_, {"ls"}).out).size(), keys.size());
}

// Few partitions and small pages: the seams between pages lose and repeat nothing.
TEST(CliPages, EachKeyComesOnceThroughSmallPages) {
  const TempFolder folder;
  const std::string seed = loopback(free_ports());
  const Program node = start_node({.data = folder.path() / "n1", .listen = seed},
                                  {.input = {}, .environment = {"SHOALD_CLUSTER_PARTITIONS=256"}});
  std::string input;
  for (int i = 0; i < 400; ++i) input += "{\"key\":\"" + std::to_string(i) + "\",\"value\":\"v\"}\n";
  ASSERT_EQ(shoal(seed, {"load"}, input).code, kDone);
  Client db(Options{.seeds = {seed}, .timeout = kPatience});
  std::vector<std::string> keys;
  for (const std::string& key : db.scan({}, {.page = 1})) keys.push_back(key);
  EXPECT_EQ(keys.size(), 400U);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 400U);
}

}  // namespace
}  // namespace shoal::test
