#include "bench/sim/fault.h"

#include <fmt/format.h>

#include <algorithm>

namespace shoal::sim {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::string_view kNames[] = {"halves",         "isolated_node",     "random_sides",   "one_way",
                                       "bridge",         "flapping",          "clogged",        "lossy",
                                       "duplicating",    "slow_links",        "late_messages",  "crash",
                                       "crash_mid_turn", "crash_all",         "move",           "pause",
                                       "clock_step",     "clock_drift",       "slow_disk",      "full_disk",
                                       "record_lost",    "record_unreadable", "partition_lost", "bit_flips",
                                       "digests_wrong",  "disk_lost"};
static_assert(std::size(kNames) == static_cast<std::size_t>(FaultKind::count_));

constexpr milliseconds kPartitionMin{300};  // shorter ones are only loss
constexpr milliseconds kCalmMin{200};

std::string members(NodeSet set) {
  std::string text;
  for (std::uint32_t i = 0; i < kNodesMax; ++i)
    if (has(set, i)) text += fmt::format("{}{}", text.empty() ? "" : ",", i);
  return "{" + text + "}";
}

std::uint32_t any_node(std::uint32_t nodes, Rng& rng) { return static_cast<std::uint32_t>(rng.below(nodes)); }

NodeSet random_half(std::uint32_t nodes, Rng& rng) {
  NodeSet side = 0;
  for (std::uint32_t left = nodes / 2; left > 0;) {
    const std::uint32_t node = any_node(nodes, rng);
    if (has(side, node)) continue;
    side |= only(node);
    --left;
  }
  return side;
}

NodeSet random_side(std::uint32_t nodes, Rng& rng) {
  return static_cast<NodeSet>(rng.between(1, first_nodes(nodes) - 1));
}

void draw_sides(Fault& fault, std::uint32_t nodes, Rng& rng) {
  const NodeSet all = first_nodes(nodes);
  switch (fault.kind) {
    case FaultKind::halves:
    case FaultKind::bridge:
    case FaultKind::flapping: fault.left = random_half(nodes, rng); break;
    case FaultKind::random_sides:
    case FaultKind::one_way:
    case FaultKind::clogged:
    case FaultKind::slow_links: fault.left = random_side(nodes, rng); break;
    case FaultKind::lossy:
    case FaultKind::duplicating:
    case FaultKind::late_messages:
    case FaultKind::crash_all: fault.left = all; break;
    default: fault.left = only(any_node(nodes, rng)); break;
  }
  fault.right = fault.left == all ? all : all & ~fault.left;
  if (fault.kind == FaultKind::bridge) {
    const NodeSet seen_by_both = only(any_node(nodes, rng));
    fault.left &= ~seen_by_both;
    fault.right &= ~seen_by_both;
  }
}

std::uint64_t draw_amount(FaultKind kind, Rng& rng) {
  switch (kind) {
    case FaultKind::flapping: return rng.between(150, 1500);
    case FaultKind::lossy: return rng.between(10'000, 300'000);
    case FaultKind::duplicating: return rng.between(50'000, 500'000);
    case FaultKind::slow_links: return rng.between(10, 100);
    case FaultKind::late_messages: return rng.between(2'000, 100'000);
    case FaultKind::clock_step: return rng.between(1, 3'600'000);
    case FaultKind::clock_drift: return rng.between(1, 500);
    case FaultKind::slow_disk: return rng.between(20, 2000);
    default: return rng.below(1'000'000);  // picks a record, or nothing
  }
}

milliseconds draw_length(const Fault& fault, Rng& rng) {
  const bool of_links = concerns_links(fault.kind);
  const std::uint64_t shortest = of_links ? static_cast<std::uint64_t>(kPartitionMin.count()) : 10;
  const std::uint64_t longest = rng.chance(200'000) ? 20'000 : 4'000;
  return milliseconds(rng.between(shortest, longest));
}

// Such a fault may also last for the whole run.
bool chronic(FaultKind kind) {
  return kind == FaultKind::lossy || kind == FaultKind::duplicating || kind == FaultKind::slow_links ||
         kind == FaultKind::late_messages || kind == FaultKind::slow_disk;
}

}  // namespace

std::string_view name_of(FaultKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

bool concerns_links(FaultKind kind) { return kind <= FaultKind::late_messages; }

std::string describe(const Fault& fault) {
  return fmt::format("{:>8} ms  {:<17} for {:>6} ms  left={} right={} amount={}",
                     duration_cast<milliseconds>(fault.at).count(), name_of(fault.kind),
                     duration_cast<milliseconds>(fault.lasts).count(), members(fault.left), members(fault.right),
                     fault.amount);
}

bool cuts(const Fault& fault, std::uint32_t from, std::uint32_t to, Duration since) {
  const bool forwards = has(fault.left, from) && has(fault.right, to);
  const bool across = forwards || (has(fault.right, from) && has(fault.left, to));
  switch (fault.kind) {
    case FaultKind::halves:
    case FaultKind::isolated_node:
    case FaultKind::random_sides:
    case FaultKind::bridge: return across;
    case FaultKind::one_way: return forwards;
    case FaultKind::flapping:
      return across && (duration_cast<milliseconds>(since).count() / static_cast<std::int64_t>(fault.amount)) % 2 == 0;
    default: return false;
  }
}

std::vector<Fault> draw_faults(const std::vector<FaultKind>& kinds, std::uint32_t nodes, Duration horizon, Rng rng) {
  std::vector<Fault> faults;
  for (const FaultKind kind : kinds) {
    Rng own = rng.fork(name_of(kind));  // a stream each: leaving one kind out does not shift the others
    const bool all_the_time = chronic(kind) && own.chance(300'000);
    const bool once = all_the_time || kind == FaultKind::disk_lost;
    const std::uint64_t count = once ? 1 : own.between(1, kind == FaultKind::crash_all ? 2 : 6);
    Duration free_from{};
    for (std::uint64_t i = 0; i < count; ++i) {
      Fault fault{.kind = kind};
      fault.at = Duration(static_cast<Duration::rep>(own.below(static_cast<std::uint64_t>(horizon.count()))));
      if (concerns_links(kind)) fault.at = std::max(fault.at, free_from);
      draw_sides(fault, nodes, own);
      fault.lasts = draw_length(fault, own);
      if (all_the_time) fault.at = {}, fault.lasts = 2 * horizon;
      fault.amount = draw_amount(kind, own);
      free_from = fault.at + fault.lasts + kCalmMin;
      if (fault.at < horizon) faults.push_back(fault);
    }
  }
  std::ranges::stable_sort(faults, {}, &Fault::at);
  return faults;
}

}  // namespace shoal::sim
