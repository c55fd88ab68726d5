// What failure detectors say to each other, as values.
//
// Every message with rumours begins with its sender's own: "I am alive, in this life, with this number". So whoever
// hears a member hears its newest state, whatever was lost before. What else is known rides along (dissemination.h).
//
//   A -> T        Ping                     "are you there?"
//   T -> A        Pong                     the same sequence
//   A -> H        PingRequest              T is silent: H asks it with a Ping of its own and passes the Pong on
//   H -> A        Nack                     T is silent to H, too; proves that A and H hear each other (Lifeguard)
//   A -> B        Gossip                   rumours that could not wait for the next probe
//   A -> B        StateDigest              "is this what you know?"
//   B -> A -> B   StateExchange            it is not: each tells the other everything
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "gossip/member_table.h"
#include "node/base/hash.h"
#include "node/base/ids.h"

namespace shoal {

// Limits at the border: what is longer is malformed. A rumour takes some 20 to 30 bytes.
inline constexpr std::size_t kRumoursMax = 32;
inline constexpr std::size_t kStatesMax = 1024;  // larger clusters exchange their states in several messages

struct Rumour {
  NodeId node;
  PeerState state;
  NodeId accuser;  // who suspects it, or has declared it dead; none for rumours of life and for hearsay
  friend bool operator==(const Rumour&, const Rumour&) = default;
};

struct Ping {
  std::uint64_t sequence = 0;
  std::vector<Rumour> rumours;
};

struct Pong {
  std::uint64_t sequence = 0;
  std::vector<Rumour> rumours;
};

struct PingRequest {
  std::uint64_t sequence = 0;
  NodeId target;
  std::vector<Rumour> rumours;
};

struct Nack {
  std::uint64_t sequence = 0;
};

struct Gossip {
  std::vector<Rumour> rumours;
};

struct StateDigest {
  Hash128 digest;
};

struct StateExchange {
  bool reply_wanted = false;
  std::vector<Rumour> states;
};

using GossipMessage = std::variant<Ping, Pong, PingRequest, Nack, Gossip, StateDigest, StateExchange>;

}  // namespace shoal
