// What a cluster says of itself: members, placement, hints, events, buckets, and why a key is as it is. Plain values,
// for programs that watch a cluster; who only reads and writes needs none of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shoal {

using Millis = std::chrono::milliseconds;
using WallClock = std::chrono::system_clock;

struct MemberStatus {
  std::string id;  // 16 hex digits
  std::string name;
  std::string address;  // HOST:PORT of clients
  std::string zone;
  std::uint32_t weight = 0;
  std::string state;                           // joining, member, leaving, removed
  std::string liveness;                        // alive, suspect, dead: as the node that answered believes
  std::optional<WallClock::time_point> since;  // by that node's clock; absent: since it started
};

struct BucketStatus {
  std::string name;               // 1 to 64 bytes
  std::string kind = "siblings";  // or lww, strong; fixed when it is created
  int r = 0;                      // what requests get that do not say otherwise; 0: a majority, -1: all
  int w = 0;
};

struct CounterStatus {
  std::string name;
  std::uint64_t count = 0;  // since the node started
};

// One node's own view.
struct NodeStatus {
  std::string cluster;  // 16 hex digits
  std::string id;
  std::string name;
  std::string incarnation;  // one process start
  std::uint64_t epoch = 0;  // number of its membership document
  std::uint32_t partitions = 0;
  std::uint32_t replicas = 0;
  bool forming = false;  // members may still join
  std::vector<MemberStatus> members;
  std::vector<BucketStatus> buckets;  // `default` among them
  std::vector<std::string> voters;    // ids of the members that choose the next membership document
  bool voters_named = false;          // by a person: the cluster does not choose others by itself
  std::uint64_t records = 0;          // on this node, deleted ones included
  std::uint64_t requests_open = 0;
  std::string store_trouble;               // empty, or why writes are refused
  bool sync = true;                        // acknowledged means on disk
  std::uint64_t hint_bytes = 0;            // kept for members that could not be reached
  std::uint64_t hint_bytes_max = 0;        // beyond it the node stands in for nobody
  std::uint64_t partitions_to_repair = 0;  // pairs of an owner and a partition that missed writes nobody keeps
  std::vector<CounterStatus> counters;
  bool faults_allowed = false;     // started for a laboratory: no node for data that matters
  std::uint32_t faults = 0;        // in force
  std::vector<std::string> study;  // what a study has switched: "hints off", ...
};

// Who answers for an owner that is dead.
struct StandIn {
  std::string owner;
  std::string by;  // empty: nobody is left
};

// Where a key lives.
struct Placement {
  std::string slot;  // 32 hex digits
  std::uint32_t partition = 0;
  std::vector<MemberStatus> owners;
  std::vector<MemberStatus> fallbacks;  // in the order in which they stand in
  std::vector<StandIn> stand_ins;       // one for each dead owner
};

// What a node keeps for one owner that could not be reached.
struct HintQueueStatus {
  std::string owner;  // its name
  std::string owner_id;
  std::uint64_t hints = 0;
  std::uint64_t bytes = 0;
  std::uint64_t delivered = 0;     // since the node started
  std::optional<Millis> next_try;  // absent: not before the owner is alive
};

struct HintStatus {
  std::string id;
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_max = 0;
  std::vector<HintQueueStatus> queues;
};

struct NodeEvent {
  std::uint64_t number = 0;  // 1, 2, 3, ... of one life of the node
  WallClock::time_point time;
  std::string kind;   // started, member_dead, document_adopted, ...
  std::string about;  // a member's name; empty: the node itself
  std::string text;
};

struct NodeEvents {
  std::string id;
  std::string name;
  std::string incarnation;
  std::vector<NodeEvent> events;  // ascending; the oldest are forgotten
};

struct SnapshotStatus {
  std::string name;
  std::string state;  // complete, being made, failed
  WallClock::time_point created;
  std::uint64_t entries = 0;  // records and hints in it, so far
  std::uint64_t entries_expected = 0;
  std::uint64_t bytes = 0;  // on the disk
  std::string trouble;      // why it failed
};

struct NodeSnapshots {
  std::string id;
  std::string name;
  std::string folder;  // of that machine
  std::vector<SnapshotStatus> snapshots;
};

// Partitions that two nodes share and that were last proven equal at the same time.
struct ProvenStatus {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint32_t shared = 0;     // so many of first to last
  std::optional<Millis> since;  // ago; absent: not since the node started
};

// What a node and one peer did to hold the same. Counts are of this life of the node, and of what it began itself.
struct PeerRepairStatus {
  std::string peer;  // its name
  std::string peer_id;
  bool running = false;
  std::uint32_t partitions = 0;       // that both own
  std::uint32_t partitions_done = 0;  // of the comparison that is running
  std::uint64_t exchanges = 0;        // comparisons that have ended
  std::uint64_t unfinished = 0;       // that broke off
  std::uint64_t differences = 0;      // records found to differ
  std::uint64_t pulled = 0;           // states taken from the peer
  std::uint64_t pushed = 0;           // states given to it
  std::uint64_t bytes = 0;            // that this took, about
  std::uint64_t asked = 0;            // how often somebody has asked for a comparison
  std::uint64_t asked_done = 0;       // the newest of those that is done
  std::vector<ProvenStatus> proven;   // ascending
};

// How far a node is with checking its own records. Counts are of this life of the node.
struct ScrubStatus {
  bool running = false;           // somebody asked for it; otherwise it goes on slowly
  double done = 0;                // of this cycle: 0 to 1
  std::uint64_t cycles = 0;       // that have ended
  std::uint64_t records = 0;      // read
  std::uint64_t damaged = 0;      // found
  std::uint64_t restored = 0;     // from other owners
  std::uint64_t given_up = 0;     // no owner holds it
  std::uint64_t corrected = 0;    // leaves whose digest was wrong
  std::uint64_t quarantined = 0;  // damaged, and not restored yet
  std::uint64_t unreadable = 0;   // parts of the store that could not be read through
};

struct RepairStatus {
  std::string id;
  std::string name;
  Millis interval{};  // between two comparisons with the same peer
  std::vector<PeerRepairStatus> peers;
  ScrubStatus scrub;
};

// One write that is alive in a record.
struct LiveWrite {
  std::string actor;  // INCARNATION/EPOCH
  std::uint64_t counter = 0;
  WallClock::time_point written;
  std::uint64_t bytes = 0;
  bool deletion = false;
};

struct ClockEntry {
  std::string actor;
  std::uint64_t counter = 0;
};

// What a node holds of a key.
struct Holding {
  std::vector<ClockEntry> clock;
  std::vector<LiveWrite> writes;
  std::uint64_t losers = 0;  // concurrent values that it dropped, in a bucket of kind lww
  std::string digest;        // 32 hex digits; equal exactly when the states are
};

struct ReplicaReport {
  std::string name;
  std::string id;
  std::string liveness;
  bool owner = false;
  bool answered = false;
  std::string trouble;          // why it cannot read what it has
  std::optional<Holding> copy;  // absent: it holds none
  std::optional<Holding> hint;  // what it keeps for others
  std::vector<std::string> hints_for;
  std::vector<std::string> behind;  // nodes that hold something that its copy has not seen
  bool to_repair = false;           // it missed a write that nobody keeps for it
};

// A key that two nodes hold differently. Of what they hold, digests, losers and the values' sizes are not told.
struct KeyDifference {
  // only_here, only_there, here_behind, there_behind, concurrent; different: as new as each other, and not the same
  std::string difference;
  std::string bucket;
  std::string key;
  std::optional<Holding> here;  // absent: nothing, or nothing that can be read
  std::optional<Holding> there;
};

struct PartitionDifference {
  std::uint32_t partition = 0;
  std::uint32_t leaves = 0;  // of its 256
};

// What two nodes hold differently: `here` is the one that was asked.
struct NodeDifference {
  std::string here;
  std::string there;
  std::uint32_t partitions = 0;  // that both own
  std::vector<PartitionDifference> differ;
  std::uint64_t differences = 0;    // records
  std::vector<KeyDifference> keys;  // the first of them
};

// Why a key is as it is.
struct Explanation {
  std::string kind;  // of its bucket
  std::uint32_t partition = 0;
  std::vector<ReplicaReport> replicas;  // in rank order, owners first
  std::vector<std::string> problems;    // one sentence each: what is wrong, and what will fix it
};

}  // namespace shoal
