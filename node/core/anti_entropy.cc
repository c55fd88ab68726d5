#include "node/core/anti_entropy.h"

#include <algorithm>
#include <utility>

namespace shoal {

using Step = RepairSession::Step;

void AntiEntropy::know_members(Now now) {
  if (known_ == services_.topology.ring()) return;
  known_ = services_.topology.ring();
  std::map<NodeId, Peer> before = std::exchange(peers_, {});
  for (const Member& member : known_->document().members) {
    if (member.id == services_.self || member.state == MemberState::removed) continue;
    const std::size_t shared = shared_partitions(*known_, services_.self, member.id).size();
    if (shared == 0) continue;
    const auto old = before.find(member.id);
    Peer& peer = peers_[member.id];
    if (old != before.end()) peer = std::move(old->second);
    if (old == before.end()) peer.due = now.mono + pace_.interval;
    peer.counts.peer = member.id;
    peer.counts.partitions = static_cast<std::uint32_t>(shared);
  }
}

bool AntiEntropy::initiates(const PeerRepair& counts) const {
  const bool by_itself = services_.study.anti_entropy && services_.self < counts.peer;
  return by_itself || counts.asked > counts.asked_done;
}

bool AntiEntropy::is_due(NodeId id, const Peer& peer, Now now) const {
  return now.mono >= peer.due && initiates(peer.counts) && services_.peers.reachable(id);
}

void AntiEntropy::on_liveness(NodeId peer, Liveness liveness, Now now) {
  const auto found = peers_.find(peer);
  if (found != peers_.end() && liveness == Liveness::alive) found->second.due = now.mono;
}

void AntiEntropy::start(Now now) {
  know_members(now);
  for (auto& [id, peer] : peers_) {
    ++peer.counts.asked;
    peer.due = now.mono;
  }
}

bool AntiEntropy::heeds_marks() const { return services_.study.anti_entropy && services_.repair_marks.has_new(); }

// Under a flood, marks come with every write: they are looked at once a second.
void AntiEntropy::heed_marks(Now now) {
  if (!heeds_marks() || now.mono < marks_at_) return;
  marks_at_ = now.mono + kRetryAsked;
  for (const NodeId owner : services_.repair_marks.take_new(now.mono)) {
    const auto peer = peers_.find(owner);
    if (peer == peers_.end()) continue;
    ++peer->second.counts.asked;
    peer->second.due = std::max(now.mono, peer->second.ended + kRetryAsked);
  }
}

void AntiEntropy::tick(Now now) {
  know_members(now);
  heed_marks(now);
  if (session_) session_->tick(now);
  if (!session_) begin_next(now);
  advance(now);
}

void AntiEntropy::begin_next(Now now) {
  Peer* first = nullptr;
  for (auto& [id, peer] : peers_)
    if (is_due(id, peer, now) && (first == nullptr || peer.due < first->due)) first = &peer;
  if (first == nullptr) return;
  session_.emplace(services_, first->counts.peer);
  charged_ = 0;
  first->answers_asked = first->counts.asked;
  ready_since_ = try_at_ = now.mono;
}

void AntiEntropy::after_answer(Now now) {
  ready_since_ = try_at_ = now.mono;
  advance(now);
}

void AntiEntropy::advance(Now now) {
  if (!session_) return;
  if (session_->step() == Step::broken || session_->step() == Step::done) return end_session(now);
  if (session_->step() == Step::waits || now.mono < try_at_) return;
  rate_.refill(now.mono);
  charge();
  const bool no_room = !services_.store.admit_peers();
  const bool yields = no_room || (services_.busy() && now.mono < ready_since_ + kYieldMax);
  if (yields || rate_.is_spent()) {
    if (yields) services_.trace.mark(Mark::repair_yielded);
    try_at_ = now.mono + kYield;
    return;
  }
  session_->advance(now);
  if (session_->step() == Step::done) end_session(now);
}

void AntiEntropy::charge() {
  const std::uint64_t fresh = session_->bytes() - charged_;
  rate_.spend(fresh);
  services_.traffic.anti_entropy_bytes += fresh;
  charged_ += fresh;
}

void AntiEntropy::end_session(Now now) {
  charge();
  const bool finished = session_->step() == Step::done;
  const NodeId id = session_->walk().peer();
  const bool equal = session_->walk().equal();
  const RepairSession::Counts& counts = session_->counts();
  if (const auto found = peers_.find(id); found != peers_.end()) {
    Peer& peer = found->second;
    peer.ended = now.mono;
    peer.counts.exchanges += 1;
    peer.counts.unfinished += finished ? 0 : 1;
    peer.counts.differences += counts.differences;
    peer.counts.pulled += counts.pulled;
    peer.counts.pushed += counts.pushed;
    peer.counts.bytes += session_->bytes();
    const bool again = finished && !equal && ++peer.in_a_row < kSessionsInARow;
    if (!again) peer.in_a_row = 0;
    if (finished && !again) peer.counts.asked_done = std::max(peer.counts.asked_done, peer.answers_asked);
    // What somebody waits for and broke off is tried again soon.
    const bool owes = !finished && peer.counts.asked > peer.counts.asked_done;
    peer.due = again ? now.mono : now.mono + (owes ? std::min(kRetryAsked, pace_.interval) : pace_.interval);
  }
  services_.trace.mark(!finished ? Mark::repair_broke_off : equal ? Mark::repair_found_equal : Mark::repair_finished);
  session_.reset();
  clear_marks(id);
  begin_next(now);
  if (session_) advance(now);
}

// Proven equal after the mark was made: the owner has missed nothing any more that is known here.
void AntiEntropy::clear_marks(NodeId peer) {
  services_.repair_marks.remove_if([&](NodeId owner, PartitionId partition, Instant since) {
    const std::optional<Instant> proven = services_.coverage.last(owner, partition);
    return owner == peer && proven && *proven > since;
  });
}

Instant AntiEntropy::next_deadline() const {
  if (session_ && session_->step() == Step::waits) return session_->answer_by();
  if (session_) return try_at_;
  if (known_ != services_.topology.ring()) return Instant{};
  Instant next = heeds_marks() ? marks_at_ : kNever;
  for (const auto& [id, peer] : peers_)
    if (initiates(peer.counts) && services_.peers.reachable(id)) next = std::min(next, peer.due);
  return next;
}

std::vector<PeerRepair> AntiEntropy::report(Now now) {
  know_members(now);
  std::vector<PeerRepair> rows;
  for (const auto& [id, peer] : peers_) {
    PeerRepair& row = rows.emplace_back(peer.counts);
    row.proven = services_.coverage.ranges(id, shared_partitions(*known_, services_.self, id), now.mono);
    row.running = session_ && session_->walk().peer() == id;
    if (row.running) row.partitions_done = static_cast<std::uint32_t>(session_->walk().partitions_done());
  }
  return rows;
}

}  // namespace shoal
