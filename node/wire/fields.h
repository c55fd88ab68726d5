// The fields of everything that travels or rests on a disk, in order. Append only: a position never changes meaning,
// and older releases ignore what they do not know.
#pragma once

#include "node/core/message.h"
#include "node/core/store.h"
#include "node/ring/membership.h"
#include "node/wire/pack.h"
#include "node/wire/paxos_fields.h"

namespace shoal {

// ---- enums: the highest value that this release knows ---------------------------------------------------------

constexpr Errc highest(Errc) { return Errc::inconsistent; }
constexpr Kind highest(Kind) { return Kind::strong; }
constexpr Level highest(Level) { return Level::strong; }
constexpr PutIf highest(PutIf) { return PutIf::value_is; }
constexpr Purpose highest(Purpose) { return Purpose::repair; }
constexpr KeyFilter highest(KeyFilter) { return KeyFilter::tombstones; }
constexpr SnapshotVerb highest(SnapshotVerb) { return SnapshotVerb::remove; }
constexpr SnapshotState highest(SnapshotState) { return SnapshotState::failed; }
constexpr EventKind highest(EventKind) { return EventKind::fault_ended; }
constexpr FaultKind highest(FaultKind) { return FaultKind::disk_error; }
constexpr FaultWay highest(FaultWay) { return FaultWay::both; }
constexpr FaultsOp highest(FaultsOp) { return FaultsOp::clear; }
constexpr MemberState highest(MemberState) { return MemberState::removed; }
constexpr Liveness highest(Liveness) { return Liveness::dead; }
constexpr Refused::Reason highest(Refused::Reason) { return Refused::Reason::removed; }

// ---- values ---------------------------------------------------------------------------------------------------

template <class A>
void fields(A& a, Key& v) {
  a(v.bucket, v.name);
}
template <class A>
void fields(A& a, Slot& v) {
  a(v.hi, v.lo);
}
template <class A>
void fields(A& a, Hash128& v) {
  a(v.hi, v.lo);
}
template <class A>
void fields(A& a, RequestId& v) {
  a(v.client, v.sequence);
}
template <class A>
void fields(A& a, Actor& v) {
  a(v.incarnation, v.epoch);
}
template <class A>
void fields(A& a, Dot& v) {
  a(v.actor, v.counter);
}
template <class A>
void fields(A& a, VersionVector::Entry& v) {
  a(v.actor, v.counter);
}
template <class A>
void fields(A& a, Ownership& v) {
  a(v.incarnation, v.epoch);
}
template <class A>
void fields(A& a, Error& v) {
  a(v.code, v.message, v.acks, v.needed);
}
template <class A>
void fields(A& a, Value& v) {
  a(v.bytes, v.written);
}
template <class A>
void fields(A& a, Sibling& v) {
  a(v.dot, v.hlc, v.request, v.tombstone, v.value);
}
template <class A>
void fields(A& a, Member& v) {
  a(v.id, v.name, v.address, v.zone, v.weight, v.state);
}
template <class A>
void fields(A& a, MemberView& v) {
  a(v.id, v.liveness, v.since_ms);
}
template <class A>
void fields(A& a, Entry& v) {
  a(v.key, v.ownership, v.record, v.kind, v.losers);
}
template <class A>
void fields(A& a, Bucket& v) {
  a(v.name, v.kind, v.r, v.w);
}
template <class A>
void fields(A& a, HintQueue& v) {
  a(v.owner, v.hints, v.bytes, v.delivered, v.next_try_ms);
}
template <class A>
void fields(A& a, Counter& v) {
  a(v.name, v.count);
}
template <class A>
void fields(A& a, Load& v) {
  a(v.queued, v.service_us);
}
template <class A>
void fields(A& a, Held& v) {
  a(v.state, v.losers, v.digest, v.sizes);
}
template <class A>
void fields(A& a, Event& v) {
  a(v.number, v.wall_ms, v.kind, v.about, v.text);
}

template <class A>
void fields(A& a, Record& v) {
  a(v.clock, v.siblings, v.stamp);
}
template <class A>
void fields(A& a, Membership& v) {
  a(v.cluster, v.cluster_key, v.epoch, v.partitions, v.replicas, v.founder, v.forming, v.members, v.buckets,
    wire::later(v.voters), wire::later(v.voters_named));
}

// Every dot is covered by the clock and named once, in order: merge relies on it.
bool is_valid(const Record& record);
inline bool is_valid(const Membership& document) { return well_formed(document); }

inline void pack_value(wire::Packer& packer, const VersionVector& clock) { packer.put(clock.entries()); }
inline bool unpack_value(const wire::Unpacker::Object& object, VersionVector& clock) {
  std::vector<VersionVector::Entry> entries;
  if (!wire::Unpacker::read(object, entries)) return false;
  clock = VersionVector(std::move(entries));
  return true;
}

void pack_value(wire::Packer& packer, const HashKey& key);
bool unpack_value(const wire::Unpacker::Object& object, HashKey& key);

// ---- messages -------------------------------------------------------------------------------------------------

template <class A>
void fields(A& a, Hello& v) {
  a(v.call);
}
template <class A>
void fields(A& a, Welcome& v) {
  a(v.call, v.node, v.document);
}
template <class A>
void fields(A& a, GetRequest& v) {
  a(v.call, v.key, v.r, v.timeout, v.level, v.pr, v.session);
}
template <class A>
void fields(A& a, PutRequest& v) {
  a(v.call, v.request, v.key, v.tombstone, v.value, v.context, v.w, v.timeout, v.level, v.pw, wire::later(v.condition),
    wire::later(v.expected), wire::later(v.retry), wire::later(v.since));
}
template <class A>
void fields(A& a, ListRequest& v) {
  a(v.call, v.bucket, v.prefix, v.partition, v.after, v.limit, v.r, v.timeout, v.filter);
}
template <class A>
void fields(A& a, StatusRequest& v) {
  a(v.call);
}
template <class A>
void fields(A& a, GetReply& v) {
  a(v.call, v.outcome, v.values, v.context, v.stand_ins);
}
template <class A>
void fields(A& a, PutReply& v) {
  a(v.call, v.outcome, v.stand_ins, v.durable, v.siblings, v.context, wire::later(v.since));
}
template <class A>
void fields(A& a, ListReply& v) {
  a(v.call, v.outcome, v.names, v.next);
}
template <class A>
void fields(A& a, StatusReply& v) {
  a(v.call, v.node, v.incarnation, v.document, v.members, v.records, v.requests_open, v.store_trouble, v.sync,
    v.hint_bytes, v.hint_bytes_max, v.partitions_to_repair, v.counters, v.faults_allowed, v.faults, v.study);
}
template <class A>
void fields(A& a, Replicate& v) {
  a(v.call, v.epoch, v.key, v.state, v.kind, v.purpose, v.owner, v.left);
}
template <class A>
void fields(A& a, Replicated& v) {
  a(v.call, v.epoch, v.outcome, v.durable, v.load);
}
template <class A>
void fields(A& a, Fetch& v) {
  a(v.call, v.epoch, v.key, v.digest_only, v.durable_only, v.left);
}
template <class A>
void fields(A& a, Fetched& v) {
  a(v.call, v.epoch, v.outcome, v.state, v.digest, v.load);
}
template <class A>
void fields(A& a, FetchKeys& v) {
  a(v.call, v.epoch, v.bucket, v.prefix, v.partition, v.after, v.limit, v.left);
}
template <class A>
void fields(A& a, KeyState& v) {
  a(v.slot, v.name, v.state);
}
template <class A>
void fields(A& a, KeysFetched& v) {
  a(v.call, v.epoch, v.outcome, v.keys, v.next);
}
template <class A>
void fields(A& a, Forward& v) {
  a(v.call, v.request, v.left);
}
template <class A>
void fields(A& a, Forwarded& v) {
  a(v.call, v.reply);
}
template <class A>
void fields(A& a, Join& v) {
  a(v.call, v.member, v.reset_identity);
}
template <class A>
void fields(A& a, JoinReply& v) {
  a(v.call, v.outcome, v.document);
}
template <class A>
void fields(A& a, DocumentDigest& v) {
  a(v.epoch, v.content);
}
template <class A>
void fields(A& a, DocumentPush& v) {
  a(v.document);
}
template <class A>
void fields(A& a, CloseFormation& v) {
  a(v.epoch);
}
template <class A>
void fields(A& a, Refused& v) {
  a(v.reason, v.sentence);
}
template <class A>
void fields(A& a, Rumour& v) {
  a(v.node, v.state.incarnation, v.state.inc_no, v.state.liveness, v.accuser);
}
template <class A>
void fields(A& a, Ping& v) {
  a(v.sequence, v.rumours);
}
template <class A>
void fields(A& a, Pong& v) {
  a(v.sequence, v.rumours);
}
template <class A>
void fields(A& a, PingRequest& v) {
  a(v.sequence, v.target, v.rumours);
}
template <class A>
void fields(A& a, Nack& v) {
  a(v.sequence);
}
template <class A>
void fields(A& a, Gossip& v) {
  a(v.rumours);
}
template <class A>
void fields(A& a, StateDigest& v) {
  a(v.digest);
}
template <class A>
void fields(A& a, StateExchange& v) {
  a(v.reply_wanted, v.states);
}
template <class A>
void fields(A& a, HintsRequest& v) {
  a(v.call, v.deliver);
}
template <class A>
void fields(A& a, HintsReply& v) {
  a(v.call, v.node, v.bytes, v.bytes_max, v.queues);
}
template <class A>
void fields(A& a, BucketRequest& v) {
  a(v.call, v.bucket, v.create);
}
template <class A>
void fields(A& a, BucketReply& v) {
  a(v.call, v.outcome, v.document);
}
template <class A>
void fields(A& a, ExplainRequest& v) {
  a(v.call, v.key, v.timeout);
}
template <class A>
void fields(A& a, ReplicaView& v) {
  a(v.node, v.liveness, v.owner, v.answered, v.found);
}
template <class A>
void fields(A& a, ExplainReply& v) {
  a(v.call, v.outcome, v.kind, v.partition, v.replicas);
}
template <class A>
void fields(A& a, Inspect& v) {
  a(v.call, v.key);
}
template <class A>
void fields(A& a, Inspected& v) {
  a(v.call, v.outcome, v.copy, v.hints_for, v.hint, v.to_repair);
}
template <class A>
void fields(A& a, EventsRequest& v) {
  a(v.call, v.after);
}
template <class A>
void fields(A& a, EventsReply& v) {
  a(v.call, v.node, v.incarnation, v.events);
}
template <class A>
void fields(A& a, SnapshotRequest& v) {
  a(v.call, v.verb, v.name);
}
template <class A>
void fields(A& a, SnapshotInfo& v) {
  a(v.name, v.state, v.created_ms, v.entries, v.entries_expected, v.bytes, v.trouble);
}
template <class A>
void fields(A& a, SnapshotReply& v) {
  a(v.call, v.node, v.outcome, v.folder, v.snapshots);
}

template <class A>
void fields(A& a, Digest& v) {
  a(v.hi, v.lo, v.count);
}
template <class A>
void fields(A& a, Element& v) {
  a(v.slot, v.digest);
}
template <class A>
void fields(A& a, KeyedState& v) {
  a(v.key, v.kind, v.state);
}
template <class A>
void fields(A& a, ComparePair& v) {
  a(v.call, v.epoch, v.question.sum);
}
template <class A>
void fields(A& a, PairCompared& v) {
  a(v.call, v.outcome, v.answer.partitions);
}
template <class A>
void fields(A& a, CompareBranches& v) {
  a(v.call, v.epoch, v.question.partitions, v.question.branches);
}
template <class A>
void fields(A& a, BranchesCompared& v) {
  a(v.call, v.outcome, v.answer.branches, v.answer.leaves);
}
template <class A>
void fields(A& a, CompareElements& v) {
  a(v.call, v.epoch, v.leaves, v.elements);
}
template <class A>
void fields(A& a, ElementsCompared& v) {
  a(v.call, v.outcome, v.covered, v.differing);
}
template <class A>
void fields(A& a, PullStates& v) {
  a(v.call, v.epoch, v.slots, v.bare);
}
template <class A>
void fields(A& a, StatesPulled& v) {
  a(v.call, v.outcome, v.covered, v.states, v.unreadable);
}
template <class A>
void fields(A& a, PushStates& v) {
  a(v.call, v.epoch, v.states);
}
template <class A>
void fields(A& a, StatesPushed& v) {
  a(v.call, v.outcome);
}
template <class A>
void fields(A& a, RepairRequest& v) {
  a(v.call, v.start, v.scrub);
}
template <class A>
void fields(A& a, ProvenRange& v) {
  a(v.first, v.last, v.shared, v.since_ms);
}
template <class A>
void fields(A& a, PeerRepair& v) {
  a(v.peer, v.running, v.partitions, v.partitions_done, v.exchanges, v.unfinished, v.differences, v.pulled, v.pushed,
    v.bytes, v.asked, v.asked_done, v.proven);
}
template <class A>
void fields(A& a, ScrubReport& v) {
  a(v.running, v.branches, v.done, v.cycles, v.records, v.damaged, v.restored, v.given_up, v.corrected, v.quarantined,
    v.unreadable);
}
template <class A>
void fields(A& a, RepairReply& v) {
  a(v.call, v.node, v.peers, v.scrub, v.interval);
}
template <class A>
void fields(A& a, DiffRequest& v) {
  a(v.call, v.peer, v.limit, v.timeout);
}
template <class A>
void fields(A& a, KeyDiff& v) {
  a(v.key, v.here, v.there);
}
template <class A>
void fields(A& a, PartitionDiff& v) {
  a(v.partition, v.leaves);
}
template <class A>
void fields(A& a, DiffReply& v) {
  a(v.call, v.outcome, v.partitions, v.differ, v.differences, v.keys);
}

template <class A>
void fields(A& a, FaultRule& v) {
  a(v.kind, v.peers, v.way, v.share, v.least, v.most, v.offset, v.drift_ppm, v.lasts);
}
template <class A>
void fields(A& a, FaultsRequest& v) {
  a(v.call, v.token, v.op, v.rules, v.ids);
}
template <class A>
void fields(A& a, FaultInForce& v) {
  a(v.id, v.rule, v.left, v.struck, v.text);
}
template <class A>
void fields(A& a, FaultsReply& v) {
  a(v.call, v.node, v.outcome, v.faults);
}
template <class A>
void fields(A& a, RepairTraffic& v) {
  a(v.handoff_bytes, v.read_repair_bytes, v.anti_entropy_bytes);
}
template <class A>
void fields(A& a, ObserveRequest& v) {
  a(v.call, v.token, v.keys);
}
template <class A>
void fields(A& a, ObservedCopy& v) {
  a(v.outcome, v.clock, v.siblings, v.digest);
}
template <class A>
void fields(A& a, ObserveReply& v) {
  a(v.call, v.node, v.outcome, v.copies, v.hints, v.hint_bytes, v.traffic);
}

inline bool is_valid(const KeyedState& state) { return state.state != nullptr; }

// A replica state may be nil only where that means "nothing held".
inline bool is_valid(const Replicate& message) { return message.state != nullptr; }
inline bool is_valid(const KeyState& key) { return key.state != nullptr; }

// No failure detector says more at a time.
inline bool is_valid(const Ping& message) { return message.rumours.size() <= kRumoursMax; }
inline bool is_valid(const Pong& message) { return message.rumours.size() <= kRumoursMax; }
inline bool is_valid(const PingRequest& message) { return message.rumours.size() <= kRumoursMax; }
inline bool is_valid(const Gossip& message) { return message.rumours.size() <= kRumoursMax; }
inline bool is_valid(const StateExchange& message) { return message.states.size() <= kStatesMax; }

}  // namespace shoal
