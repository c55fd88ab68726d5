// CAP with real nodes: a cut leaves one of three alone. What needs agreement goes on where the majority is and is
// refused on the other side; what does not goes on everywhere; and after the cut all of it converges. docs/theory.md
// tells the same in commands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

using testing::HasSubstr;

enum Exit : int { kDone = 0, kConflict = 3, kUnavailable = 4 };

class Cap : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(eventually([&] { return is_healthy(seeds_of(cluster_), 3); }));
    ASSERT_EQ(all({"bucket", "create", "agreed", "--kind", "strong"}).code, kDone);
    ASSERT_EQ(all({"--bucket", "agreed", "put", "--blind", "seat", "free"}).code, kDone);
    ASSERT_EQ(all({"put", "--blind", "cart", "tea"}).code, kDone);
  }
  LocalCluster start() const {
    write_file(token_, "a token for this test\n");
    return start_cluster(folder_.path(), 3, {"--allow-faults", token_.string()});
  }
  Outcome all(const std::vector<std::string>& words) { return shoal(seeds_of(cluster_), words); }
  // Asks this node and no other.
  Outcome at(int node, std::vector<std::string> words) {
    words.insert(words.begin(), "--seeds-only");
    return shoal(cluster_.address(node), words);
  }
  void cut_first_off() {
    ASSERT_EQ(all({"faults", "--token-file", token_.string(), "partition", "n1/n2,n3", "--for", "1h"}).code, kDone);
    ASSERT_TRUE(eventually([&] { return sees_dead(0, "n2") && sees_dead(0, "n3") && sees_dead(1, "n1"); }));
  }
  bool sees_dead(int node, const std::string& name) {
    return member_of(status_of(cluster_.address(node)), name).value("liveness", "") == "dead";
  }
  void heal() { ASSERT_EQ(all({"faults", "--token-file", token_.string(), "clear"}).code, kDone); }

  const TempFolder folder_;
  const std::filesystem::path token_ = folder_.path() / "token";
  LocalCluster cluster_ = start();
};

TEST_F(Cap, AgreementNeedsTheMajorityAndTheRestDoesNot) {
  cut_first_off();
  EXPECT_EQ(at(1, {"--bucket", "agreed", "put", "--blind", "seat", "mary"}).code, kDone);
  EXPECT_EQ(at(2, {"--bucket", "agreed", "get", "seat"}).out, "mary\n");
  const Outcome refused = at(0, {"--bucket", "agreed", "put", "--blind", "seat", "paul"});
  EXPECT_EQ(refused.code, kUnavailable) << refused;
  EXPECT_THAT(refused.err, HasSubstr("needs 2 of the key's 3 owners, and this node reaches 1"));
  EXPECT_EQ(at(0, {"--bucket", "agreed", "get", "seat"}).code, kUnavailable);
  EXPECT_EQ(at(0, {"--bucket", "agreed", "--level", "eventual", "get", "seat"}).out, "free\n");
  EXPECT_EQ(at(0, {"put", "--blind", "-w", "1", "cart", "bread"}).code, kDone);
  EXPECT_EQ(at(1, {"put", "--blind", "-w", "1", "cart", "milk"}).code, kDone);

  heal();
  for (int node = 0; node < 3; ++node) {
    EXPECT_TRUE(eventually([&] { return at(node, {"--bucket", "agreed", "get", "seat"}).out == "mary\n"; })) << node;
    EXPECT_TRUE(eventually([&] {
      return at(node, {"--bucket", "agreed", "--level", "eventual", "get", "seat"}).out == "mary\n";
    })) << node;
    EXPECT_TRUE(eventually([&] {
      const Outcome cart = at(node, {"--level", "eventual", "-o", "json", "get", "cart"});
      return cart.code == kConflict && cart.out.find("bread") != std::string::npos &&
             cart.out.find("milk") != std::string::npos;
    })) << node;
  }
}

}  // namespace
}  // namespace shoal::test
