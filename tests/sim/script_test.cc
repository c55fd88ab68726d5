#include "bench/sim/script.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "bench/sim/run.h"

namespace shoal::sim {
namespace {

TEST(Script, KeepsEverythingThatASeedDecides) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Options drawn = draw_options(seed);
    const Result<Options> read = parse_script(to_script(drawn));
    ASSERT_TRUE(read) << "seed " << seed << ": " << read.error().message;
    EXPECT_EQ(describe(*read), describe(drawn));
    EXPECT_EQ(to_script(*read), to_script(drawn));
  }
}

TEST(Script, IsTheSameRunAsItsSeed) {
  const Options drawn = draw_options(12);
  EXPECT_EQ(run_seed(*parse_script(to_script(drawn))).state_hash, run_seed(drawn).state_hash);
}

class BadScript : public ::testing::Test {
 protected:
  nlohmann::ordered_json script = nlohmann::ordered_json::parse(to_script(draw_options(2)));
  std::string complaint() {
    const Result<Options> read = parse_script(script.dump());
    return read ? "" : read.error().message;
  }
};

TEST_F(BadScript, SaysWhichFieldIsWrongAndWhatItMayBe) {
  EXPECT_EQ(complaint(), "");
  script["faults"][1]["kind"] = "earthquake";
  EXPECT_EQ(complaint().find("faults[1].kind must be one of halves, isolated_node, "), 0U) << complaint();
}

TEST_F(BadScript, NamesWhatIsMissingAndWhatIsUnknown) {
  script["load"]["cleints"] = 3;
  EXPECT_EQ(complaint(), "load.cleints is not a field of a script; take it out");
  script["load"].erase("clients");
  EXPECT_EQ(complaint(), "load.clients is missing");
}

TEST_F(BadScript, RefusesNumbersThatARunCannotBear) {
  script["cluster"]["nodes"] = 17;
  EXPECT_EQ(complaint(), "cluster.nodes must be a whole number from 2 to 16");
  script["cluster"]["nodes"] = -1;
  EXPECT_EQ(complaint(), "cluster.nodes must be a whole number from 2 to 16");
}

TEST_F(BadScript, RefusesNodesThatAreNotThereAndTooFewWeights) {
  script["faults"][0]["left"] = {15};
  EXPECT_EQ(complaint().find("faults[0].left[0] must be a whole number from 0 to "), 0U) << complaint();
  script["cluster"]["weights"] = {100};
  EXPECT_EQ(complaint(), "cluster.weights must have one number for each node");
}

TEST_F(BadScript, RefusesACutThatFlapsWithoutAPeriod) {
  script["faults"][0]["kind"] = "flapping";
  script["faults"][0]["amount"] = 0;
  EXPECT_EQ(complaint(), "faults[0].amount must be a whole number from 1 to 1000000");
}

TEST_F(BadScript, RefusesALoadThatDoesNothing) {
  for (auto& weight : script["load"]["mix"]) weight = 0;
  EXPECT_EQ(complaint(), "load.mix needs a weight above 0 for something");
}

TEST_F(BadScript, SaysWhenItIsNoScriptAtAll) {
  EXPECT_EQ(parse_script("dear diary").error().message, "the script is not JSON; --save writes one to start from");
  EXPECT_EQ(parse_script("[]").error().message, "the script must be an object, in braces");
}

TEST(ScriptFile, IsReadAsItWasSaved) {
  const std::string path = ::testing::TempDir() + "shoal_script_" + std::to_string(getpid()) + ".json";
  ASSERT_TRUE(save_script(draw_options(3), path));
  EXPECT_EQ(to_script(read_script(path).value()), to_script(draw_options(3)));
  std::ofstream(path) << "{";
  EXPECT_EQ(read_script(path).error().message, path + ": the script is not JSON; --save writes one to start from");
  unlink(path.c_str());
  EXPECT_EQ(read_script(path).error().code, Errc::io);
  EXPECT_EQ(save_script(draw_options(3), "/nowhere/at/all").error().code, Errc::io);
}

}  // namespace
}  // namespace shoal::sim
