#include "bench/sim/shrink.h"

#include <algorithm>
#include <utility>

#include "bench/sim/script.h"

namespace shoal::sim {
namespace {

std::string leading_word(const std::string& sentence) { return sentence.substr(0, sentence.find(' ')); }

using Change = std::function<void(Options&)>;

// What a seed has beside its faults. Left out one at a time, so that what matters stays.
constexpr void (*kWithoutFeature[])(Options&) = {
    [](Options& o) { o.late_joiner = false; },
    [](Options& o) { o.minority_stays_down = false; },
    [](Options& o) { o.restart_all_when_healed = false; },
    [](Options& o) { o.relaxed = 0; },
    [](Options& o) { o.slow_sync_per_million = 0; },
    [](Options& o) { o.load.client_dies_per_million = 0; },
    [](Options& o) { o.load.hot_key_per_million = 0; },
    [](Options& o) { o.hint_bytes_max = Options{}.hint_bytes_max; },
    [](Options& o) { o.waiting_for_disk_max = Options{}.waiting_for_disk_max; },
    [](Options& o) { o.zones = 1; },
    [](Options& o) { std::ranges::fill(o.weights, 100U); },
    [](Options& o) {
      if (!o.buckets.empty() && !o.load.only_strong) o.buckets.pop_back();
    },
};

// Without the last node. A fault that concerned it alone goes with it.
void drop_last_node(Options& options) {
  options.nodes -= 1;
  options.weights.resize(options.nodes);
  const NodeSet left = first_nodes(options.nodes);
  options.relaxed &= left;
  for (Fault& fault : options.faults) {
    fault.left &= left;
    fault.right &= left;
  }
  std::erase_if(options.faults,
                [](const Fault& fault) { return fault.left == 0 || (concerns_links(fault.kind) && fault.right == 0); });
}

class Shrinker {
 public:
  Shrinker(Shrunken start, const ViolationsOf& violations_of, const ShrinkLimits& limits)
      : best_(std::move(start)), word_(leading_word(best_.sentence)), violations_of_(violations_of), limits_(limits) {}

  Shrunken result() {
    std::string before;
    do {
      before = to_script(best_.options);
      shrink_faults();
      for (const auto without_feature : kWithoutFeature) attempt(without_feature);
      lower(&LoadOptions::clients);
      lower(&LoadOptions::operations);
      lower(&LoadOptions::keys);
      while (best_.options.nodes > std::max(best_.options.replicas, 2U) && attempt(drop_last_node)) continue;
    } while (!is_spent() && to_script(best_.options) != before);
    best_.complete = !is_spent();
    return best_;
  }

 private:
  [[nodiscard]] bool is_spent() const { return best_.runs >= limits_.runs || !limits_.time_left(); }

  // True when the changed options fail in the same way; they are the best ones then.
  bool attempt(const Change& change) {
    Options changed = best_.options;
    change(changed);
    if (to_script(changed) == to_script(best_.options) || is_spent()) return false;
    best_.runs += 1;
    const std::vector<std::string> found = violations_of_(changed);
    const auto same = std::ranges::find(found, word_, leading_word);
    if (same == found.end()) return false;
    best_.options = std::move(changed);
    best_.sentence = *same;
    return true;
  }

  void shrink_faults() {
    for (std::size_t chunk = best_.options.faults.size(); chunk > 0; chunk /= 2)
      for (std::size_t at = 0; at < best_.options.faults.size() && !is_spent();)
        if (!attempt([&](Options& options) { drop_faults(options.faults, at, chunk); })) at += chunk;
  }

  static void drop_faults(std::vector<Fault>& faults, std::size_t at, std::size_t count) {
    const auto first = faults.begin() + static_cast<std::ptrdiff_t>(at);
    faults.erase(first, first + static_cast<std::ptrdiff_t>(std::min(count, faults.size() - at)));
  }

  // To the least number that fails, if every greater one does; to some smaller one at any rate.
  void lower(std::uint32_t LoadOptions::*number) {
    std::uint32_t least = 1;
    while (least < best_.options.load.*number && !is_spent()) {
      const std::uint32_t tried = least + (best_.options.load.*number - least) / 2;
      if (!attempt([&](Options& options) { options.load.*number = tried; })) least = tried + 1;
    }
  }

  Shrunken best_;
  std::string word_;
  const ViolationsOf& violations_of_;
  const ShrinkLimits& limits_;
};

}  // namespace

std::optional<Shrunken> shrink(const Options& options, const ViolationsOf& violations_of, const ShrinkLimits& limits) {
  const std::vector<std::string> found = violations_of(options);
  if (found.empty()) return std::nullopt;
  return Shrinker({.options = options, .sentence = found.front(), .runs = 1}, violations_of, limits).result();
}

}  // namespace shoal::sim
