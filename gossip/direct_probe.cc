#include "gossip/direct_probe.h"

#include <algorithm>
#include <utility>

namespace shoal {

void DirectProbe::watch(const std::vector<NodeId>& members, Instant now) {
  std::erase_if(members_, [&](const auto& entry) { return std::ranges::find(members, entry.first) == members.end(); });
  for (const NodeId member : members)
    if (member != self_) members_.try_emplace(member, Watched{now});
}

void DirectProbe::on_ping(NodeId from, const Ping& ping, Instant now) {
  heard(from, now);
  outbox_.push_back(Outgoing{from, true, ping.sequence});
}

void DirectProbe::on_pong(NodeId from, const Pong&, Instant now) { heard(from, now); }

void DirectProbe::heard(NodeId from, Instant now) {
  const auto it = members_.find(from);
  if (it == members_.end()) return;
  it->second.heard = now;
  judge(from, it->second, Liveness::alive);
}

void DirectProbe::judge(NodeId node, Watched& watched, Liveness liveness) {
  if (watched.liveness == liveness) return;
  watched.liveness = liveness;
  changes_.push_back(Change{node, liveness});
}

void DirectProbe::tick(Instant now) {
  if (now < next_probe_) return;
  if (next_probe_ != Instant::min()) excuse(now - next_probe_, now);
  next_probe_ = now + kProbePeriod;
  ++sequence_;
  for (auto& [node, watched] : members_) {
    const Duration silence = now - watched.heard;
    if (silence >= kDeadAfter) {
      judge(node, watched, Liveness::dead);
    } else if (silence >= kSuspectAfter) {
      judge(node, watched, Liveness::suspect);
    }
    outbox_.push_back(Outgoing{node, false, sequence_});
  }
}

void DirectProbe::excuse(Duration late, Instant now) {
  if (late < kProbePeriod) return;
  // Who was heard after the pause has no silence to be excused: more credit would hide its death for as long.
  for (auto& [node, watched] : members_) watched.heard = std::min(watched.heard + late, now);
}

std::vector<DirectProbe::Outgoing> DirectProbe::take_outbox() { return std::exchange(outbox_, {}); }

std::vector<DirectProbe::Change> DirectProbe::take_changes() { return std::exchange(changes_, {}); }

}  // namespace shoal
