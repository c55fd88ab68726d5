// Scenario: what a study is about, as a value: a cluster, its links, disks and clocks, a load, and faults. Both drivers
// run it. docs/study.md says how it is written as a file (scenario_file.h reads it).
//
// Nodes are numbered from 0 here and named n1, n2, ... for people.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/study/distribution.h"
#include "node/base/level.h"
#include "node/core/study_switches.h"
#include "node/ring/membership.h"

namespace shoal::study {

struct ClusterPlan {
  std::uint32_t nodes = 5;
  std::uint32_t replicas = 3;
  std::uint32_t partitions = kPartitionsMin;
  std::vector<std::string> zones = {"z1"};  // node i is in zone i modulo their number
  bool sync = true;                         // acknowledgements wait for the disk
  std::vector<Bucket> buckets;              // beside "default"
  StudySwitches switches;
  double repair_interval_s = 10;
  double repair_mib_per_s = 8;
  double scrub_s = 604'800;  // in which all records are read once; whole days on real nodes
  double handoff_mib_per_s = 1;
  double hints_max_mib = 1024;
  bool gossip_only = false;  // failure detectors alone: no data, no load
};

// The kinds of messages that the WARS model tells apart; `other` is everything else, gossip too.
enum class Leg : std::uint8_t { write, ack, read, response, other, client, count_ };
inline constexpr auto kLegs = static_cast<std::size_t>(Leg::count_);
std::string_view name_of(Leg leg);

struct LinkQuality {
  std::array<Distribution, kLegs> delay;
  double loss = 0;        // share of messages, 0 to 1
  double duplicate = 0;   // arrive twice
  bool in_order = false;  // a message never overtakes an earlier one of its link
};

// Nodes, written as names, zones ("zone:a") or "*".
using Nodes = std::vector<std::uint32_t>;

// Replaces what `links` says between these nodes, from -> to.
struct LinkRule {
  Nodes from;
  Nodes to;
  LinkQuality quality;
};

struct DiskPlan {
  Distribution sync = Distribution::constant(0.5);
};

struct ClockPlan {
  std::uint32_t node = 0;
  double offset_ms = 0;
  double drift_ppm = 0;
};

enum class KeyChoice : std::uint8_t { uniform, zipfian, hotspot, fresh };  // fresh: every put makes a key of its own
enum class Contexts : std::uint8_t {
  read_first,  // a put reads the key and replaces what it saw
  last_seen,   // it replaces what this client last read or wrote of the key
  none,        // blind: it lands beside what is there; a compare-and-set still needs something to expect: as last_seen
};

struct Workload {
  std::string name = "load";
  std::string bucket = "default";
  double rate = 100;  // operations a second, all clients together, started without waiting for others (open loop)
  double begin_s = 0;
  double end_s = -1;  // -1: with the load
  std::uint32_t clients = 8;
  bool sessions = false;
  std::uint32_t get = 50;  // weights
  std::uint32_t put = 50;
  std::uint32_t del = 0;
  std::uint32_t cas = 0;
  std::uint32_t keys = 100;
  bool fill = true;  // every key is there from the start, at all owners; strong buckets begin empty
  KeyChoice choice = KeyChoice::uniform;
  double zipf_theta = 0.99;
  double hot_share = 0.8;       // hotspot: this share of operations...
  double hot_keys_share = 0.2;  // ...goes to this share of the keys
  std::uint32_t value_min = 100;
  std::uint32_t value_max = 100;
  std::int32_t r = 0;  // 0: the bucket's, -1: all
  std::int32_t w = 0;
  Level level = Level::quorum;
  Contexts contexts = Contexts::read_first;
  double timeout_ms = 1000;
  std::uint32_t retries = 2;      // further nodes that a client asks when one is silent, within its budget, or refuses
  Nodes near;                     // the clients reach these nodes alone; empty: all
  std::vector<double> probes_ms;  // after each acknowledged put, reads of its key at these distances
};

enum class FaultWord : std::uint8_t {
  // Links.
  partition,  // no message between groups; one_way: none from the first to the others; a node in no group sees all
  isolate,    // one node, cut from all others
  bridge,     // two groups that meet in one node
  ring,       // every node sees its neighbours alone
  delay,      // `delay` is added
  slow,       // delays are `factor` times as long
  loss,
  duplicate,
  reorder,  // a share of messages is held back for a draw of `delay`
  corrupt,  // a share of messages arrives damaged: the receiver refuses them
  // Processes.
  crash,    // power cut: what was not synced is lost
  kill,     // the process dies (kill -9), the machine does not: what was written is there
  restart,  // ends in order and comes back at once
  pause,    // SIGSTOP, SIGCONT
  // Wall clocks.
  clock_jump,   // by offset_ms
  clock_drift,  // drift_ppm fast
  // Disks.
  disk_slow,  // a sync takes `delay` longer
  disk_full,
  disk_error,      // no sync succeeds
  lost_sync,       // syncs are reported and not done: what a power cut at the end of the fault takes away
  disk_lost,       // the disk and all that was on it is gone; the node does not come back
  partition_lost,  // `amount` partitions vanish from the node's disk
  record_lost,     // `amount` records vanish
  bit_flip,        // `amount` records get a flipped bit
  count_,
};
std::string_view name_of(FaultWord word);
// Whether it is about links between nodes.
bool concerns_links(FaultWord word);

struct Fault {
  FaultWord word = FaultWord::partition;
  double at_s = 0;
  double for_s = 0;
  std::vector<Nodes> groups;  // partition, bridge; of others the first names the nodes concerned
  Nodes to;                   // links: towards these alone; empty: all
  bool one_way = false;
  double share = 0;      // loss, duplicate, reorder, corrupt: 0 to 1
  double factor = 1;     // slow
  double offset_ms = 0;  // clock_jump
  double drift_ppm = 0;  // clock_drift
  std::uint32_t amount = 1;
  Distribution delay;
};

// Faults drawn at random: `per_minute` of them on the average, of these words, each this long.
struct RandomFaults {
  double per_minute = 0;
  std::vector<FaultWord> words;
  Distribution lasts;
};

enum class Keep : std::uint8_t { all, none };

struct Scenario {
  std::string name;
  std::string title;
  std::string about;     // what it teaches, a paragraph
  double seconds = 60;   // of load
  double settle_s = 30;  // afterwards, healed: until all owners are equal, at most
  double sample_ms = 100;
  Keep history = Keep::all;
  std::uint32_t seeds = 1;
  ClusterPlan cluster;
  LinkQuality links;
  std::vector<LinkRule> link_rules;
  DiskPlan disk;
  std::vector<ClockPlan> clocks;
  std::vector<Workload> workloads;
  std::vector<Fault> faults;  // with those that were drawn, once they are
  RandomFaults random;
};

// One way to run it: the base with some of its settings changed.
struct Variant {
  std::string name;  // "" for the base alone
  Scenario scenario;
};

struct StudyFile {
  std::string text;               // as it was read
  std::vector<Variant> variants;  // at least one
};

// The kind of a bucket of the cluster, "default" included.
Kind kind_of(const ClusterPlan& cluster, std::string_view bucket);

// With random faults drawn and sorted by time: what a seed makes of it.
Scenario with_faults_drawn(Scenario scenario, std::uint64_t seed);

// How many replies the workload's reads (writes) wait for, a majority being a number here.
std::int32_t replies_read(const Scenario& scenario, const Workload& load);
std::int32_t replies_written(const Scenario& scenario, const Workload& load);

std::string node_name(std::uint32_t node);
std::string zone_of(const ClusterPlan& cluster, std::uint32_t node);
// Of the fault's nodes and groups, for people: "n1, n2 | n3".
std::string where(const Fault& fault);

}  // namespace shoal::study
