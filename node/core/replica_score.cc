#include "node/core/replica_score.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace shoal {
namespace {

constexpr double kKept = 0.9;

void smooth(double& average, double sample, bool first) {
  average = first ? sample : kKept * average + (1 - kKept) * sample;
}

}  // namespace

void ReplicaScores::settled(NodeId peer) {
  Peer& known = peers_[peer];
  known.outstanding -= std::min(known.outstanding, 1U);
}

void ReplicaScores::answered(NodeId peer, Duration took, Instant now) {
  Peer& known = peers_[peer];
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  smooth(known.answer_us, static_cast<double>(us), !known.heard);
  known.heard = true;
  known.last_heard = now;
}

void ReplicaScores::unanswered(NodeId peer, Duration waited, Instant now) {
  settled(peer);
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(waited).count();
  if (static_cast<double>(us) > peers_[peer].answer_us) answered(peer, waited, now);  // else it says nothing
}

void ReplicaScores::reported(NodeId peer, const Load& load, Instant now) {
  Peer& known = peers_[peer];
  smooth(known.queued, load.queued, false);
  smooth(known.service_us, std::max<double>(load.service_us, kServiceUsMin), false);
  known.last_heard = std::max(known.last_heard, now);
}

double ReplicaScores::psi(const Peer& peer, std::size_t coordinators) {
  const double queue = 1 + static_cast<double>(peer.outstanding) * static_cast<double>(coordinators) + peer.queued;
  return peer.answer_us - peer.service_us + queue * queue * queue * peer.service_us;
}

std::vector<double> ReplicaScores::scores(std::span<const NodeId> nodes, std::size_t coordinators, Instant now) const {
  std::optional<double> best;
  for (const NodeId node : nodes) {
    const auto peer = peers_.find(node);
    if (peer == peers_.end() || !peer->second.heard) continue;
    const double score = psi(peer->second, coordinators);
    best = std::min(best.value_or(score), score);
  }
  std::vector<double> all;
  for (const NodeId node : nodes) {
    const auto known = peers_.find(node);
    const Peer peer = known != peers_.end() ? known->second : Peer{};
    if (peer.heard) {
      const auto halvings = std::clamp<std::int64_t>((now - peer.last_heard) / kHalfLife, 0, 60);
      all.push_back(*best + std::ldexp(psi(peer, coordinators) - *best, -static_cast<int>(halvings)));
    } else {
      all.push_back(best.value_or(0) + psi(peer, coordinators));  // of a peer never heard: its open questions alone
    }
  }
  return all;
}

std::uint32_t ReplicaScores::outstanding(NodeId peer) const {
  const auto known = peers_.find(peer);
  return known != peers_.end() ? known->second.outstanding : 0;
}

}  // namespace shoal
