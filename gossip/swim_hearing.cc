// What is heard and what is said about it. The round of probes is in swim.cc.
#include <algorithm>
#include <limits>

#include "gossip/swim.h"

namespace shoal {

void Swim::receive(NodeId from, const GossipMessage& message, Instant now) {
  note_own_pause(now);
  if (table_.find(from) != nullptr) return std::visit([&](const auto& m) { on(from, m, now); }, message);
  if (const auto* ping = std::get_if<Ping>(&message)) send(from, Pong{ping->sequence, {rumour_about(self_, own_)}});
}

void Swim::on(NodeId from, const Ping& message, Instant now) {
  hear(from, message.rumours, now);  // first: the answer refutes what they say
  send(from, Pong{message.sequence, rumours_for(from)});
}

void Swim::on(NodeId from, const Pong& message, Instant now) {
  hear(from, message.rumours, now);
  if (const auto relay = relays_.take(message.sequence, from))
    return send(relay->asker, Pong{relay->sequence, rumours_for(relay->asker, from)});
  if (!probe_ || probe_->sequence != message.sequence) return;
  const bool helped = std::ranges::find(probe_->helpers, from) != probe_->helpers.end();
  if (from != probe_->target && !helped) return;
  probe_.reset();
  health_.probe_succeeded();
}

void Swim::on(NodeId from, const PingRequest& message, Instant now) {
  hear(from, message.rumours, now);
  if (table_.find(message.target) == nullptr) return;
  const Instant nack_at = options_.lifeguard ? now + options_.time_to_ack * 4 / 5 : kNever;  // as Lifeguard: at 80 %
  const Relays::Relay relay{from, message.sequence, message.target, nack_at, now + options_.probe_interval};
  if (relays_.add(++sequence_, relay)) ping(message.target, sequence_);
}

void Swim::on(NodeId from, const Nack& message, Instant) {
  if (!probe_ || probe_->sequence != message.sequence) return;
  const bool helped = std::ranges::find(probe_->helpers, from) != probe_->helpers.end();
  if (helped && std::ranges::find(probe_->nacked, from) == probe_->nacked.end()) probe_->nacked.push_back(from);
}

void Swim::on(NodeId from, const Gossip& message, Instant now) { hear(from, message.rumours, now); }

void Swim::on(NodeId from, const StateDigest& message, Instant) {
  if (message.digest != table_.digest(self_, own_)) send_states(from, true);
}

void Swim::on(NodeId from, const StateExchange& message, Instant now) {
  std::vector<Rumour> told;
  for (const Rumour& rumour : message.states) told.push_back(by_hearsay(rumour));
  hear(from, told, now);
  if (message.reply_wanted) send_states(from, false);
}

// Who was split from us calls members dead that we know to live, and its word alone must not kill them.
Rumour Swim::by_hearsay(const Rumour& told) const {
  const MemberTable::Entry* known = table_.find(told.node);
  const bool heard_of = known != nullptr && known->state.incarnation != Incarnation{};
  if (told.state.liveness != Liveness::dead || !heard_of || known->state.liveness == Liveness::dead) return told;
  Rumour suspected{told.node, told.state, {}};
  suspected.state.liveness = Liveness::suspect;
  return suspected;
}

void Swim::send_states(NodeId to, bool reply_wanted) {
  StateExchange exchange{false, {rumour_about(self_, own_)}};
  for (const auto& [node, entry] : table_.entries()) {
    if (exchange.states.size() == kStatesMax) send(to, std::exchange(exchange, StateExchange{}));
    exchange.states.push_back(rumour_about(node, entry.state));
  }
  exchange.reply_wanted = reply_wanted;
  send(to, std::move(exchange));
}

// ---- rumours ---------------------------------------------------------------------------------------------------

void Swim::hear(NodeId from, const std::vector<Rumour>& rumours, Instant now) {
  const bool was_dead = table_.is(from, Liveness::dead);
  for (const Rumour& rumour : rumours) rumour.node == self_ ? hear_of_self(rumour.state, now) : learn(rumour, now);
  if (was_dead && is_living(from)) send(from, StateDigest{table_.digest(self_, own_)});
}

// Another life is the transport's business (incarnations.h): of an older one everybody learns soon, and a later one
// makes this process stop.
void Swim::hear_of_self(const PeerState& said, Instant now) {
  if (said.incarnation != own_.incarnation || said.inc_no < own_.inc_no || said.liveness == Liveness::alive) return;
  if (said.inc_no == std::numeric_limits<std::uint64_t>::max()) return;  // nobody gets there by refuting
  own_.inc_no = said.inc_no + 1;
  health_.refuted();
  spread(rumour_about(self_, own_), now);
}

void Swim::learn(const Rumour& rumour, Instant now) {
  const MemberTable::Entry* known = table_.find(rumour.node);
  if (known == nullptr) return;
  if (rumour.state == known->state) return confirm(rumour, now);
  const Liveness before = known->state.liveness;
  if (!table_.merge(rumour.node, rumour.state, now)) return;
  suspicions_.erase(rumour.node);
  if (rumour.state.liveness == Liveness::suspect) {
    const auto& suspicion =
        suspicions_.emplace(rumour.node, Suspicion(rumour.accuser, suspicion_range(), now)).first->second;
    next_burial_ = std::min(next_burial_, suspicion.deadline());
  }
  if (rumour.state.liveness != before) changes_.push_back(Change{rumour.node, rumour.state.liveness});
  spread(rumour, now);
}

void Swim::confirm(const Rumour& rumour, Instant now) {
  const auto suspicion = suspicions_.find(rumour.node);
  const bool by_member = rumour.accuser == self_ || table_.find(rumour.accuser) != nullptr;
  if (suspicion == suspicions_.end() || !by_member || !suspicion->second.confirm(rumour.accuser)) return;
  next_burial_ = std::min(next_burial_, suspicion->second.deadline());
  spread(rumour, now);
}

void Swim::accuse(NodeId node, Liveness liveness, Instant now) {
  const MemberTable::Entry* known = table_.find(node);
  if (known == nullptr || known->state.liveness == Liveness::dead) return;
  PeerState state = known->state;
  state.liveness = liveness;
  learn(Rumour{node, state, self_}, now);
}

void Swim::spread(const Rumour& rumour, Instant now) {
  if (dissemination_.empty()) next_gossip_ = std::max(next_gossip_, now);
  dissemination_.add(rumour);
}

std::vector<Rumour> Swim::rumours_for(NodeId to, std::optional<NodeId> about) {
  std::vector<Rumour> rumours{rumour_about(self_, own_)};
  if (const MemberTable::Entry* entry = table_.find(to); entry != nullptr) {
    const Liveness liveness = entry->state.liveness;
    // The buddy system. Who is believed dead hears of it always: nobody else would tell.
    const bool tell = liveness == Liveness::dead || (liveness == Liveness::suspect && options_.lifeguard);
    if (tell) rumours.push_back(rumour_about(to, entry->state));
  }
  if (about && options_.lifeguard)
    if (const MemberTable::Entry* entry = table_.find(*about)) rumours.push_back(rumour_about(*about, entry->state));
  dissemination_.take(rumours, kRumoursMax, retransmit_limit(options_.retransmit_mult, cluster_size()));
  return rumours;
}

Rumour Swim::rumour_about(NodeId node, const PeerState& state) const {
  const auto suspicion = suspicions_.find(node);
  return Rumour{node, state, suspicion == suspicions_.end() ? NodeId{} : suspicion->second.first_accuser()};
}

// As many confirmations are wanted as can come: a suspect and this node can give none.
SuspicionRange Swim::suspicion_range() const {
  const Duration min = scaled_by_size(options_.suspicion_min, cluster_size());
  if (!options_.lifeguard) return {min, min, 0};
  const std::size_t living = table_.size() - table_.dead();
  const int others = living > 0 ? static_cast<int>(living) - 1 : 0;
  return {min, scaled_by_size(options_.suspicion_max, cluster_size()), std::min(options_.confirmations, others)};
}

}  // namespace shoal
