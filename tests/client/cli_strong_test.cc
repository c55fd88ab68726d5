// The shoal command about buckets of kind strong: cas, its outcomes and exit codes, the level strong.
#include <gmock/gmock.h>

#include "node/base/bytes.h"
#include "tests/client/cli_kit.h"

namespace shoal::test {
namespace {

using testing::HasSubstr;

enum Exit : int { kDone = 0, kLost = 1, kUsage = 2, kConflict = 3, kUnavailable = 4, kMaybe = 5 };

class CliStrongTest : public CliTest {
 protected:
  CliStrongTest() { EXPECT_EQ(shoal("bucket create locks --kind strong").code, kDone); }

  Ran cas(const std::string& arguments, const std::string& input = "") {
    return shoal("--bucket locks cas " + arguments, input);
  }
  std::string value(const std::string& key) { return shoal("--bucket locks --level strong get " + key).out; }
  void expect_wrong(const std::string& arguments, const std::string& sentence) {
    const Ran ran = shoal(arguments);
    EXPECT_EQ(ran.code, kUsage) << arguments << "\n" << ran.out << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(sentence)) << arguments;
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
    EXPECT_EQ(cluster_.store().writes_applied(), 0U);
  }
};

TEST_F(CliStrongTest, ItsBucketIsListed) {
  EXPECT_EQ(shoal("bucket ls").out, "default\tsiblings\tmajority\tmajority\nlocks\tstrong\tmajority\tmajority\n");
  EXPECT_EQ(json("bucket show locks")["bucket"]["kind"], "strong");
  EXPECT_EQ(shoal("-o table bucket create more --kind strong").out, "ok   more: kind strong, r majority, w majority\n");
  expect_wrong("bucket create b --kind strong -w 1", "a bucket of kind strong has no r and no w");
  expect_wrong("bucket set locks -r 1", "a bucket of kind strong has no r and no w");
}

TEST_F(CliStrongTest, OneWinsAndTheOtherIsToldInASentence) {
  const Ran won = cas("printer --absent ada");
  EXPECT_EQ(won.code, kDone) << won.err;
  EXPECT_EQ(won.out + won.err, "");
  const Ran lost = cas("printer --absent grace");
  EXPECT_EQ(lost.code, kLost);
  EXPECT_EQ(lost.out, "");
  EXPECT_EQ(lost.err, "lost: printer has a value already; it is unchanged\n");
  EXPECT_EQ(cas("printer grace linus").code, kLost);
  EXPECT_EQ(cas("printer grace linus").err, "lost: printer does not hold the expected value; it is unchanged\n");
  EXPECT_EQ(cas("printer grace linus -q").err, "");
  EXPECT_EQ(value("printer"), "ada\n");
  EXPECT_EQ(cas("printer ada grace -o table").out, "ok   won; 3 replicas have it, 2 needed\n");
  EXPECT_EQ(value("printer"), "grace\n");
}

TEST_F(CliStrongTest, AContextIsAComparison) {
  EXPECT_EQ(cas("k --absent a").code, kDone);
  const std::string token = json("--bucket locks get k")["context"];
  EXPECT_EQ(cas("k --ctx " + token + " b").code, kDone);
  const Ran late = cas("k --context " + token + " c");
  EXPECT_EQ(late.code, kLost);
  EXPECT_EQ(late.err, "lost: k was written since that context was read; it is unchanged\n");
  EXPECT_EQ(shoal("--bucket locks put k c --context " + token).code, kConflict);
  EXPECT_EQ(shoal("--bucket locks del k --context " + token).code, kConflict);
  EXPECT_EQ(value("k"), "b\n");
}

TEST_F(CliStrongTest, DeletesIfItIsAsExpected) {
  EXPECT_EQ(cas("k --absent a").code, kDone);
  EXPECT_EQ(cas("k b --delete").code, kLost);
  const std::string old = json("--bucket locks get k")["context"];
  EXPECT_EQ(cas("k a b").code, kDone);
  EXPECT_EQ(cas("k --delete --ctx " + old).code, kLost);
  EXPECT_EQ(cas("k b --delete").code, kDone);
  EXPECT_EQ(shoal("--bucket locks get k").code, 1);
}

TEST_F(CliStrongTest, ValuesComeFromStandardInput) {
  const std::string bytes("\x00\xff line\n", 8);
  EXPECT_EQ(cas("k --absent -", bytes).code, kDone);
  EXPECT_EQ(shoal("--bucket locks get k --raw").out, bytes);
  EXPECT_EQ(cas("k - plain", bytes).code, kDone);
  EXPECT_EQ(value("k"), "plain\n");
}

TEST_F(CliStrongTest, JsonSaysTheOutcome) {
  const std::string token = to_base64url(FakeStore::context({"locks", "k"}, 1));
  EXPECT_EQ(cas("k --absent a -o json").out,
            "{\"schema\":1,\"key\":\"k\",\"outcome\":\"won\",\"acks\":3,\"needed\":2,\"context\":\"" + token + "\"}\n");
  EXPECT_EQ(
      cas("k --absent b -o json").out,
      "{\"schema\":1,\"key\":\"k\",\"outcome\":\"lost\",\"error\":{\"code\":\"conflict\",\"message\":\"the key is "
      "not as expected; nothing was changed\",\"maybe_applied\":false,\"acks\":0,\"needed\":0}}\n");
  EXPECT_EQ(cas("k --absent b -o csv").out, "key,outcome,context\nk,lost,\n");
  cluster_.script_all(swallow_puts());
  const Ran doubt = cas("k a b -o json --timeout 300ms");
  EXPECT_EQ(doubt.code, kMaybe);
  const auto said = nlohmann::json::parse(doubt.out);
  EXPECT_EQ(said["outcome"], "in_doubt");
  EXPECT_EQ(said["error"]["maybe_applied"], true);
  EXPECT_THAT(doubt.err, HasSubstr("it may have been applied"));
}

TEST_F(CliStrongTest, AFailureIsNeitherWonNorLost) {
  cluster_.script_all(refuse_puts(Errc::unavailable, "a majority of the owners is down; nothing was changed"));
  const Ran failed = cas("k --absent a -o json --timeout 300ms");
  EXPECT_EQ(failed.code, kUnavailable);
  EXPECT_EQ(nlohmann::json::parse(failed.out)["error"]["code"], "unavailable");
}

TEST_F(CliStrongTest, ComparisonsThatMakeNoSenseAreRefused) {
  expect_wrong("cas k a b", "bucket \"default\" is of kind siblings");
  expect_wrong("cas k --absent a", "shoal bucket create NAME --kind strong");
  expect_wrong("get k --level strong", "shoal bucket create NAME --kind strong");
  expect_wrong("put k v --blind --level strong", "shoal bucket create NAME --kind strong");
  expect_wrong("--bucket locks cas k a", "cas needs KEY OLD NEW");
  expect_wrong("--bucket locks cas k --absent", "cas needs KEY OLD NEW");
  expect_wrong("--bucket locks cas k --absent a b", "cas needs KEY OLD NEW");
  expect_wrong("--bucket locks cas k a b --delete", "cas needs KEY OLD NEW");
  expect_wrong("--bucket locks cas k --absent --delete", "--absent with --delete would do nothing");
  expect_wrong("--bucket locks cas k --absent a --ctx AAAA", "use one of them");
  expect_wrong("--bucket locks cas k - -", "only one of OLD and NEW can come from standard input");
  expect_wrong("cas", "KEY");
}

TEST_F(CliStrongTest, AListingKnowsNoLevelStrong) {
  const Ran ls = shoal("--bucket locks ls --level strong");
  EXPECT_EQ(ls.code, kUsage);
  EXPECT_THAT(ls.err, HasSubstr("a listing cannot be linearizable"));
}

// A put replaces what is there, and needs no read for it: nobody can stand beside it.
TEST_F(CliStrongTest, APutWithoutAContextDoesNotReadFirst) {
  const Heard heard;
  cluster_.script_all(heard.script());
  EXPECT_EQ(shoal("--bucket locks put k a").code, kDone);
  EXPECT_EQ(shoal("--bucket locks put k b").code, kDone);
  EXPECT_TRUE(heard.gets().empty());
  EXPECT_EQ(value("k"), "b\n");
  EXPECT_EQ(shoal("--bucket locks del k").code, kDone);
  EXPECT_EQ(shoal("--bucket locks del k").code, 1);
}

TEST_F(CliStrongTest, HelpShowsHow) {
  const Ran help = shoal("help cas");
  EXPECT_EQ(help.code, kDone);
  EXPECT_EQ(help.out, shoal("cas --help").out);
  EXPECT_THAT(help.out, HasSubstr("shoal bucket create locks --kind strong"));
  EXPECT_THAT(shoal("--help").out, HasSubstr("cas"));
}

}  // namespace
}  // namespace shoal::test
