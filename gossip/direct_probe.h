// Direct probe: every member asks every other one "are you there?", and believes what it hears itself.
//
// The simplest failure detector that is honest: no rumours, so no node is declared dead on another's word. A member is
// suspect after kSuspectAfter of silence and dead after kDeadAfter; anything heard from it makes it alive again. The
// cost grows with the square of the cluster, which is fine for tens of nodes.
//
//   here -> member   Ping, once a period
//   member -> here   Pong with the same sequence
//
// Invariants:
//  (1) Liveness never changes membership.
//  (2) A member heard from within kSuspectAfter is alive; a new member is given that time before it is judged.
//  (3) While this process itself did not run, nobody's silence counts.
//
// Sans-I/O: `now` is an argument, messages go in and come out as values.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "gossip/liveness.h"
#include "node/base/ids.h"
#include "node/base/time.h"

namespace shoal {

struct Ping {
  std::uint64_t sequence = 0;
};
struct Pong {
  std::uint64_t sequence = 0;
};

// A missed probe costs a user nothing, a false death costs a replica: hence four missed probes before "dead".
inline constexpr Duration kProbePeriod = std::chrono::milliseconds(500);
inline constexpr Duration kSuspectAfter = std::chrono::milliseconds(1200);
inline constexpr Duration kDeadAfter = std::chrono::milliseconds(2200);

class DirectProbe {
 public:
  struct Outgoing {
    NodeId to;
    bool reply = false;  // Pong instead of Ping
    std::uint64_t sequence = 0;
  };
  struct Change {
    NodeId node;
    Liveness liveness;
  };

  explicit DirectProbe(NodeId self) : self_(self) {}

  // The members to watch, this node may be among them. Those that left are forgotten.
  void watch(const std::vector<NodeId>& members, Instant now);

  void on_ping(NodeId from, const Ping& ping, Instant now);
  void on_pong(NodeId from, const Pong& pong, Instant now);
  void tick(Instant now);
  [[nodiscard]] Instant next_deadline() const { return next_probe_; }

  std::vector<Outgoing> take_outbox();
  // What has changed since the last call.
  std::vector<Change> take_changes();

 private:
  struct Watched {
    Instant heard;
    Liveness liveness = Liveness::alive;
  };

  void heard(NodeId from, Instant now);
  void excuse(Duration late, Instant now);
  void judge(NodeId node, Watched& watched, Liveness liveness);

  NodeId self_;
  std::map<NodeId, Watched> members_;
  std::uint64_t sequence_ = 0;
  Instant next_probe_ = Instant::min();
  std::vector<Outgoing> outbox_;
  std::vector<Change> changes_;
};

}  // namespace shoal
