#include <cmath>

#include "bench/gossip/studies.h"

namespace shoal::gossip_sim {
namespace {

using std::chrono::seconds;

constexpr seconds kIntroductions{30};  // everybody has heard everybody, and said so often enough
constexpr seconds kCalm{20};
constexpr seconds kKnownWithin{60};

double in_seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

// One death: who probes the dead member first, who declares it, who hears of it.
class Death {
 public:
  Death(World& world, std::uint32_t victim) : world_(world), victim_(victim), died_(world.now()) {
    world_.on_sent = [this](std::uint32_t, std::uint32_t to, const GossipMessage& message) {
      if (to == victim_ && probed_ == kNever && std::holds_alternative<Ping>(message)) probed_ = world_.now();
    };
    world_.on_change = [this](std::uint32_t, std::uint32_t subject, Liveness liveness) {
      if (subject == victim_ && liveness == Liveness::dead) heard(world_.now());
    };
    world_.kill(victim_);
  }
  ~Death() { world_.on_sent = nullptr, world_.on_change = nullptr; }
  Death(const Death&) = delete;
  Death& operator=(const Death&) = delete;

  void wait_until_known() {
    while (told_ + 1 < world_.nodes() && world_.now() < died_ + kKnownWithin) world_.run_for(seconds(1));
  }

  void report(Detection& detection) const {
    const double period = in_seconds(SwimOptions{}.probe_interval);
    if (probed_ != kNever) detection.first_probe.add(std::ceil(in_seconds(probed_ - died_) / period));
    if (told_ > 0) detection.declared.add(in_seconds(first_ - died_));
    if (told_ + 1 == world_.nodes()) return detection.spread.add(in_seconds(last_ - first_));
    detection.unknown += 1;
  }

 private:
  void heard(Instant now) {
    if (told_++ == 0) first_ = now;
    last_ = now;
  }

  World& world_;
  std::uint32_t victim_;
  Instant died_;
  Instant probed_ = kNever;
  Instant first_{};
  Instant last_{};
  std::uint32_t told_ = 0;
};

void measure_calm(World& world, Detection& detection) {
  const Traffic before = world.traffic();
  world.run_for(kCalm);
  const double member_seconds = in_seconds(kCalm) * world.nodes();
  detection.messages.add(static_cast<double>(world.traffic().messages - before.messages) / member_seconds);
  detection.bytes.add(static_cast<double>(world.traffic().bytes - before.bytes) / member_seconds);
}

}  // namespace

double first_probe_in_theory(std::uint32_t nodes) {
  const double others = nodes - 1;
  return 1 / (1 - std::pow(1 - 1 / others, others));
}

Detection detect(const DetectionOptions& options) {
  Detection detection;
  for (const std::uint64_t seed : options.seeds) {
    World world({.nodes = options.nodes, .seed = seed, .links = {.loss_per_million = options.loss_per_million}});
    Rng chance = Rng(seed).fork("victims");
    world.run_for(kIntroductions);
    measure_calm(world, detection);
    for (std::uint32_t kill = 0; kill < options.kills; ++kill) {
      // At any point of a period; the seed of all probes of the dead, member 0, is as mortal as others.
      world.run_for(Duration(chance.below(static_cast<std::uint64_t>(Duration(seconds(1)).count()))));
      const auto victim = static_cast<std::uint32_t>(chance.below(options.nodes));
      {
        Death death(world, victim);
        death.wait_until_known();
        death.report(detection);
      }
      world.start(victim);
      world.run_for(kCalm);
    }
  }
  return detection;
}

}  // namespace shoal::gossip_sim
