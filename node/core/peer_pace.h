// Peer pace: what this node has learned of how fast its peers answer, in one place: whom to ask first, how long to wait
// before asking again, and when a second question to somebody else is worth it.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "node/base/latency_window.h"
#include "node/core/hedge_budget.h"
#include "node/core/peers.h"
#include "node/core/replica_score.h"
#include "node/core/round_trip.h"
#include "node/ring/membership.h"

namespace shoal {

class PeerPace {
 public:
  explicit PeerPace(NodeId self) : self_(self) {}

  // ---- what happens. A question to this node itself is not counted.
  void asked(NodeId peer);
  // `took` only when it is known which question was answered, and when the answer did not wait for a disk.
  void answered(NodeId peer, std::optional<Duration> took, const Load& load, Instant now);
  void reported(NodeId peer, const Load& load, Instant now);
  void timed_out(NodeId peer);
  // The answer to a question of `waited` ago is not awaited any longer.
  void gave_up(NodeId peer, Duration waited, Instant now);
  void on_request() { budget_.on_request(); }

  // ---- what follows from it.
  // This node, then the nearest and fastest; who is suspected last. Stable: equals keep their order.
  [[nodiscard]] std::vector<NodeId> fastest_first(std::vector<NodeId> nodes, const Peers& peers,
                                                  const Membership& document, Instant now) const;
  [[nodiscard]] Duration timeout(NodeId peer) const;
  // When 95 of 100 answers of this peer would have come; of one that has not answered for long, as it was last known.
  // Absent while it never was.
  [[nodiscard]] std::optional<Duration> patience(NodeId peer, Instant now) const;
  // May one more question be asked? Not beyond the budget, and not while most peers are slow.
  bool take_hedge();

 private:
  struct Peer {
    RoundTrip round_trip;
    LatencyWindow answers;
    std::optional<Duration> tail;  // the last one that the window told
    bool slow = false;             // its last answer came after its 95th percentile, or not in time
  };
  [[nodiscard]] bool most_are_slow() const;

  NodeId self_;
  ReplicaScores scores_;
  HedgeBudget budget_;
  std::map<NodeId, Peer> peers_;
};

}  // namespace shoal
