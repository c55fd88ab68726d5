#include <algorithm>

#include "bench/study/driver.h"
#include "bench/study/gossip_world.h"
#include "bench/study/sim_world.h"

namespace shoal::study {

namespace {

// What a disk has lost by itself, only the scrub finds.
bool makes_owners_equal(const Scenario& scenario) {
  const auto is_silent = [](const Fault& fault) {
    return fault.word == FaultWord::record_lost || fault.word == FaultWord::partition_lost ||
           fault.word == FaultWord::bit_flip;
  };
  const bool scrubs = scenario.cluster.scrub_s <= scenario.settle_s;
  return scenario.cluster.switches.anti_entropy && (scrubs || std::ranges::none_of(scenario.faults, is_silent));
}

}  // namespace

Recording recording_for(const Variant& variant, std::uint64_t seed, const std::string& driver) {
  const Scenario& scenario = variant.scenario;
  Recording recording;
  recording.variant = variant.name;
  recording.seed = seed;
  recording.driver = driver;
  recording.replicas = scenario.cluster.replicas;
  recording.repairs = makes_owners_equal(scenario);
  recording.settle_s = scenario.settle_s;
  recording.round_s = scenario.cluster.repair_interval_s;
  if (!scenario.workloads.empty()) {
    recording.r = replies_read(scenario, scenario.workloads.front());
    recording.w = replies_written(scenario, scenario.workloads.front());
  }
  return recording;
}

Recording simulate(const Variant& variant, std::uint64_t seed, const Progress& progress) {
  const Scenario scenario = with_faults_drawn(variant.scenario, seed);
  Recording recording = recording_for(variant, seed, "sim");
  if (scenario.cluster.gossip_only) {
    GossipWorld(scenario, seed, recording, progress).run();
  } else {
    SimWorld(scenario, seed, recording, progress).run();
  }
  return recording;
}

}  // namespace shoal::study
