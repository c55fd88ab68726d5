// Everything that a seed decides before the first event: the cluster, the links, the disks, the load and the faults.
//
// Drawn swarm-style: first which kinds of faults and operations exist at all, then how often. Runs that lack most
// features reach states that a run with a little of everything never does. (Groce et al., "Swarm Testing", 2012.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/sim/bucket_book.h"
#include "bench/sim/fault.h"
#include "node/base/time.h"
#include "node/core/message.h"

namespace shoal::sim {

enum class DelayProfile : std::uint8_t { lan, slow, heavy_tail };
enum class Action : std::uint8_t { get, put_context, put_blind, put_token, del, list, bad_input, status, count_ };

std::string_view name_of(DelayProfile profile);
std::string_view name_of(Action action);

struct LoadOptions {
  std::uint32_t clients = 3;
  std::uint32_t operations = 220;  // started over all clients before the load ends
  std::uint32_t keys = 8;
  std::uint32_t hot_key_per_million = 0;  // share of operations on the first key
  bool hot_key_in_default = true;         // and not in the first of the other buckets
  std::uint32_t ask_owner_per_million = 600'000;
  std::uint32_t client_dies_per_million = 0;
  std::vector<std::uint32_t> mix;     // weight of each Action
  std::vector<std::int32_t> quorums;  // r and w are drawn from these
  std::vector<Level> levels;          // of reads
  bool only_strong = false;           // every key is in the strong bucket
};

struct Options {
  std::uint64_t seed = 0;
  std::uint32_t nodes = 5;
  std::uint32_t replicas = 3;
  std::uint32_t zones = 1;
  std::vector<std::uint32_t> weights;
  NodeSet relaxed = 0;  // nodes that acknowledge before the disk does
  DelayProfile delays = DelayProfile::lan;
  std::uint64_t sync_usec = 500;             // an ordinary sync takes up to twice this
  std::uint32_t slow_sync_per_million = 0;   // a sync that takes a second or two
  std::uint64_t hint_bytes_max = 1'000'000;  // that a node keeps for others
  std::uint64_t waiting_for_disk_max = 200'000;
  bool restart_all_when_healed = false;
  bool late_joiner = false;  // somebody asks to join after formation is closed
  // After healing, a minority of every key's owners stays down while strong operations are asked for.
  bool minority_stays_down = false;
  Duration horizon{};  // faults begin within this time
  LoadOptions load;
  std::vector<BucketPlan> buckets;  // beside "default"
  std::vector<FaultKind> kinds;
  std::vector<Fault> faults;
};

Options draw_options(std::uint64_t seed);
// The same with all keys in a strong bucket. Two kinds of seeds: safety, whatever the faults are, and, every third one,
// liveness too: with a majority of every key's owners up, each operation must succeed.
Options draw_strong_options(std::uint64_t seed);
constexpr bool is_about_liveness(std::uint64_t seed) { return seed % 3 == 0; }
std::string describe(const Options& options);

}  // namespace shoal::sim
