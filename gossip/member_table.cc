#include "gossip/member_table.h"

namespace shoal {
namespace {

void append(std::string& bytes, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
}

void append(std::string& bytes, NodeId node, const PeerState& state) {
  append(bytes, node.value);
  append(bytes, state.incarnation.value);
  append(bytes, state.inc_no);
  bytes += static_cast<char>(state.liveness);
}

}  // namespace

void MemberTable::remove(NodeId node) {
  if (is(node, Liveness::dead)) --dead_;
  entries_.erase(node);
}

bool MemberTable::merge(NodeId node, const PeerState& state, Instant now) {
  Entry& entry = entries_.at(node);
  if (newer(entry.state, state) == entry.state) return false;
  if (entry.state.liveness == Liveness::dead) --dead_;
  if (state.liveness == Liveness::dead) ++dead_;
  if (entry.state.liveness != state.liveness) entry.since = now;
  if (entry.state.incarnation != state.incarnation) entry.started = now;
  entry.state = state;
  return true;
}

NodeId MemberTable::next_dead_after(NodeId node) const {
  if (dead_ == 0) return {};
  auto it = entries_.upper_bound(node);
  for (std::size_t steps = 0; steps < entries_.size(); ++steps, ++it) {
    if (it == entries_.end()) it = entries_.begin();
    if (it->second.state.liveness == Liveness::dead) return it->first;
  }
  return {};
}

Hash128 MemberTable::digest(NodeId self, const PeerState& own) const {
  std::string bytes;
  auto it = entries_.begin();
  for (; it != entries_.end() && it->first < self; ++it) append(bytes, it->first, it->second.state);
  append(bytes, self, own);
  for (; it != entries_.end(); ++it) append(bytes, it->first, it->second.state);
  return hash128(HashKey{}, bytes);
}

}  // namespace shoal
