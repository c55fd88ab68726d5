#include "bench/gossip/studies.h"

namespace shoal::gossip_sim {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kIntroductions{20};
constexpr std::chrono::minutes kRecoveredWithin{5};
constexpr std::chrono::seconds kForGood{30};  // no relapse for so long

bool nobody_is(const World& world, Liveness liveness) {
  for (std::uint32_t observer = 0; observer < world.nodes(); ++observer)
    for (std::uint32_t subject = 0; subject < world.nodes(); ++subject)
      if (subject != observer && world.view(observer, subject) == liveness) return false;
  return true;
}

}  // namespace

Recovery recover(const RecoveryOptions& options) {
  Recovery recovery;
  for (const std::uint64_t seed : options.seeds) {
    World world({.nodes = options.nodes, .seed = seed});
    world.run_for(kIntroductions);
    const std::uint32_t border = options.trouble == Trouble::halves ? options.nodes / 2 : 1;
    world.cut = [border](std::uint32_t from, std::uint32_t to) { return (from < border) != (to < border); };
    world.run_for(options.lasts);
    world.cut = nullptr;

    const Instant healed = world.now();
    Instant last_dead = healed;
    Instant last_wrong = healed;
    while (world.now() < healed + kRecoveredWithin && world.now() < last_wrong + kForGood) {
      if (!nobody_is(world, Liveness::dead)) last_dead = world.now();
      if (!world.all_views_are_true()) last_wrong = world.now();
      world.run_for(milliseconds(100));
    }
    recovery.no_dead.add(std::chrono::duration<double>(last_dead - healed).count());
    recovery.all_alive.add(std::chrono::duration<double>(last_wrong - healed).count());
    if (world.now() >= healed + kRecoveredWithin) recovery.open += 1;
  }
  return recovery;
}

}  // namespace shoal::gossip_sim
