// What nodes and clients say to each other about anti-entropy, as values. As all messages (message.h), a question
// carries a CallId and its answer repeats it.
#pragma once

#include <cstdint>
#include <vector>

#include "merkle/exchange.h"
#include "node/base/ids.h"
#include "node/base/kind.h"
#include "node/base/result.h"
#include "node/base/time.h"
#include "vclock/record.h"

namespace shoal {

// ---- between nodes: merkle/exchange.h tells the idea, node/core/anti_entropy.h what is done with it
// An answerer whose membership document has another epoch refuses (Errc::refused): the trees' shared part differs.

struct ComparePair {
  CallId call;
  Epoch epoch;
  PairQuestion question;
};

struct PairCompared {
  CallId call;
  Errc outcome = Errc::ok;
  PairAnswer answer;
};

struct CompareBranches {
  CallId call;
  Epoch epoch;
  BranchQuestion question;
};

struct BranchesCompared {
  CallId call;
  Errc outcome = Errc::ok;
  BranchAnswer answer;
};

// A record's digest, cut to 64 bits. 0: nothing is held.
struct Element {
  Slot slot;
  std::uint64_t digest = 0;
  friend bool operator==(const Element&, const Element&) = default;
};

// Everything that the asker holds in these leaves.
struct CompareElements {
  CallId call;
  Epoch epoch;
  std::vector<LeafId> leaves;
  std::vector<Element> elements;  // ascending by slot
};

// About the first `covered` of the leaves.
struct ElementsCompared {
  CallId call;
  Errc outcome = Errc::ok;
  std::uint32_t covered = 0;
  std::vector<Element> differing;  // as the answerer holds them
};

struct PullStates {
  CallId call;
  Epoch epoch;
  std::vector<Slot> slots;
  bool bare = false;  // with values emptied
};

struct KeyedState {
  Key key;
  Kind kind = Kind::siblings;
  RecordPtr state;
};

// About the first `covered` of the slots: what is in neither list is not held.
struct StatesPulled {
  CallId call;
  Errc outcome = Errc::ok;
  std::uint32_t covered = 0;
  std::vector<KeyedState> states;
  std::vector<Slot> unreadable;
};

struct PushStates {
  CallId call;
  Epoch epoch;
  std::vector<KeyedState> states;
};

// Sent as Replicated is: when the states are on the disk, where the node promises `sync`.
struct StatesPushed {
  CallId call;
  Errc outcome = Errc::ok;
};

// ---- between a client and a node -------------------------------------------------------------------------------

// Anti-entropy at one node. `start`: compare with all peers now. `scrub`: check all own records now.
struct RepairRequest {
  CallId call;
  bool start = false;
  bool scrub = false;
};

// Partitions that two nodes share and that were last proven equal at the same time.
struct ProvenRange {
  PartitionId first;
  PartitionId last;
  std::uint32_t shared = 0;   // so many of them
  std::int64_t since_ms = 0;  // ago; -1: not in this life of the node
};

struct PeerRepair {
  NodeId peer;
  bool running = false;
  std::uint32_t partitions = 0;       // shared
  std::uint32_t partitions_done = 0;  // of the exchange that is running
  std::uint64_t exchanges = 0;        // ended, in this life of the node; as are all that follow
  std::uint64_t unfinished = 0;       // exchanges that broke off
  std::uint64_t differences = 0;      // records found to differ
  std::uint64_t pulled = 0;           // states taken from the peer
  std::uint64_t pushed = 0;           // states given to it
  std::uint64_t bytes = 0;            // in questions, answers and states, about
  std::uint64_t asked = 0;            // by `start`, or because the peer has missed a write for certain
  std::uint64_t asked_done = 0;       // the newest of those that has ended with both equal or repaired
  std::vector<ProvenRange> proven;    // ascending
};

struct ScrubReport {
  bool running = false;           // somebody asked for one
  std::uint32_t branches = 0;     // of the tree
  std::uint32_t done = 0;         // of this cycle
  std::uint64_t cycles = 0;       // ended, in this life of the node; as are all that follow
  std::uint64_t records = 0;      // read
  std::uint64_t damaged = 0;      // found
  std::uint64_t restored = 0;     // from peers
  std::uint64_t given_up = 0;     // no owner holds it
  std::uint64_t corrected = 0;    // leaves whose digest was wrong
  std::uint64_t quarantined = 0;  // now
  std::uint64_t unreadable = 0;   // branches that could not be read through
};

struct RepairReply {
  CallId call;
  NodeId node;
  std::vector<PeerRepair> peers;  // by id
  ScrubReport scrub;
  Millis interval{};  // between two exchanges with the same peer
};

// Which keys do the asked node and `peer` hold differently? Compares, and repairs nothing.
struct DiffRequest {
  CallId call;
  NodeId peer;
  std::uint32_t limit = 1000;  // keys named
  Millis timeout{10'000};
};

struct KeyDiff {
  Key key;
  RecordPtr here;   // causality only, values emptied; null: nothing
  RecordPtr there;  // the same
};

struct PartitionDiff {
  PartitionId partition;
  std::uint32_t leaves = 0;  // that differ
};

struct DiffReply {
  CallId call;
  Error outcome;
  std::uint32_t partitions = 0;       // shared
  std::vector<PartitionDiff> differ;  // ascending
  std::uint64_t differences = 0;      // records
  std::vector<KeyDiff> keys;          // by slot, the first ones
};

}  // namespace shoal
