// Voters among real nodes: they are chosen as members come together, a minority changes nothing, and when the others
// are lost for ever a person begins anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

using testing::HasSubstr;

enum Exit : int { kDone = 0, kUsage = 2, kUnavailable = 4, kRefused = 7 };

class VotersTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(eventually([&] { return is_healthy(seeds_of(cluster_), 3); }));
    ASSERT_TRUE(eventually([&] { return voters().size() == 3; }));
    ASSERT_EQ(shoal(seeds_of(cluster_), {"put", "k", "v"}).code, kDone) << "the first write ends formation";
  }
  nlohmann::json voters() {
    return nlohmann::json::parse(shoal(cluster_.address(2), {"-o", "json", "voters", "ls"}).out)["voters"];
  }
  Outcome at_last(std::vector<std::string> words) {
    words.insert(words.begin(), "--seeds-only");
    return shoal(cluster_.address(2), words);
  }
  bool last_sees_dead(const std::string& name) {
    return member_of(status_of(cluster_.address(2)), name).value("liveness", "") == "dead";
  }
  static std::uint64_t epoch_at(const std::string& address) {
    const nlohmann::json status = status_of(address);
    return status.is_object() ? status.value("epoch", std::uint64_t{0}) : 0;
  }

  const TempFolder folder_;
  LocalCluster cluster_ = start_cluster(folder_.path(), 3);
};

TEST_F(VotersTest, MajorityLostForEverIsReplacedAndWhoComesBackFollows) {
  const Outcome early = at_last({"voters", "break-glass", "n3", "--lost-for-ever"});
  EXPECT_EQ(early.code, kRefused) << early;
  EXPECT_THAT(early.err, HasSubstr("which is a majority"));
  cluster_.kill(0);
  cluster_.kill(1);
  ASSERT_TRUE(eventually([&] { return last_sees_dead("n1") && last_sees_dead("n2"); }));
  const Outcome refused = at_last({"bucket", "create", "carts"});
  EXPECT_EQ(refused.code, kUnavailable) << refused;
  EXPECT_THAT(refused.err, HasSubstr("needs 2 of its 3 voters, and this node reaches 1"));
  EXPECT_EQ(at_last({"put", "-w", "1", "other", "v"}).code, kDone) << "data need no voters";

  EXPECT_EQ(at_last({"voters", "break-glass", "n3"}).code, kUsage);
  const Outcome broken = at_last({"voters", "break-glass", "n3", "--lost-for-ever"});
  EXPECT_EQ(broken.code, kDone) << broken;
  EXPECT_EQ(at_last({"bucket", "create", "carts"}).code, kDone);
  ASSERT_TRUE(cluster_.restart(0));
  EXPECT_TRUE(eventually([&] { return epoch_at(cluster_.address(0)) == epoch_at(cluster_.address(2)); }));
}

}  // namespace
}  // namespace shoal::test
