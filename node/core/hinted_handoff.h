// Hinted handoff: brings the hints that this node keeps to their owners.
//
// The idea: for every owner that is alive and has hints here, walk them in slot order, a few on the way at a time,
// within a rate for all owners together. An owner that stays silent or refuses is left alone for a while, longer each
// time. When the walk is over and something is left (it changed on the way, or was refused), it starts again.
//
//   here  -> owner   Replicate{handoff}
//   owner -> here    Replicated, after the commit that holds the state, whatever the owner's mode
//
// Invariants:
//  (1) A hint is dropped only after the owner's durable acknowledgement of exactly what it holds now.
//  (2) At most kWindow states are on the way to one owner, and no more bytes a second leave than the rate allows.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "node/base/byte_rate.h"
#include "node/base/time.h"
#include "node/core/hints.h"
#include "node/core/services.h"

namespace shoal {

class HintedHandoff {
 public:
  static constexpr std::size_t kWindow = 32;
  static constexpr Duration kAnswerWithin = std::chrono::seconds(3);
  static constexpr Duration kBackOffMin = std::chrono::milliseconds(250);
  static constexpr Duration kBackOffMax = std::chrono::seconds(30);

  // `bytes_per_second`: of all handoffs of this node together.
  HintedHandoff(Services& services, std::uint64_t bytes_per_second);

  // True when the answer was to one of ours.
  bool on_replicated(NodeId from, const Replicated& reply, Now now);
  void on_liveness(NodeId owner, Liveness liveness, Now now);
  // Somebody asks: all of it, now.
  void deliver_now(Now now);
  void tick(Now now);

  [[nodiscard]] Instant next_deadline() const;
  // When the owner is tried next; absent: not before it is alive, or now.
  [[nodiscard]] Instant next_try(NodeId owner) const;

 private:
  struct OnTheWay {
    Place place;
    EntryPtr sent;
  };
  struct Walk {
    std::optional<Place> after;
    std::map<CallId, OnTheWay> on_the_way;
    Instant answer_by = kNever;
    Instant next_try{};
    Duration back_off = kBackOffMin;
  };

  void advance(NodeId owner, Walk& walk, Now now);
  void send(NodeId owner, Walk& walk, const PlacedEntry& hint, Now now);
  void step_back(Walk& walk, Now now);
  static void start_again(Walk& walk, Now now);

  Services& services_;
  ByteRate rate_;
  std::map<NodeId, Walk> walks_;
};

}  // namespace shoal
