#include "client/access.h"

#include <algorithm>
#include <optional>

#include "node/base/bytes.h"
#include "node/base/limits.h"
#include "node/ring/lookup.h"
#include "node/ring/preference_list.h"

namespace shoal::client_detail {
namespace {

WallClock::time_point time_of(std::int64_t ms) { return WallClock::time_point(Millis(ms)); }

const char* name_of(EventKind kind) {
  switch (kind) {
    case EventKind::started: return "started";
    case EventKind::member_alive: return "member_alive";
    case EventKind::member_suspect: return "member_suspect";
    case EventKind::member_dead: return "member_dead";
    case EventKind::document_adopted: return "document_adopted";
    case EventKind::hints_began: return "hints_began";
    case EventKind::hints_delivered: return "hints_delivered";
    case EventKind::hints_full: return "hints_full";
    case EventKind::store_trouble: return "store_trouble";
    case EventKind::store_recovered: return "store_recovered";
    case EventKind::to_repair: return "to_repair";
    case EventKind::record_damaged: return "record_damaged";
    case EventKind::records_restored: return "records_restored";
    case EventKind::scrub_ended: return "scrub_ended";
    case EventKind::fault_began: return "fault_began";
    case EventKind::fault_ended: return "fault_ended";
  }
  return "unknown";
}

std::vector<BucketStatus> buckets_of(const Membership& document) {
  std::vector<BucketStatus> buckets;
  buckets.push_back(bucket_status(*document.bucket(kDefaultBucket)));
  for (const Bucket& bucket : document.buckets)
    if (bucket.name != kDefaultBucket) buckets.push_back(bucket_status(bucket));
  return buckets;
}

// The i-th dead owner is stood in for by the i-th fallback that is not dead.
std::vector<StandIn> stand_ins_of(const Placement& placement) {
  std::vector<StandIn> stand_ins;
  auto next = placement.fallbacks.begin();
  const auto dead = [](const MemberStatus& member) { return member.liveness == "dead"; };
  for (const MemberStatus& owner : placement.owners) {
    if (!dead(owner)) continue;
    next = std::find_if_not(next, placement.fallbacks.end(), dead);
    stand_ins.push_back({owner.name, next != placement.fallbacks.end() ? (next++)->name : ""});
  }
  return stand_ins;
}

}  // namespace

Object Access::object(GetReply reply) {
  std::ranges::sort(reply.values, [](const Value& a, const Value& b) {
    return a.written != b.written ? a.written < b.written : a.bytes < b.bytes;
  });
  Object object;
  for (const Value& value : reply.values) {
    object.values_.push_back(std::string(value.bytes.view()));
    object.written_.push_back(Object::Time(Millis(value.written.wall_ms())));
  }
  object.context_ = context(std::move(reply.context));
  object.stand_ins_ = reply.stand_ins;
  return object;
}

BucketStatus bucket_status(const Bucket& bucket) {
  return {bucket.name, std::string(name_of(bucket.kind)), bucket.r, bucket.w};
}

Receipt receipt_of(PutReply reply) {
  return {.context = Access::context(std::move(reply.context)),
          .acks = reply.outcome.acks,
          .needed = reply.outcome.needed,
          .stand_ins = reply.stand_ins,
          .durable = reply.durable,
          .siblings = reply.siblings};
}

MemberStatus member_status(const Member& member, const std::vector<MemberView>& views) {
  const auto view = std::ranges::find(views, member.id, &MemberView::id);
  const bool known = view != views.end();
  return {.id = to_string(member.id),
          .name = member.name,
          .address = member.address,
          .zone = member.zone,
          .weight = member.weight,
          .state = to_string(member.state),
          .liveness = known ? to_string(view->liveness) : "unknown",
          .since = known && view->since_ms > 0 ? std::optional(time_of(view->since_ms)) : std::nullopt};
}

NodeStatus status_of(const StatusReply& reply) {
  NodeStatus status{.cluster = to_string(reply.document.cluster),
                    .id = to_string(reply.node),
                    .name = {},
                    .incarnation = to_string(reply.incarnation),
                    .epoch = reply.document.epoch.value,
                    .partitions = reply.document.partitions,
                    .replicas = reply.document.replicas,
                    .forming = reply.document.forming,
                    .members = {},
                    .buckets = buckets_of(reply.document),
                    .voters = {},
                    .voters_named = reply.document.voters_named,
                    .records = reply.records,
                    .requests_open = reply.requests_open,
                    .store_trouble = reply.store_trouble,
                    .sync = reply.sync,
                    .hint_bytes = reply.hint_bytes,
                    .hint_bytes_max = reply.hint_bytes_max,
                    .partitions_to_repair = reply.partitions_to_repair,
                    .counters = {},
                    .faults_allowed = reply.faults_allowed,
                    .faults = reply.faults,
                    .study = reply.study};
  for (const Counter& counter : reply.counters) status.counters.push_back({counter.name, counter.count});
  for (const NodeId voter : reply.document.choosers()) status.voters.push_back(to_string(voter));
  if (const Member* self = reply.document.find(reply.node)) status.name = self->name;
  for (const Member& member : reply.document.members) status.members.push_back(member_status(member, reply.members));
  return status;
}

Placement placement_of(const StatusReply& view, const Key& key) {
  const PreferenceLists ring(view.document);
  const Slot slot = slot_of(view.document.cluster_key, key);
  std::string slot_bytes;
  append_u64(slot_bytes, slot.hi);
  append_u64(slot_bytes, slot.lo);
  const PartitionId partition = ring.partition_of(slot);
  Placement placement{
      .slot = to_hex(slot_bytes), .partition = partition.value, .owners = {}, .fallbacks = {}, .stand_ins = {}};
  for (const NodeId id : ring.owners(partition))
    placement.owners.push_back(member_status(*view.document.find(id), view.members));
  for (const NodeId id : ring.fallbacks(partition))
    placement.fallbacks.push_back(member_status(*view.document.find(id), view.members));
  placement.stand_ins = stand_ins_of(placement);
  return placement;
}

HintStatus hints_of(const Membership& document, const HintsReply& reply) {
  HintStatus hints{to_string(reply.node), name_in(document, reply.node), reply.bytes, reply.bytes_max, {}};
  for (const HintQueue& queue : reply.queues)
    hints.queues.push_back(
        {.owner = name_in(document, queue.owner),
         .owner_id = to_string(queue.owner),
         .hints = queue.hints,
         .bytes = queue.bytes,
         .delivered = queue.delivered,
         .next_try = queue.next_try_ms >= 0 ? std::optional(Millis(queue.next_try_ms)) : std::nullopt});
  return hints;
}

NodeSnapshots snapshots_of(const Membership& document, const SnapshotReply& reply) {
  constexpr const char* kStates[] = {"complete", "being made", "failed"};
  NodeSnapshots snapshots{to_string(reply.node), name_in(document, reply.node), reply.folder, {}};
  for (const SnapshotInfo& snapshot : reply.snapshots)
    snapshots.snapshots.push_back({.name = snapshot.name,
                                   .state = kStates[static_cast<std::size_t>(snapshot.state)],
                                   .created = time_of(snapshot.created_ms),
                                   .entries = snapshot.entries,
                                   .entries_expected = snapshot.entries_expected,
                                   .bytes = snapshot.bytes,
                                   .trouble = snapshot.trouble});
  return snapshots;
}

namespace {

PeerRepairStatus repair_of(const Membership& document, const PeerRepair& peer) {
  PeerRepairStatus status{.peer = name_in(document, peer.peer),
                          .peer_id = to_string(peer.peer),
                          .running = peer.running,
                          .partitions = peer.partitions,
                          .partitions_done = peer.partitions_done,
                          .exchanges = peer.exchanges,
                          .unfinished = peer.unfinished,
                          .differences = peer.differences,
                          .pulled = peer.pulled,
                          .pushed = peer.pushed,
                          .bytes = peer.bytes,
                          .asked = peer.asked,
                          .asked_done = peer.asked_done,
                          .proven = {}};
  for (const ProvenRange& range : peer.proven)
    status.proven.push_back({.first = range.first.value,
                             .last = range.last.value,
                             .shared = range.shared,
                             .since = range.since_ms >= 0 ? std::optional(Millis(range.since_ms)) : std::nullopt});
  return status;
}

ScrubStatus scrub_of(const ScrubReport& scrub) {
  return {.running = scrub.running,
          .done = scrub.branches > 0 ? static_cast<double>(scrub.done) / scrub.branches : 0,
          .cycles = scrub.cycles,
          .records = scrub.records,
          .damaged = scrub.damaged,
          .restored = scrub.restored,
          .given_up = scrub.given_up,
          .corrected = scrub.corrected,
          .quarantined = scrub.quarantined,
          .unreadable = scrub.unreadable};
}

}  // namespace

RepairStatus repair_of(const Membership& document, const RepairReply& reply) {
  RepairStatus status{.id = to_string(reply.node),
                      .name = name_in(document, reply.node),
                      .interval = reply.interval,
                      .peers = {},
                      .scrub = scrub_of(reply.scrub)};
  for (const PeerRepair& peer : reply.peers) status.peers.push_back(repair_of(document, peer));
  return status;
}

NodeEvents events_of(const Membership& document, const EventsReply& reply) {
  NodeEvents events{to_string(reply.node), name_in(document, reply.node), to_string(reply.incarnation), {}};
  for (const Event& event : reply.events)
    events.events.push_back({.number = event.number,
                             .time = time_of(event.wall_ms),
                             .kind = name_of(event.kind),
                             .about = event.about.value != 0 ? name_in(document, event.about) : "",
                             .text = event.text});
  return events;
}

}  // namespace shoal::client_detail
