// Replica scores: which replica would answer soonest, by what all of them said lately. Lower is better.
//
//   psi = R - 1/mu + q^3 / mu        q = 1 + outstanding * coordinators + q_server
//
// R is the smoothed answer time as seen here, 1/mu the smoothed service time and q_server the smoothed queue that the
// peer reports, `outstanding` what this node has asked and not heard. The cube makes a long queue repel faster than a
// fast disk attracts; multiplying by the number of coordinators assumes that the others do as we do, which keeps them
// from all running to the same replica at once. All averages keep nine tenths of the old value.
//
// A peer that is never asked is never heard, so a bad score would ban it for good: the distance to the best score
// halves with every kHalfLife of silence (as Elasticsearch had to learn), and who was never heard is as good as the
// best. A question that was given up counts as an answer that took as long as it was waited for: else a peer that hangs
// would be as good as when it was last heard, and be asked again and again.
//
// C3: Suresh et al., "Cutting Tail Latency in Cloud Data Stores via Adaptive Replica Selection", NSDI 2015.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "node/base/ids.h"
#include "node/base/time.h"
#include "node/core/message.h"

namespace shoal {

class ReplicaScores {
 public:
  static constexpr Duration kHalfLife = std::chrono::seconds(1);
  static constexpr double kServiceUsMin = 20;  // also of a peer that says 0: answering from memory costs something

  void asked(NodeId peer) { peers_[peer].outstanding += 1; }
  // The question is not awaited any longer.
  void settled(NodeId peer);
  void answered(NodeId peer, Duration took, Instant now);
  // A question that was asked `waited` ago is given up; `settled` as well.
  void unanswered(NodeId peer, Duration waited, Instant now);
  void reported(NodeId peer, const Load& load, Instant now);

  // In microseconds, one for each of `nodes`. `coordinators`: how many nodes ask as this one does.
  [[nodiscard]] std::vector<double> scores(std::span<const NodeId> nodes, std::size_t coordinators, Instant now) const;
  [[nodiscard]] std::uint32_t outstanding(NodeId peer) const;

 private:
  struct Peer {
    std::uint32_t outstanding = 0;
    bool heard = false;
    Instant last_heard{};
    double answer_us = 0;
    double service_us = kServiceUsMin;
    double queued = 0;
  };
  [[nodiscard]] static double psi(const Peer& peer, std::size_t coordinators);

  std::map<NodeId, Peer> peers_;
};

}  // namespace shoal
