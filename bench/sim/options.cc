#include "bench/sim/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "node/base/rng.h"

namespace shoal::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kKindsMin = 4;  // so that at least three of them happen
constexpr std::string_view kDelayNames[] = {"lan", "slow", "heavy_tail"};
constexpr std::string_view kActionNames[] = {"get", "put_context", "put_blind", "put_token",
                                             "del", "list",        "bad_input", "status"};

std::vector<std::string_view> names_of(const std::vector<Level>& levels) {
  std::vector<std::string_view> names;
  names.reserve(levels.size());
  for (const Level level : levels) names.push_back(name_of(level));
  return names;
}

std::uint32_t draw(Rng& rng, std::uint32_t low, std::uint32_t high) {
  return static_cast<std::uint32_t>(rng.between(low, high));
}

void draw_cluster(Options& options, Rng rng) {
  options.nodes = draw(rng, 5, 8);
  options.replicas = rng.chance(750'000) ? 3 : draw(rng, 1, 5);
  options.zones = draw(rng, 1, 4);
  const bool equal_weights = rng.chance(500'000);
  for (std::uint32_t i = 0; i < options.nodes; ++i) options.weights.push_back(equal_weights ? 100 : draw(rng, 20, 300));
  if (rng.chance(200'000)) options.relaxed = static_cast<NodeSet>(rng.between(1, first_nodes(options.nodes)));
  options.delays = static_cast<DelayProfile>(rng.below(3));
  options.sync_usec = rng.between(50, 10'000);
  if (rng.chance(300'000)) options.slow_sync_per_million = draw(rng, 1'000, 50'000);
  options.restart_all_when_healed = rng.chance(500'000);
  options.late_joiner = rng.chance(200'000);
  options.horizon = milliseconds(rng.between(8'000, 30'000));
}

std::uint32_t& weight_of(LoadOptions& load, Action action) { return load.mix[static_cast<std::size_t>(action)]; }

void draw_mix(LoadOptions& load, Rng& rng) {
  load.mix.assign(static_cast<std::size_t>(Action::count_), 0);
  for (std::uint32_t& weight : load.mix)
    if (rng.chance(600'000)) weight = draw(rng, 1, 10);
  for (const Action rare : {Action::bad_input, Action::status})
    weight_of(load, rare) = std::min(weight_of(load, rare), 1u);
  const bool writes = weight_of(load, Action::put_context) + weight_of(load, Action::put_blind) > 0;
  if (!writes) weight_of(load, rng.chance(500'000) ? Action::put_context : Action::put_blind) = 8;
  const bool wants_contexts = weight_of(load, Action::put_context) + weight_of(load, Action::del) > 0;
  if (wants_contexts) weight_of(load, Action::get) = std::max(weight_of(load, Action::get), 3u);
}

LoadOptions draw_load(Rng rng) {
  LoadOptions load;
  load.clients = draw(rng, 3, 8);
  load.operations = draw(rng, 205, 280);
  load.keys = draw(rng, 4, 20);
  if (rng.chance(400'000)) load.hot_key_per_million = draw(rng, 200'000, 800'000);
  load.hot_key_in_default = rng.chance(500'000);
  load.ask_owner_per_million = draw(rng, 0, 1'000'000);
  if (rng.chance(300'000)) load.client_dies_per_million = draw(rng, 5'000, 50'000);
  draw_mix(load, rng);
  for (const std::int32_t quorum : {0, 0, 1, -1})
    if (rng.chance(500'000)) load.quorums.push_back(quorum);
  if (load.quorums.empty()) load.quorums.push_back(0);
  return load;
}

// Some runs read at one level only, most at several.
void draw_levels(LoadOptions& load, Rng rng) {
  for (const Level level : {Level::quorum, Level::eventual, Level::session, Level::all})
    if (rng.chance(500'000)) load.levels.push_back(level);
  if (load.levels.empty()) load.levels.push_back(Level::quorum);
}

// A hundred blind writes on one key: reaches the limit on siblings, which ordinary mixes never do.
void make_sibling_storm(LoadOptions& load) {
  load.mix.assign(static_cast<std::size_t>(Action::count_), 0);
  weight_of(load, Action::put_blind) = 30;
  weight_of(load, Action::get) = 1;
  load.hot_key_per_million = 850'000;
  load.operations = 240;
  load.hot_key_in_default = true;
}

// Most nodes have room for all hints; some for a few, some for none. Some refuse clients early.
void draw_bounds(Options& options, Rng rng) {
  if (rng.chance(200'000)) options.hint_bytes_max = rng.below(4) * draw(rng, 0, 500);
  if (rng.chance(100'000)) options.waiting_for_disk_max = draw(rng, 3, 10);
}

// Many reads of few keys: enough answers to know a peer's tail, and to hedge against it.
void make_read_rush(LoadOptions& load) {
  load.mix.assign(static_cast<std::size_t>(Action::count_), 0);
  weight_of(load, Action::get) = 30;
  weight_of(load, Action::put_context) = 2;
  load.levels = {Level::quorum};
  load.ask_owner_per_million = 1'000'000;
  load.hot_key_per_million = 950'000;
  load.operations = 1500;
  load.hot_key_in_default = true;
}

// Enough of everything that a register can do.
void make_strong(Options& options, Rng rng) {
  LoadOptions& load = options.load;
  options.buckets = {strong_bucket()};
  load.only_strong = true;
  for (const Action action : {Action::get, Action::put_context, Action::put_blind, Action::del})
    weight_of(load, action) = draw(rng, 1, 6);
  weight_of(load, Action::list) = std::min(weight_of(load, Action::list), 1U);
  load.keys = draw(rng, 1, 8);
  if (options.replicas < 3) options.replicas = 3;
}

std::vector<FaultKind> draw_kinds(Rng rng) {
  const std::uint32_t share = draw(rng, 100'000, 500'000);
  std::vector<FaultKind> kinds;
  const auto count = static_cast<std::uint64_t>(FaultKind::count_);
  for (std::uint64_t kind = 0; kind < count; ++kind)
    if (rng.chance(share)) kinds.push_back(static_cast<FaultKind>(kind));
  while (kinds.size() < kKindsMin) {
    const auto kind = static_cast<FaultKind>(rng.below(count));
    if (std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
  }
  return kinds;
}

}  // namespace

std::string_view name_of(DelayProfile profile) { return kDelayNames[static_cast<std::size_t>(profile)]; }
std::string_view name_of(Action action) { return kActionNames[static_cast<std::size_t>(action)]; }

Options draw_options(std::uint64_t seed) {
  const Rng rng(seed);
  Options options;
  options.seed = seed;
  draw_cluster(options, rng.fork("cluster"));
  draw_bounds(options, rng.fork("hints"));
  options.load = draw_load(rng.fork("load"));
  draw_levels(options.load, rng.fork("levels"));
  if (rng.fork("storm").chance(25'000)) make_sibling_storm(options.load);
  if (rng.fork("rush").chance(25'000)) make_read_rush(options.load);
  options.buckets = draw_buckets(options.replicas, options.horizon, rng.fork("buckets"));
  if (rng.fork("strong").chance(300'000)) options.buckets.push_back(strong_bucket());
  options.kinds = draw_kinds(rng.fork("kinds"));
  options.faults = draw_faults(options.kinds, options.nodes, options.horizon, rng.fork("faults"));
  return options;
}

Options draw_strong_options(std::uint64_t seed) {
  Options options = draw_options(seed);
  make_strong(options, Rng(seed).fork("only strong"));
  options.minority_stays_down = is_about_liveness(seed);
  return options;
}

std::string describe(const Options& options) {
  std::string text = fmt::format(
      "seed {}\n"
      "cluster   nodes={} replicas={} zones={} weights={} relaxed={:#x} restart_all_when_healed={} late_joiner={} "
      "minority_stays_down={}\n"
      "links     delays={}\n"
      "disks     sync_usec={} slow_sync_per_million={} hint_bytes_max={}\n",
      options.seed, options.nodes, options.replicas, options.zones, options.weights, options.relaxed,
      options.restart_all_when_healed, options.late_joiner, options.minority_stays_down, name_of(options.delays),
      options.sync_usec, options.slow_sync_per_million, options.hint_bytes_max);
  const LoadOptions& load = options.load;
  text +=
      fmt::format("load      clients={} operations={} keys={} hot={}{} ask_owner={} dies={} quorums={} levels={} mix=",
                  load.clients, load.operations, load.keys, load.hot_key_per_million,
                  load.hot_key_in_default || options.buckets.empty() || load.only_strong ? "" : " (not in default)",
                  load.ask_owner_per_million, load.client_dies_per_million, load.quorums, names_of(load.levels));
  for (std::size_t i = 0; i < load.mix.size(); ++i)
    if (load.mix[i] > 0) text += fmt::format("{}:{} ", name_of(static_cast<Action>(i)), load.mix[i]);
  text += "\n";
  for (const BucketPlan& plan : options.buckets) text += describe(plan) + "\n";
  text += fmt::format("faults    {} within {} ms\n", options.faults.size(),
                      std::chrono::duration_cast<milliseconds>(options.horizon).count());
  for (std::size_t i = 0; i < options.faults.size(); ++i)
    text += fmt::format("  #{:<3} {}\n", i, describe(options.faults[i]));
  return text;
}

}  // namespace shoal::sim
