#include "bench/study/node_faults.h"

#include <gtest/gtest.h>

#include "bench/study/scenario_file.h"

namespace shoal::study {
namespace {

Scenario scenario_of(const std::string& text) {
  Result<StudyFile> study = parse_study("name = \"test\"\n[[workload]]\n" + text, {});
  EXPECT_TRUE(study) << (study ? "" : study.error().message);
  return study ? study->variants.front().scenario : Scenario{};
}

Fault fault_of(const std::string& text) { return scenario_of("[[fault]]\nfor_s = 2\n" + text).faults.front(); }

TEST(RulesOf, APartitionAreCutsAtEachOfItsNodes) {
  const auto rules = rules_of(fault_of("what = \"partition\"\ngroups = [\"n1,n2\", \"n3\"]\n"), 5);
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules.at(0)[0].kind, FaultKind::cut);
  EXPECT_EQ(rules.at(0)[0].way, FaultWay::out);
  EXPECT_EQ(rules.at(0)[0].peers, std::vector<std::string>{"n3"});
  EXPECT_EQ(rules.at(2)[0].peers, (std::vector<std::string>{"n1", "n2"}));
  EXPECT_EQ(rules.at(2)[0].lasts, Millis(2000));
}

TEST(RulesOf, OneWayCutsWhatLeavesTheFirstGroupAlone) {
  const auto rules = rules_of(fault_of("what = \"partition\"\ngroups = [\"n1\", \"n2\"]\none_way = true\n"), 3);
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules.at(0)[0].peers, std::vector<std::string>{"n2"});
}

TEST(RulesOf, LossOfOneNodeIsAtBothEndsOfItsLinks) {
  const auto rules = rules_of(fault_of("what = \"loss\"\nnode = \"n1\"\nshare = 0.25\n"), 3);
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules.at(0)[0].share, 250'000U);
  EXPECT_EQ(rules.at(1)[0].peers, std::vector<std::string>{"n1"});
}

TEST(RulesOf, ClocksAndDisksAreTheNodesOwn) {
  const auto clock = rules_of(fault_of("what = \"clock_jump\"\nnode = \"n2\"\noffset_ms = -3000\n"), 3);
  EXPECT_EQ(clock.at(1)[0].offset, Millis(-3000));
  const std::string slow = "what = \"disk_slow\"\nnode = \"n2\"\ndelay = { uniform = { min_ms = 5, max_ms = 9 } }\n";
  const auto disk = rules_of(fault_of(slow), 3);
  EXPECT_EQ(disk.at(1)[0].least, Millis(5));
  EXPECT_EQ(disk.at(1)[0].most, Millis(9));
}

TEST(RulesOf, WhatIsDoneToProcessesIsNoRule) {
  EXPECT_TRUE(rules_of(fault_of("what = \"kill\"\nnode = \"n2\"\n"), 3).empty());
}

TEST(CheckOnNodes, RefusesWhatOnlyTheSimulatorCanDo) {
  EXPECT_TRUE(check_on_nodes(scenario_of("")));
  for (const std::string text :
       {"[[fault]]\nwhat = \"slow\"\nfactor = 3\n", "[[fault]]\nwhat = \"bit_flip\"\nnode = \"n1\"\n",
        "[[fault]]\nwhat = \"delay\"\ndelay = { exponential_ms = 3 }\n", "[cluster.switches]\nown_legs = true\n",
        "[cluster]\nnodes = 40\n", "keys = 50000\n", "[cluster]\nrepair_interval_s = 0.5\n",
        "[cluster]\nscrub_s = 20\n", "[cluster]\nhandoff_mib_per_s = 0.5\n", "[cluster]\nzones = [\"o'er\"]\n"}) {
    const Status possible = check_on_nodes(scenario_of(text));
    ASSERT_FALSE(possible) << text;
    EXPECT_NE(possible.error().message.find("--on sim"), std::string::npos);
  }
}

}  // namespace
}  // namespace shoal::study
