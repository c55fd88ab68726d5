// What a laboratory orders at a node and reads from it, as values (docs/operations.md, "The laboratory"). As all
// messages (message.h), a question carries a CallId and its answer repeats it.
//
// A node answers these only when it was started with --allow-faults, and only to those who know its token: its driver
// sees to that, and obeys the orders about faults itself. The brain answers what is observed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/hash.h"
#include "node/base/ids.h"
#include "node/base/result.h"
#include "node/base/time.h"
#include "node/core/repair_traffic.h"
#include "vclock/version_vector.h"

namespace shoal {

enum class FaultKind : std::uint8_t {
  cut = 0,        // frames are lost, all of them
  delay = 1,      // frames arrive later by least to most
  loss = 2,       // a share of frames is lost
  duplicate = 3,  // a share of frames arrives twice
  reorder = 4,    // a share of frames is held back by least to most, so that later ones overtake it
  corrupt = 5,    // a share of frames arrives with a flipped bit: the receiver refuses them
  clock = 6,      // the node's wall clock is off by offset and drifts; what measures time spans is never touched
  disk_slow = 7,  // each sync of the commit log waits least to most first
  disk_full = 8,  // each sync of the commit log fails: no room
  disk_error = 9,
};

inline constexpr std::array<std::string_view, 10> kFaultNames = {
    "cut", "delay", "loss", "duplicate", "reorder", "corrupt", "clock", "disk_slow", "disk_full", "disk_error"};
constexpr std::string_view name_of(FaultKind kind) { return kFaultNames[static_cast<std::size_t>(kind)]; }
// It is about frames, and so has peers, a way and a share.
constexpr bool concerns_links(FaultKind kind) { return kind <= FaultKind::corrupt; }

// Seen from the node that has the rule.
enum class FaultWay : std::uint8_t { out = 0, in = 1, both = 2 };

struct FaultRule {
  static constexpr std::uint32_t kAll = 1'000'000;

  FaultKind kind = FaultKind::cut;
  std::vector<std::string> peers;  // links: members by name or id; none: all of them
  FaultWay way = FaultWay::both;   // links; `corrupt` strikes what the node sends
  std::uint32_t share = kAll;      // of frames, per million
  Millis least{};
  Millis most{};
  Millis offset{};
  std::int64_t drift_ppm = 0;
  Millis lasts{};  // required: nothing that somebody forgets stays in force
};

enum class FaultsOp : std::uint8_t { list = 0, add = 1, clear = 2 };

struct FaultsRequest {
  CallId call;
  std::string token;
  FaultsOp op = FaultsOp::list;
  std::vector<FaultRule> rules;    // add: all of them or none
  std::vector<std::uint64_t> ids;  // clear: these; none: everything
};

struct FaultInForce {
  std::uint64_t id = 0;
  FaultRule rule;  // peers by name
  Millis left{};
  std::uint64_t struck = 0;  // frames or syncs so far
  std::string text;          // what it does, for people
};

struct FaultsReply {
  CallId call;
  NodeId node;
  Error outcome;
  std::vector<FaultInForce> faults;  // by id
};

// What does the asked node itself hold of these keys? Read straight from its store: nothing is repaired by it.
struct ObserveRequest {
  static constexpr std::size_t kKeysMax = 10'000;

  CallId call;
  std::string token;
  std::vector<Key> keys;
};

struct ObservedCopy {
  Errc outcome = Errc::ok;     // anything else: the copy cannot be read
  VersionVector clock;         // empty: nothing is held
  std::uint32_t siblings = 0;  // live values: no tombstones
  Hash128 digest;              // of the state's causality; equal exactly when the states are
};

struct ObserveReply {
  CallId call;
  NodeId node;
  Error outcome;
  std::vector<ObservedCopy> copies;  // in the order of the keys
  std::uint64_t hints = 0;           // held for others, now
  std::uint64_t hint_bytes = 0;
  RepairTraffic traffic;
};

}  // namespace shoal
