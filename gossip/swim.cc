// Time: the round of probes, burials, gossip and comparisons. What is heard is in swim_hearing.cc.
#include "gossip/swim.h"

#include <algorithm>
#include <set>

namespace shoal {
namespace {

// A tick that comes later than this means that the process did not run, not that it was busy.
constexpr int kPausePeriods = 1;

}  // namespace

int exchange_scale(std::size_t n) {
  constexpr std::size_t kUnscaled = 32;  // memberlist: pushPullScaleThreshold
  int scale = 1;
  for (std::size_t limit = kUnscaled; n > limit; limit *= 2) ++scale;
  return scale;
}

Swim::Swim(const Config& config, Rng rng)
    : self_(config.self),
      own_{config.incarnation, 0, Liveness::alive},
      options_(config.options),
      rng_(rng),
      health_(config.options.lifeguard ? kHealthMax : 0),
      sequence_(rng_.next() >> 1) {}  // so that an answer to an earlier life is not taken for one to this

void Swim::watch(const std::vector<NodeId>& members, const std::vector<NodeId>& seeds, Instant now) {
  note_own_pause(now);
  const bool first = table_.size() == 0;
  forget_the_gone(members);
  for (const NodeId member : members) {
    if (member == self_ || table_.find(member) != nullptr) continue;
    table_.add(member, now);
    order_.add(member, rng_);
  }
  seeds_ = seeds;
  if (!first || table_.size() == 0) return;
  spread(rumour_about(self_, own_), now);
  const auto within = [&](Duration span) {
    return now + Duration(rng_.below(static_cast<std::uint64_t>(span.count())));
  };
  next_probe_ = within(options_.probe_interval);
  next_exchange_ = within(options_.probe_interval);  // soon: whoever has just started knows nothing
  next_reprobe_ = within(options_.reprobe_interval);
}

void Swim::forget_the_gone(const std::vector<NodeId>& members) {
  const std::set<NodeId> staying(members.begin(), members.end());
  std::vector<NodeId> gone;
  for (const auto& [node, entry] : table_.entries())
    if (!staying.contains(node)) gone.push_back(node);
  for (const NodeId node : gone) {
    table_.remove(node);
    order_.remove(node);
    suspicions_.erase(node);
    dissemination_.forget(node);
    if (probe_ && probe_->target == node) probe_.reset();
  }
  if (table_.size() == 0) next_probe_ = next_exchange_ = next_reprobe_ = kNever;
}

Instant Swim::next_deadline() const {
  const Instant gossip_at = dissemination_.empty() || table_.size() == 0 ? kNever : next_gossip_;
  const Instant helpers_at = probe_ ? probe_->helpers_at : kNever;
  return std::min(
      {next_probe_, helpers_at, gossip_at, next_exchange_, next_reprobe_, next_burial_, relays_.next_deadline()});
}

void Swim::tick(Instant now) {
  note_own_pause(now);
  for (const Relays::Relay& relay : relays_.due(now)) send(relay.asker, Nack{relay.sequence});
  if (now >= next_burial_) bury_suspects(now);
  if (now >= next_probe_) {
    end_probe(now);
    begin_probe(now);
  } else if (probe_ && now >= probe_->helpers_at) {
    ask_helpers();
  }
  if (now >= next_gossip_ && !dissemination_.empty()) gossip(now);
  if (now >= next_exchange_) compare_states(now);
  if (now >= next_reprobe_) probe_dead(now);
}

// Also when a message comes first: it may be judged by clocks that went on while this process stood still.
void Swim::note_own_pause(Instant now) {
  const Instant due = std::max(next_deadline(), last_run_);  // a deadline may be set into the past by what was heard
  last_run_ = std::max(last_run_, now);
  if (due > now || now - due < kPausePeriods * options_.probe_interval) return;
  probe_.reset();
  relays_.clear();
  next_burial_ = kNever;
  for (auto& [node, suspicion] : suspicions_) {
    suspicion.excuse(now - due, now);
    next_burial_ = std::min(next_burial_, suspicion.deadline());
  }
  next_burial_ = std::max(next_burial_, now);
  for (Instant* timer : {&next_probe_, &next_gossip_, &next_exchange_, &next_reprobe_}) *timer = std::max(*timer, now);
}

// ---- the round of probes ---------------------------------------------------------------------------------------

void Swim::begin_probe(Instant now) {
  next_probe_ = now + health_.scale(options_.probe_interval);
  // When nobody is left, this node is probably cut off: whoever answers ends it.
  const bool alone = table_.dead() == table_.size();
  const auto target = order_.next(rng_, [&](NodeId node) { return alone || is_living(node); });
  if (!target) return;
  ping(*target, ++sequence_);
  if (!alone) probe_ = Probe{*target, sequence_, now + health_.scale(options_.time_to_ack), {}, {}};
}

void Swim::ping(NodeId target, std::uint64_t sequence) { send(target, Ping{sequence, rumours_for(target)}); }

void Swim::ask_helpers() {
  probe_->helpers_at = kNever;
  probe_->helpers = order_.some(options_.helpers, rng_, [this](NodeId node) {
    return node != probe_->target && table_.is(node, Liveness::alive);
  });
  for (const NodeId helper : probe_->helpers)
    send(helper, PingRequest{probe_->sequence, probe_->target, rumours_for(helper, probe_->target)});
}

void Swim::end_probe(Instant now) {
  if (!probe_) return;
  const Probe failed = *std::exchange(probe_, std::nullopt);
  health_.probe_failed(static_cast<int>(failed.helpers.size()), static_cast<int>(failed.nacked.size()));
  const bool starting = now - table_.find(failed.target)->started < options_.suspicion_min;
  if (!starting) accuse(failed.target, Liveness::suspect, now);
}

void Swim::probe_dead(Instant now) {
  next_reprobe_ = now + options_.reprobe_interval;
  const NodeId dead = table_.next_dead_after(last_dead_probed_);
  if (dead == NodeId{}) return;
  last_dead_probed_ = dead;
  ping(dead, ++sequence_);
  for (std::size_t tried = 0; tried < seeds_.size(); ++tried) {
    const NodeId seed = seeds_[last_seed_probed_++ % seeds_.size()];
    if (seed != dead && table_.is(seed, Liveness::dead)) return ping(seed, ++sequence_);
  }
}

// ---- the rest --------------------------------------------------------------------------------------------------

void Swim::bury_suspects(Instant now) {
  std::vector<NodeId> due;
  next_burial_ = kNever;
  for (const auto& [node, suspicion] : suspicions_) {
    if (suspicion.deadline() <= now) {
      due.push_back(node);
    } else {
      next_burial_ = std::min(next_burial_, suspicion.deadline());
    }
  }
  for (const NodeId node : due) accuse(node, Liveness::dead, now);
}

void Swim::gossip(Instant now) {
  next_gossip_ = now + options_.gossip_interval;
  for (const NodeId to : order_.some(options_.gossip_fanout, rng_, [this](NodeId node) { return is_living(node); }))
    if (!dissemination_.empty()) send(to, Gossip{rumours_for(to)});
}

void Swim::compare_states(Instant now) {
  next_exchange_ = now + options_.exchange_interval * exchange_scale(cluster_size());
  for (const NodeId to : order_.some(1, rng_, [this](NodeId node) { return is_living(node); }))
    send(to, StateDigest{table_.digest(self_, own_)});
}

std::vector<Swim::PeerView> Swim::members() const {
  std::vector<PeerView> views;
  for (const auto& [node, entry] : table_.entries()) views.push_back(PeerView{node, entry.state, entry.since});
  return views;
}

}  // namespace shoal
