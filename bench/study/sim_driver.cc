#include "bench/study/driver.h"
#include "bench/study/gossip_world.h"
#include "bench/study/sim_world.h"

namespace shoal::study {

Recording recording_for(const Variant& variant, std::uint64_t seed, const std::string& driver) {
  const Scenario& scenario = variant.scenario;
  Recording recording;
  recording.variant = variant.name;
  recording.seed = seed;
  recording.driver = driver;
  recording.replicas = scenario.cluster.replicas;
  recording.repairs = scenario.cluster.switches.anti_entropy;
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
