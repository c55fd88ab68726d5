// One of five nodes dies, hangs, or is cut off one way while users write and read: no request of theirs fails, and
// afterwards every owner of every key holds the same, without anybody doing anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <optional>

#include "client/laboratory.h"
#include "tests/process/nodes.h"
#include "tests/process/outage_load.h"

namespace shoal::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr int kNodes = 5;
constexpr int kVictim = 2;  // n3
constexpr std::chrono::milliseconds kDeadline{5000};
const std::string kToken = "a token for this test";

std::optional<std::string> digest_of(const ReplicaReport& replica) {
  if (!replica.answered || !replica.trouble.empty() || !replica.copy) return std::nullopt;
  return replica.copy->digest;
}

// Its owners hold different states of the key, or one cannot say.
bool differs(const Explanation& explained) {
  std::optional<std::string> first;
  for (const ReplicaReport& replica : explained.replicas) {
    if (!replica.owner) continue;
    const std::optional<std::string> digest = digest_of(replica);
    if (!digest || (first && *first != *digest)) return true;
    first = digest;
  }
  return !first;
}

std::string described(const std::string& key, const Explanation& explained) {
  std::string text = key + ":";
  for (const ReplicaReport& replica : explained.replicas) {
    if (!replica.owner && !replica.hint) continue;
    text += "\n  " + replica.name + (replica.copy ? "" : " nothing") + (replica.hint ? " keeps a hint" : "");
    for (const LiveWrite& write : replica.copy ? replica.copy->writes : std::vector<LiveWrite>{})
      text += " " + write.actor + ":" + std::to_string(write.counter);
    if (!replica.trouble.empty()) text += " " + replica.trouble;
  }
  for (const std::string& problem : explained.problems) text += "\n  " + problem;
  return text;
}

class Outage : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(eventually([&] { return is_healthy(seeds_of(cluster_), kNodes); }));
    load_.emplace(cluster_.seeds(), 1, kDeadline);
    ASSERT_TRUE(load_->wait_for_more(2000, kPatience));
  }

  // As the other nodes believe, all of them.
  bool everybody_says(const std::string& liveness) {
    for (int node = 0; node < kNodes; ++node) {
      if (node == kVictim) continue;
      const Result<NodeStatus> status = load_->client().status(cluster_.name(node));
      if (!status) return false;
      for (const MemberStatus& member : status->members)
        if (member.name == cluster_.name(kVictim) && member.liveness != liveness) return false;
    }
    return true;
  }
  bool go_on(std::uint64_t requests) { return load_->wait_for_more(requests, kPatience); }

  // Absent when it does not answer.
  std::optional<std::uint64_t> hints_at(int node) {
    const Result<HintStatus> status = load_->client().async().hints(cluster_.name(node)).get();
    if (!status) return std::nullopt;
    std::uint64_t kept = 0;
    for (const HintQueueStatus& queue : status->queues) kept += queue.hints;
    return kept;
  }
  bool somebody_keeps_hints() {
    for (int node = 0; node < kNodes; ++node)
      if (node != kVictim && hints_at(node).value_or(0) > 0) return true;
    return false;
  }
  bool nobody_keeps_hints() {
    for (int node = 0; node < kNodes; ++node)
      if (hints_at(node) != 0U) return false;
    return true;
  }
  std::vector<std::string> keys_that_differ() {
    std::vector<std::string> found;
    for (const std::string& key : load_->keys()) {
      const Result<Explanation> explained = load_->client().explain(key);
      if (!explained) {
        found.push_back(key + ": " + explained.error().message);
      } else if (differs(*explained)) {
        found.push_back(described(key, *explained));
      }
    }
    return found;
  }

  // A write whose coordinator was killed half way has reached some owners, and nobody knows that others lack it.
  void read_what_differs() {
    for (const std::string& key : load_->keys()) {
      const Result<Explanation> explained = load_->client().explain(key);
      if (!explained || !differs(*explained)) continue;
      EXPECT_TRUE(load_->client().get(key, {.level = Level::all})) << described(key, *explained);
    }
  }

  enum class Coordinator : std::uint8_t { lives, killed };
  void expect_that_nobody_noticed(Coordinator coordinator = Coordinator::lives) {
    load_->stop();
    EXPECT_THAT(load_->failures(), IsEmpty());
    EXPECT_TRUE(eventually([&] { return nobody_keeps_hints(); }));
    if (coordinator == Coordinator::killed) read_what_differs();
    std::vector<std::string> different;
    EXPECT_TRUE(eventually([&] { return (different = keys_that_differ()).empty(); }, 10s))
        << different.size() << " of " << load_->keys().size() << " keys, such as " << different.front();
    EXPECT_THAT(load_->verify(), IsEmpty());
    const OutageCounts counts = load_->counts();
    RecordProperty("writes", std::to_string(counts.writes));
    RecordProperty("reads", std::to_string(counts.reads));
    RecordProperty("behind", std::to_string(counts.behind));
    RecordProperty("slowest_ms", std::to_string(counts.slowest.count()));
  }

  LocalCluster start_lab() const {
    const std::filesystem::path token = folder_.path() / "faults-token";
    write_file(token, kToken);
    return start_cluster(folder_.path(), kNodes, {"--allow-faults", token.string()});
  }

  const TempFolder folder_;
  LocalCluster cluster_ = start_lab();
  std::optional<OutageLoad> load_;
};

TEST_F(Outage, OfAKilledNodeIsNotNoticed) {
  cluster_.kill(kVictim);
  ASSERT_TRUE(eventually([&] { return everybody_says("dead"); }));
  ASSERT_TRUE(go_on(3000));
  EXPECT_TRUE(somebody_keeps_hints());
  ASSERT_TRUE(cluster_.restart(kVictim));
  ASSERT_TRUE(eventually([&] { return everybody_says("alive"); }));
  ASSERT_TRUE(go_on(1000));
  expect_that_nobody_noticed(Coordinator::killed);
}

// A stopped process keeps its connections: whoever has asked it hears nothing, not even that it is gone.
TEST_F(Outage, OfAHangingNodeIsNotNoticed) {
  cluster_.process(kVictim).signal(SIGSTOP);
  const auto until = std::chrono::steady_clock::now() + 20s;
  ASSERT_TRUE(eventually([&] { return everybody_says("dead"); }));
  while (std::chrono::steady_clock::now() < until) ASSERT_TRUE(go_on(100));
  EXPECT_TRUE(somebody_keeps_hints());
  cluster_.process(kVictim).signal(SIGCONT);
  ASSERT_TRUE(eventually([&] { return everybody_says("alive"); }));
  ASSERT_TRUE(go_on(1000));
  expect_that_nobody_noticed();
}

// Nodes whose frames to some others are lost, and what the others come to believe of n3.
struct Loss {
  const char* name;
  std::vector<std::pair<std::string, std::vector<std::string>>> cuts;
  const char* liveness;
};

void PrintTo(const Loss& loss, std::ostream* out) { *out << loss.name; }

class OutageOfLinks : public Outage, public testing::WithParamInterface<Loss> {};

TEST_P(OutageOfLinks, IsNotNoticed) {
  LaboratoryAccess laboratory(load_->client(), kToken);
  for (const auto& [node, peers] : GetParam().cuts) {
    const FaultRule cut{.kind = FaultKind::cut, .peers = peers, .way = FaultWay::out, .lasts = 1h};
    ASSERT_TRUE(laboratory.add(node, {cut}).get());
  }
  ASSERT_TRUE(eventually([&] { return everybody_says(GetParam().liveness); }));
  ASSERT_TRUE(go_on(8000));
  for (const auto& [node, peers] : GetParam().cuts) ASSERT_TRUE(laboratory.clear(node).get());
  ASSERT_TRUE(eventually([&] { return everybody_says("alive"); }));
  ASSERT_TRUE(go_on(1000));
  expect_that_nobody_noticed();
}

INSTANTIATE_TEST_SUITE_P(
    Process, OutageOfLinks,
    testing::Values(
        // Gossip finds a way round: everybody goes on taking both for alive.
        Loss{"OneLinkOneWay", {{"n1", {"n3"}}}, "alive"},
        Loss{"OneNodeThatHearsNobody", {{"n1", {"n3"}}, {"n2", {"n3"}}, {"n4", {"n3"}}, {"n5", {"n3"}}}, "dead"},
        Loss{"OneNodeThatNobodyHears", {{"n3", {}}}, "dead"}),
    [](const testing::TestParamInfo<Loss>& loss) { return loss.param.name; });

}  // namespace
}  // namespace shoal::test
