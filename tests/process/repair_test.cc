// Replicas that have missed writes become equal without anybody reading, on real nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

using testing::HasSubstr;

enum Exit : int { kDone = 0, kUsage = 2, kUnavailable = 4, kUnhealthy = 6 };

// Nodes that keep no hints: what one misses is nowhere but in the others' copies.
std::vector<std::string> without_hints(const std::filesystem::path& dir) {
  const std::filesystem::path file = dir / "shoald.toml";
  write_file(file, "[hints]\nmax_mib = 0\n[repair]\ninterval_s = 3600\n");
  return {"--config", file.string()};
}

std::string lines(int from, int to, const std::string& value) {
  std::string text;
  for (int i = from; i < to; ++i) text += R"({"key":"k)" + std::to_string(i) + R"(","value":")" + value + "\"}\n";
  return text;
}

class RepairTest : public testing::Test {
 protected:
  [[nodiscard]] Outcome ask(const std::vector<std::string>& words, const std::string& input = {}) const {
    return shoal(seeds_, words, input);
  }
  void expect_equal(const std::string& a, const std::string& b) const {
    const Outcome diff = ask({"diff", a, b});
    EXPECT_EQ(diff.code, kDone) << a << " " << b << diff;
    EXPECT_EQ(diff.out, "");
  }

  const TempFolder folder_;
  LocalCluster cluster_ = start_cluster(folder_.path(), 3, without_hints(folder_.path()));
  const std::string seeds_ = seeds_of(cluster_);
};

TEST_F(RepairTest, ANodeThatWasAwayIsMadeEqualAndDiffSaysSo) {
  ASSERT_EQ(ask({"load"}, lines(0, 400, "old")).code, kDone);
  cluster_.kill(2);
  ASSERT_EQ(ask({"load"}, lines(200, 800, "new")).code, kDone);
  ASSERT_EQ(ask({"del", "k0"}).code, kDone);

  const auto n3_is_dead = [&] { return member_of(status_of(cluster_.address(0)), "n3")["liveness"] == "dead"; };
  ASSERT_TRUE(eventually(n3_is_dead));
  const Outcome partly = ask({"--timeout", "5s", "repair", "start", "--wait"});
  EXPECT_EQ(partly.code, kUnhealthy) << partly;
  EXPECT_THAT(partly.err, HasSubstr("n3 does not answer"));
  EXPECT_THAT(partly.err, HasSubstr("n1 and n3 were not compared to the end"));
  const Outcome no_diff = ask({"diff", "n1", "n3"});
  EXPECT_EQ(no_diff.code, kUnavailable) << no_diff;
  EXPECT_THAT(no_diff.err, HasSubstr("n3 is not up"));

  ASSERT_TRUE(cluster_.restart(2));
  const Outcome whole = ask({"-o", "json", "repair", "start", "--wait"});
  ASSERT_EQ(whole.code, kDone) << whole;
  EXPECT_EQ(nlohmann::json::parse(whole.out)["pairs_compared"], 3);
  expect_equal("n1", "n2");
  expect_equal("n1", "n3");
  expect_equal("n3", "n2");
  const nlohmann::json k500 = nlohmann::json::parse(ask({"-o", "json", "explain", "k500"}).out);
  for (const nlohmann::json& replica : k500["replicas"]) EXPECT_FALSE(replica["copy"].is_null()) << replica;
  EXPECT_EQ(ask({"ls", "--tombstones"}).out, "k0\n");
  EXPECT_EQ(ask({"ls", "--conflicts"}).out, "");
}

TEST_F(RepairTest, StatusTellsWhenNodesWereLastEqualAndAScrubReadsEveryRecord) {
  ASSERT_EQ(ask({"-w", "all", "load"}, lines(0, 100, "value")).code, kDone);
  const Outcome scrubbed = ask({"-o", "json", "repair", "start", "--scrub", "--wait"});
  ASSERT_EQ(scrubbed.code, kDone) << scrubbed;
  EXPECT_GE(nlohmann::json::parse(scrubbed.out)["scrub"]["records"], 300);
  const nlohmann::json status = nlohmann::json::parse(ask({"-o", "json", "repair", "status"}).out);
  ASSERT_EQ(status["nodes"].size(), 3U);
  for (const nlohmann::json& node : status["nodes"]) {
    EXPECT_EQ(node["interval_ms"], 3'600'000);
    EXPECT_EQ(node["scrub"]["damaged"], 0);
    ASSERT_EQ(node["peers"].size(), 2U);
    for (const nlohmann::json& peer : node["peers"])
      for (const nlohmann::json& range : peer["proven"]) EXPECT_FALSE(range["since_ms"].is_null()) << node;
  }
  EXPECT_EQ(ask({"diff", "n1", "n1"}).code, kUsage);
}

}  // namespace
}  // namespace shoal::test
