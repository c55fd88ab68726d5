// Faults as values: a schedule is a list of them, drawn before the run starts, printed when a seed fails, and cut down
// by hand or by `--without` to see which of them matters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/rng.h"
#include "node/base/time.h"

namespace shoal::sim {

using NodeSet = std::uint32_t;  // bit i = node i
inline constexpr std::uint32_t kNodesMax = 16;

constexpr NodeSet only(std::uint32_t node) { return NodeSet{1} << node; }
constexpr bool has(NodeSet set, std::uint32_t node) { return (set & only(node)) != 0; }
constexpr NodeSet first_nodes(std::uint32_t count) { return (NodeSet{1} << count) - 1; }

enum class FaultKind : std::uint8_t {
  // Links. `left` and `right` are sides; a node in neither sees both.
  halves,         // no message between two halves
  isolated_node,  // one node against all others
  random_sides,   // two sides of any size
  one_way,        // nothing from left to right, everything back
  bridge,         // two sides that share one node which sees both
  flapping,       // a cut that opens and closes every `amount` milliseconds
  clogged,        // messages from left to right wait until the fault ends
  lossy,          // `amount` per million messages vanish, between clients and nodes as well
  duplicating,    // `amount` per million messages between nodes arrive twice
  slow_links,     // links between left and right are `amount` times slower
  late_messages,  // `amount` per million messages arrive minutes later
  // Processes; `left` says which.
  crash,           // power cut, restarted after `lasts`
  crash_mid_turn,  // power cut after a turn has written but only part of its messages have left
  crash_all,       // everybody at once
  move,            // power cut, comes back under another address
  pause,           // stands still for `lasts`, then wakes with a backlog and old timers
  // Wall clocks only.
  clock_step,   // jumps by `amount` milliseconds, forwards on even and backwards on odd amounts
  clock_drift,  // runs `amount` parts per million fast (even) or slow (odd)
  // Disks.
  slow_disk,          // every sync takes `amount` milliseconds longer
  full_disk,          // no sync succeeds, new writes are refused
  record_lost,        // one record vanishes under a running node
  record_unreadable,  // one record cannot be read while the fault lasts
  partition_lost,     // all own records of a partition vanish under a running node
  bit_flips,          // up to three records can never be read again
  digests_wrong,      // the stored digests of some leaves are not those of their records
  disk_lost,          // the node and all it held never come back
  count_,
};

std::string_view name_of(FaultKind kind);
bool concerns_links(FaultKind kind);

using FaultKinds = std::uint64_t;  // bit i = FaultKind i
constexpr FaultKinds only(FaultKind kind) { return FaultKinds{1} << static_cast<int>(kind); }
constexpr bool has(FaultKinds kinds, FaultKind kind) { return (kinds & only(kind)) != 0; }

struct Fault {
  FaultKind kind = FaultKind::halves;
  Duration at{};  // since the load began
  Duration lasts{};
  NodeSet left = 0;
  NodeSet right = 0;
  std::uint64_t amount = 0;
};

std::string describe(const Fault& fault);

// The messages of `from` to `to` are cut by this fault, `since` after it began.
bool cuts(const Fault& fault, std::uint32_t from, std::uint32_t to, Duration since);

// A schedule with the given kinds, ordered by time. Partitions keep a minimum length and calm between them; at most
// one disk is lost for ever.
std::vector<Fault> draw_faults(const std::vector<FaultKind>& kinds, std::uint32_t nodes, Duration horizon, Rng rng);

}  // namespace shoal::sim
