#include "bench/sim/process.h"

#include <algorithm>
#include <utility>

#include "bench/sim/next_life.h"
#include "node/base/check.h"
#include "node/core/gossip_messages.h"

namespace shoal::sim {
namespace {

constexpr std::int64_t kWallStartMs = 1'700'000'000'000;

std::int64_t ms_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

void WallClock::drift(std::int64_t parts_per_million, Instant now) {
  offset_ms_ = read(now).ms - kWallStartMs - ms_of(now.time_since_epoch());
  drift_ppm_ = parts_per_million;
  drifts_since_ = now;
}

WallTime WallClock::read(Instant now) const {
  return {kWallStartMs + ms_of(now.time_since_epoch()) + offset_ms_ +
          ms_of(now - drifts_since_) * drift_ppm_ / 1'000'000};
}

Process::Process(Identity identity, DiskOptions disk, Rng rng, StoreWitness& witness, Trace& trace)
    : identity_(std::move(identity)),
      rng_(rng),
      witness_(witness),
      trace_(trace),
      disk_(identity_.index, std::move(disk), rng.fork("disk"), witness) {
  witness_.named(identity_.index, identity_.id);
}

Member Process::as_member() const {
  return Member{.id = identity_.id,
                .name = identity_.name,
                .address = identity_.address,
                .zone = identity_.zone,
                .weight = identity_.weight,
                .state = MemberState::member};
}

void Process::start(Instant now) {
  SHOAL_CHECK(disk_.durable_document().has_value());
  const Incarnation life = next_life(identity_.id, ++starts_, rng_);
  witness_.born(identity_.index, life);
  node_ = std::make_unique<Node>(NodeConfig{.id = identity_.id,
                                            .incarnation = life,
                                            .document = *disk_.durable_document(),
                                            .address = identity_.address,
                                            .sync = identity_.sync,
                                            .waiting_for_disk_max = identity_.waiting_for_disk_max,
                                            .hint_bytes_max = identity_.hint_bytes_max,
                                            .handoff_bytes_per_second = identity_.handoff_bytes_per_second,
                                            .repair = identity_.repair,
                                            .scrub_cycle = identity_.scrub_cycle,
                                            .study = identity_.study,
                                            .trace = &trace_},
                                 disk_, Rng(rng_.next()));
  swim_.emplace(Swim::Config{identity_.id, life, {}}, Rng(rng_.next()));
  watched_ = nullptr;
  state_ = ProcessState::up;
  watch_members(now);
}

void Process::crash() {
  disk_.crash(rng_);
  die();
}

void Process::kill() {
  disk_.survive_kill();
  die();
}

void Process::die() {
  node_.reset();
  swim_.reset();
  watched_ = nullptr;
  backlog.clear();
  crash_in_next_turn.reset();
  wakes_at = kNever;
  state_ = ProcessState::down;
}

void Process::lose_disk() {
  crash();
  disk_.lose_everything();
  state_ = ProcessState::gone;
}

void Process::watch_members(Instant now) {
  if (watched_ == node_->ring()) return;
  watched_ = node_->ring();
  watch_members_of(watched_->document(), *swim_, now);
}

void Process::receive(const Envelope& envelope, Instant now) {
  if (const std::optional<GossipMessage> gossip = as_gossip(envelope.message)) {
    swim_->receive(std::get<NodeId>(envelope.peer), *gossip, now);
  } else {
    node_->receive(envelope, this->now(now));
  }
}

void Process::tick(Instant now) {
  swim_->tick(now);
  if (now >= node_->next_deadline()) node_->tick(this->now(now));
}

std::vector<Envelope> Process::finish_turn(Instant now) {
  disk_.pump(now);
  while (const std::optional<CommitId> report = disk_.take_report()) {
    node_->durable(*report, this->now(now));
    disk_.pump(now);
  }
  watch_members(now);
  for (const Swim::Change& change : swim_->take_changes())
    node_->liveness(change.node, change.liveness, this->now(now));
  disk_.pump(now);
  std::vector<Envelope> outbox = node_->take_outbox();
  for (Swim::Outgoing& out : swim_->take_outbox())
    outbox.push_back(Envelope{out.to, to_message(std::move(out.message))});
  return outbox;
}

Instant Process::next_deadline() const {
  return std::min({node_->next_deadline(), swim_->next_deadline(), disk_.next_event()});
}

}  // namespace shoal::sim
