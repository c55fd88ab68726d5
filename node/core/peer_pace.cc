#include "node/core/peer_pace.h"

#include <algorithm>
#include <tuple>

namespace shoal {
namespace {

constexpr std::uint32_t kTailPermille = 950;

}  // namespace

void PeerPace::asked(NodeId peer) {
  if (peer != self_) scores_.asked(peer);
}

void PeerPace::answered(NodeId peer, std::optional<Duration> took, const Load& load, Instant now) {
  if (peer == self_) return;
  scores_.settled(peer);
  scores_.reported(peer, load, now);
  if (!took) return;
  scores_.answered(peer, *took, now);
  Peer& known = peers_[peer];
  known.tail = patience(peer, now);
  known.slow = known.tail && *took > *known.tail;
  known.round_trip.sample(*took);
  known.answers.add(*took, now);
}

void PeerPace::reported(NodeId peer, const Load& load, Instant now) {
  if (peer != self_) scores_.reported(peer, load, now);
}

void PeerPace::timed_out(NodeId peer) {
  if (peer == self_) return;
  Peer& known = peers_[peer];
  known.round_trip.timed_out();
  known.slow = true;
}

void PeerPace::gave_up(NodeId peer, Duration waited, Instant now) {
  if (peer != self_) scores_.unanswered(peer, waited, now);
}

std::vector<NodeId> PeerPace::fastest_first(std::vector<NodeId> nodes, const Peers& peers, const Membership& document,
                                            Instant now) const {
  const auto zone_of = [&](NodeId node) {
    const Member* member = document.find(node);
    return member != nullptr ? member->zone : std::string();
  };
  const std::string here = zone_of(self_);
  const std::vector<double> scores = scores_.scores(nodes, document.members.size(), now);
  std::vector<std::tuple<int, bool, double, NodeId>> ranked;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const int trust = nodes[i] == self_ ? -1 : static_cast<int>(peers.of(nodes[i]));
    ranked.emplace_back(trust, zone_of(nodes[i]) != here, scores[i], nodes[i]);
  }
  const auto key = [](const auto& item) { return std::tuple(std::get<0>(item), std::get<1>(item), std::get<2>(item)); };
  std::ranges::stable_sort(ranked, {}, key);
  std::ranges::transform(ranked, nodes.begin(), [](const auto& item) { return std::get<NodeId>(item); });
  return nodes;
}

Duration PeerPace::timeout(NodeId peer) const {
  const auto known = peers_.find(peer);
  return known != peers_.end() ? known->second.round_trip.timeout() : RoundTrip::kUnknown;
}

std::optional<Duration> PeerPace::patience(NodeId peer, Instant now) const {
  const auto known = peers_.find(peer);
  if (known == peers_.end()) return std::nullopt;
  const std::optional<Duration> tail = known->second.answers.quantile(kTailPermille, now);
  return tail ? tail : known->second.tail;
}

bool PeerPace::most_are_slow() const {
  const auto slow = std::ranges::count_if(peers_, [](const auto& item) { return item.second.slow; });
  return 2 * slow > std::ssize(peers_);
}

bool PeerPace::take_hedge() { return !most_are_slow() && budget_.take(); }

}  // namespace shoal
