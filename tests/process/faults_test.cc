// Faults by order, on real nodes: they strike, they end by themselves, and nobody else can order them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "client/laboratory.h"
#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::SizeIs;

enum Exit : int { kDone = 0, kUsage = 2, kRefused = 7 };

const std::string kToken = "a token for this test";

class FaultsByOrder : public testing::Test {
 protected:
  LocalCluster start_lab(int nodes) const {
    write_file(token_, kToken + "\n");
    return start_cluster(folder_.path(), nodes, {"--allow-faults", token_.string()});
  }
  [[nodiscard]] Outcome faults(const std::string& seeds, std::vector<std::string> words) const {
    words.insert(words.begin(), {"-o", "json", "faults", "--token-file", token_.string()});
    return shoal(seeds, words);
  }
  // Of all nodes together.
  [[nodiscard]] std::size_t in_force(const std::string& seeds) const {
    const nlohmann::json list = nlohmann::json::parse(faults(seeds, {"ls"}).out);
    std::size_t count = 0;
    for (const auto& node : list.at("nodes")) count += node.at("faults").size();
    return count;
  }
  static std::set<std::string> kinds_of_events(const std::string& seeds) {
    std::set<std::string> kinds;
    const Outcome events = shoal(seeds, {"-o", "ndjson", "events", "-n", "1000"});
    std::istringstream lines(events.out);
    for (std::string line; std::getline(lines, line);) kinds.insert(nlohmann::json::parse(line).at("kind"));
    return kinds;
  }

  const TempFolder folder_;
  const std::filesystem::path token_ = folder_.path() / "token";
};

class FaultsInACluster : public FaultsByOrder {
 protected:
  void SetUp() override {
    ASSERT_TRUE(eventually([&] { return is_healthy(seeds_, 5); }));
  }
  [[nodiscard]] std::string seen_by(int observer, const std::string& member) const {
    return member_of(status_of(cluster_.address(observer)), member).value("liveness", "");
  }
  [[nodiscard]] std::uint64_t counter(const std::string& name) const {
    const nlohmann::json status = status_of(seeds_);
    std::uint64_t sum = 0;
    for (const auto& member : status.at("members"))
      if (member.contains("counters")) sum += member.at("counters").value(name, 0U);
    return sum;
  }

  LocalCluster cluster_ = start_lab(5);
  const std::string seeds_ = seeds_of(cluster_);
};

TEST_F(FaultsInACluster, APartitionStrikesUntilItIsCleared) {
  const Outcome ordered = faults(seeds_, {"partition", "n1,n2/n3,n4,n5", "--for", "1h"});
  ASSERT_EQ(ordered.code, kDone) << ordered;
  EXPECT_EQ(in_force(seeds_), 5U);
  ASSERT_TRUE(eventually([&] { return seen_by(0, "n3") == "dead" && seen_by(4, "n1") == "dead"; }));
  EXPECT_EQ(seen_by(0, "n2"), "alive");
  EXPECT_GT(counter("fault_cut"), 0U);
  ASSERT_EQ(faults(seeds_, {"clear"}).code, kDone);
  EXPECT_EQ(in_force(seeds_), 0U);
  EXPECT_TRUE(eventually([&] { return is_healthy(seeds_, 5); }));
  EXPECT_THAT(kinds_of_events(seeds_), IsSupersetOf({"fault_began", "fault_ended", "member_dead", "member_alive"}));
}

TEST_F(FaultsInACluster, WhatIsOrderedEndsByItself) {
  const Outcome ordered = faults(seeds_, {"partition", "n1,n2/n3,n4,n5", "--one-way", "--for", "2s"});
  ASSERT_EQ(ordered.code, kDone) << ordered;
  ASSERT_TRUE(eventually([&] { return kinds_of_events(seeds_).contains("fault_ended"); }));
  EXPECT_EQ(in_force(seeds_), 0U);
  EXPECT_TRUE(eventually([&] { return is_healthy(seeds_, 5); }));
}

// Nothing of a damaged frame is believed, and nobody falls over one.
TEST_F(FaultsInACluster, CorruptFramesAreRefusedByTheirReceivers) {
  const Outcome ordered = faults(seeds_, {"add", "corrupt", "--share", "20%", "--for", "1h"});
  ASSERT_EQ(ordered.code, kDone) << ordered;
  ASSERT_TRUE(eventually([&] {
    shoal(seeds_, {"put", "--blind", "k", "v"});
    return counter("malformed_frames") > 100;
  }));
  ASSERT_EQ(faults(seeds_, {"clear"}).code, kDone);
  EXPECT_TRUE(eventually([&] { return is_healthy(seeds_, 5); }));
  for (int node = 0; node < cluster_.size(); ++node) EXPECT_TRUE(cluster_.process(node).running());
}

TEST_F(FaultsInACluster, DelaysLossesDoublesAndDetoursAreSurvived) {
  for (const std::vector<std::string>& fault :
       std::vector<std::vector<std::string>>{{"delay", "--ms", "1..20"},
                                             {"loss", "--share", "2%"},
                                             {"duplicate", "--share", "0.2"},
                                             {"reorder", "--share", "10%", "--ms", "5..50"}}) {
    std::vector<std::string> words{"add"};
    words.insert(words.end(), fault.begin(), fault.end());
    words.insert(words.end(), {"--for", "1h"});
    const Outcome ordered = faults(seeds_, words);
    ASSERT_EQ(ordered.code, kDone) << ordered;
  }
  for (int i = 0; i < 50; ++i) ASSERT_EQ(shoal(seeds_, {"put", "--blind", "k" + std::to_string(i), "v"}).code, kDone);
  for (const char* name : {"fault_delay", "fault_loss", "fault_duplicate", "fault_reorder"})
    EXPECT_GT(counter(name), 0U) << name;
  ASSERT_EQ(faults(seeds_, {"clear"}).code, kDone);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(shoal(seeds_, {"get", "k" + std::to_string(i)}).out, "v\n");
}

class FaultsAtOneNode : public FaultsByOrder {
 protected:
  LocalCluster cluster_ = start_lab(1);
  const std::string seeds_ = seeds_of(cluster_);
};

TEST_F(FaultsAtOneNode, AWrongTokenIsRefused) {
  write_file(token_, "not the token of these nodes");
  const Outcome refused = faults(seeds_, {"add", "disk_full", "--for", "1h"});
  EXPECT_EQ(refused.code, kRefused);
  EXPECT_THAT(refused.err, HasSubstr("n1: this is not the token of this node"));
  EXPECT_EQ(faults(seeds_, {"ls"}).code, kRefused);
  Client client("shoal://" + seeds_);
  EXPECT_EQ(LaboratoryAccess(client, "guessed").observe("n1", {}).get().error().code, Errc::refused);
  EXPECT_EQ(member_of(status_of(seeds_), "n1").at("faults"), 0);
}

TEST_F(FaultsAtOneNode, AFullDiskIsSuffered) {
  ASSERT_EQ(faults(seeds_, {"add", "disk_full", "--for", "1h"}).code, kDone);
  shoal(seeds_, {"--timeout", "500ms", "put", "k", "v"});
  ASSERT_TRUE(eventually([&] { return !is_healthy(seeds_, 1); }));
  EXPECT_THAT(member_of(status_of(seeds_), "n1").at("store_trouble"), HasSubstr("takes no more"));
  ASSERT_EQ(faults(seeds_, {"clear"}).code, kDone);
  ASSERT_TRUE(eventually([&] { return is_healthy(seeds_, 1); }));
  EXPECT_EQ(shoal(seeds_, {"put", "--blind", "k2", "v"}).code, kDone);
}

TEST_F(FaultsAtOneNode, AWallClockIsOff) {
  ASSERT_EQ(faults(seeds_, {"add", "clock", "--offset", "1h", "--for", "1h"}).code, kDone);
  Client client("shoal://" + seeds_);
  ASSERT_TRUE(client.put("k", "v"));
  const Result<Object> read = client.get("k");
  ASSERT_TRUE(read && read->exists());
  EXPECT_GT(read->written()[0] - std::chrono::system_clock::now(), 55min);
}

TEST_F(FaultsAtOneNode, ItsCopiesAreObserved) {
  Client client("shoal://" + seeds_);
  ASSERT_TRUE(client.put("k", "v1"));
  ASSERT_TRUE(client.put("k", "v2"));
  const Result<ObserveReply> seen =
      LaboratoryAccess(client, kToken).observe("n1", {{"default", "k"}, {"default", "absent"}}).get();
  ASSERT_TRUE(seen) << seen.error().message;
  ASSERT_THAT(seen->copies, SizeIs(2));
  EXPECT_EQ(seen->copies[0].siblings, 2U);
  EXPECT_FALSE(seen->copies[0].clock.empty());
  EXPECT_TRUE(seen->copies[1].clock.empty());
}

TEST_F(FaultsByOrder, ANodeThatDoesNotAllowThemRefuses) {
  write_file(token_, kToken);
  const LocalCluster cluster = start_cluster(folder_.path(), 1);
  const Outcome refused = faults(seeds_of(cluster), {"add", "cut", "--for", "1s"});
  EXPECT_EQ(refused.code, kRefused);
  EXPECT_THAT(refused.err, HasSubstr("a node for a laboratory is started with --allow-faults FILE"));
  EXPECT_FALSE(member_of(status_of(seeds_of(cluster)), "n1").at("faults_allowed"));
}

TEST_F(FaultsByOrder, StatusTellsOfALaboratory) {
  write_file(token_, kToken);
  const std::filesystem::path config = folder_.path() / "study.toml";
  write_file(config, "[study]\nhints = false\nask_all = true\n");
  const LocalCluster cluster =
      start_cluster(folder_.path(), 1, {"--allow-faults", token_.string(), "--config", config.string()});
  const std::string seeds = seeds_of(cluster);
  const Outcome table = shoal(seeds, {"-o", "table", "--color", "always", "status"});
  EXPECT_THAT(table.out, HasSubstr("\x1b[1mn1 is of a laboratory: faults are allowed, hints off, ask_all on"));
  ASSERT_EQ(faults(seeds, {"add", "loss", "--share", "1%", "--for", "1h"}).code, kDone);
  EXPECT_THAT(shoal(seeds, {"-o", "table", "status"}).out, HasSubstr("1 in force (shoal faults ls)"));
  EXPECT_EQ(member_of(status_of(seeds), "n1").at("study"), (nlohmann::json{"hints off", "ask_all on"}));
}

}  // namespace
}  // namespace shoal::test
