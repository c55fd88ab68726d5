#include "bench/gossip/studies.h"

namespace shoal::gossip_sim {
namespace {

constexpr std::chrono::seconds kIntroductions{20};

struct Counts {
  double deaths_at_healthy = 0;
  double suspicions_at_healthy = 0;
  double deaths_anywhere = 0;
};

Counts count(World& world, const FalsePositiveOptions& options) {
  Counts counts;
  const auto healthy = [&](std::uint32_t node) { return node >= options.slow; };
  world.run_for(kIntroductions);
  for (std::uint32_t node = 0; node < options.slow; ++node) world.make_slow(node, options.slowness);
  world.on_change = [&](std::uint32_t observer, std::uint32_t subject, Liveness liveness) {
    if (!healthy(subject)) return;
    const bool died = liveness == Liveness::dead;
    counts.deaths_anywhere += died ? 1 : 0;
    if (!healthy(observer)) return;
    counts.deaths_at_healthy += died ? 1 : 0;
    counts.suspicions_at_healthy += liveness == Liveness::suspect ? 1 : 0;
  };
  world.run_for(options.lasts);
  world.on_change = nullptr;
  return counts;
}

}  // namespace

FalsePositives false_positives(const FalsePositiveOptions& options) {
  FalsePositives result;
  for (const std::uint64_t seed : options.seeds) {
    World world({.nodes = options.nodes, .seed = seed, .swim = {.lifeguard = options.lifeguard}});
    const Counts counts = count(world, options);
    result.deaths_at_healthy.add(counts.deaths_at_healthy);
    result.suspicions_at_healthy.add(counts.suspicions_at_healthy);
    result.deaths_anywhere.add(counts.deaths_anywhere);
    const double member_seconds = std::chrono::duration<double>(options.lasts + kIntroductions).count() * world.nodes();
    result.messages.add(static_cast<double>(world.traffic().messages) / member_seconds);
  }
  return result;
}

}  // namespace shoal::gossip_sim
