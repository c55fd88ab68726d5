// Everything that nodes and clients say to each other, as values.
//
// A question carries a CallId, its answer repeats it. Requests carry the asker's epoch; answers carry the answerer's,
// so that whoever is behind learns of it. What arrives here has passed the border in node/wire and is well formed.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gossip/liveness.h"
#include "gossip/messages.h"
#include "node/base/bytes.h"
#include "node/base/hash.h"
#include "node/base/ids.h"
#include "node/base/level.h"
#include "node/base/result.h"
#include "node/base/time.h"
#include "node/core/paxos_messages.h"
#include "node/core/repair_messages.h"
#include "node/core/study_messages.h"
#include "node/ring/membership.h"
#include "vclock/record.h"

namespace shoal {

// ---- between a client and a node -------------------------------------------------------------------------------

// The first thing a client says. Answered with the membership document, so that the client can ask owners itself.
struct Hello {
  CallId call;
};

struct Welcome {
  CallId call;
  NodeId node;
  Membership document;
};

struct GetRequest {
  CallId call;
  Key key;
  std::int32_t r = 0;  // replies to merge; 0 = what level and bucket say, -1 = all owners
  Millis timeout{1000};
  Level level = Level::quorum;
  std::int32_t pr = 0;  // replies that must come from owners and not from fallbacks; -1 = all
  std::string session;  // level session: an encoded CausalContext of this key; empty when it has seen nothing of it
};

enum class PutIf : std::uint8_t { always = 0, absent = 1, value_is = 2 };

struct PutRequest {
  CallId call;
  RequestId request;  // the same for every retry of this operation
  Key key;
  bool tombstone = false;  // a delete
  Blob value;
  std::string context;  // an encoded CausalContext; empty for a blind write
  std::int32_t w = 0;   // acknowledgements to wait for; 0 = what level and bucket say, -1 = all owners
  Millis timeout{1000};
  Level level = Level::quorum;
  std::int32_t pw = 0;  // acknowledgements that must come from owners and not from fallbacks; -1 = all
  // In a strong bucket only: what must hold for the write to be made. A context says so by itself: the key is still as
  // it was read.
  PutIf condition = PutIf::always;
  Blob expected;
  bool retry = false;       // the same request may have been sent before
  std::uint64_t since = 0;  // of the key's PutReply that has asked for it, which came before the request was made
};

// Which keys a listing names: those that a read finds, those that it finds in conflict, or those that were deleted and
// of which something is still held.
enum class KeyFilter : std::uint8_t { live = 0, conflicts = 1, tombstones = 2 };

// One page of the keys of one partition, in slot order.
struct ListRequest {
  CallId call;
  std::string bucket;
  std::string prefix;
  PartitionId partition;
  std::optional<Slot> after;
  std::uint32_t limit = 1000;
  std::int32_t r = 0;
  Millis timeout{1000};
  KeyFilter filter = KeyFilter::live;
};

struct StatusRequest {
  CallId call;
};

struct Value {
  Blob bytes;
  Hlc written;
};

// Outcome `ok` with no values: the key does not exist (and the context says what was seen of it).
struct GetReply {
  CallId call;
  Error outcome;
  std::vector<Value> values;
  std::string context;
  std::int32_t stand_ins = 0;  // replies by fallbacks that hold a hint
};

// The receipt of a write.
struct PutReply {
  CallId call;
  Error outcome;
  std::int32_t stand_ins = 0;  // acknowledgements by fallbacks that hold a hint
  bool durable = false;        // every counted acknowledgement was on disk
  std::uint32_t siblings = 0;  // live values at the coordinator afterwards
  std::string context;         // the token
  // In a strong bucket only, and not 0: certainly not applied, because the key does not remember the client; it may ask
  // again under a new request that names this (paxos::Register::clients_forgotten).
  std::uint64_t since = 0;
};

struct ListReply {
  CallId call;
  Error outcome;
  std::vector<std::string> names;
  std::optional<Slot> next;  // ask again after this slot; absent at the end of the partition
};

struct MemberView {
  NodeId id;
  Liveness liveness = Liveness::alive;
  std::int64_t since_ms = 0;  // wall time at the asked node when that became so; 0: since it started
};

struct HintQueue {
  NodeId owner;
  std::uint64_t hints = 0;
  std::uint64_t bytes = 0;
  std::uint64_t delivered = 0;   // since the node started
  std::int64_t next_try_ms = 0;  // from now; -1: not before the owner is alive
};

struct Counter {
  std::string name;
  std::uint64_t count = 0;
};

struct StatusReply {
  CallId call;
  NodeId node;
  Incarnation incarnation;
  Membership document;
  std::vector<MemberView> members;  // as this node sees them
  std::uint64_t records = 0;        // on this node, tombstones included
  std::uint64_t requests_open = 0;
  std::string store_trouble;  // empty, or why writes are refused
  bool sync = true;           // acknowledged means on disk
  std::uint64_t hint_bytes = 0;
  std::uint64_t hint_bytes_max = 0;
  std::uint64_t partitions_to_repair = 0;  // pairs of an owner and a partition that missed writes nobody keeps
  std::vector<Counter> counters;
  bool faults_allowed = false;     // it was started with --allow-faults: no node for data that matters
  std::uint32_t faults = 0;        // in force
  std::vector<std::string> study;  // what a study has switched: "hints off", ...
};

// What this node keeps for others. `deliver`: try all of it now, whatever the back-off says.
struct HintsRequest {
  CallId call;
  bool deliver = false;
};

struct HintsReply {
  CallId call;
  NodeId node;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_max = 0;
  std::vector<HintQueue> queues;
};

// Creates a bucket, or changes r and w of one: a change of the membership document.
struct BucketRequest {
  CallId call;
  Bucket bucket;
  bool create = false;
};

struct BucketReply {
  CallId call;
  Error outcome;
  std::optional<Membership> document;  // with the bucket in it
};

enum class SnapshotVerb : std::uint8_t { list = 0, create = 1, remove = 2 };
enum class SnapshotState : std::uint8_t { complete = 0, being_made = 1, failed = 2 };

// Copies of its data folder that a node makes while it runs. Its driver answers, not the brain; at once: whoever wants
// to see it complete asks again.
struct SnapshotRequest {
  CallId call;
  SnapshotVerb verb = SnapshotVerb::list;
  std::string name;
};

struct SnapshotInfo {
  std::string name;
  SnapshotState state = SnapshotState::complete;
  std::int64_t created_ms = 0;  // by the node's wall clock
  std::uint64_t entries = 0;    // records and hints in it, so far
  std::uint64_t entries_expected = 0;
  std::uint64_t bytes = 0;  // on the disk
  std::string trouble;      // why it failed
};

struct SnapshotReply {
  CallId call;
  NodeId node;
  Error outcome;
  std::string folder;                   // where they are
  std::vector<SnapshotInfo> snapshots;  // by name, all of them; the one being made or failed last
};

// "Why is it so?": what every member holds of a key.
struct ExplainRequest {
  CallId call;
  Key key;
  Millis timeout{1000};
};

struct Held {
  RecordPtr state;  // causality only, values emptied; null: nothing
  std::uint64_t losers = 0;
  Hash128 digest;
  std::vector<std::uint64_t> sizes;  // bytes of the values that were emptied, in the order of the siblings
};

struct Inspected {
  CallId call;
  Errc outcome = Errc::ok;        // anything else: this node cannot read its copy
  Held copy;                      // as an owner
  std::vector<NodeId> hints_for;  // owners for which it keeps a hint of this key
  Held hint;                      // those hints, merged
  std::vector<NodeId> to_repair;  // owners of the partition that missed a write which nobody keeps, as it knows
};

struct Inspect {
  CallId call;
  Key key;
};

struct ReplicaView {
  NodeId node;
  Liveness liveness = Liveness::alive;
  bool owner = false;
  bool answered = false;
  Inspected found;
};

struct ExplainReply {
  CallId call;
  Error outcome;
  Kind kind = Kind::siblings;
  PartitionId partition;
  std::vector<ReplicaView> replicas;  // in rank order, owners first
};

enum class EventKind : std::uint8_t {
  started = 0,
  member_alive = 1,
  member_suspect = 2,
  member_dead = 3,
  document_adopted = 4,
  hints_began = 5,
  hints_delivered = 6,
  hints_full = 7,
  store_trouble = 8,
  store_recovered = 9,
  to_repair = 10,
  record_damaged = 11,
  records_restored = 12,
  scrub_ended = 13,
  fault_began = 14,
  fault_ended = 15,
};

// Something that an operator would want to know of, at the node that is asked.
struct Event {
  std::uint64_t number = 0;  // 1, 2, 3, ... of this life of the node
  std::int64_t wall_ms = 0;
  EventKind kind = EventKind::started;
  NodeId about;  // 0: the node itself
  std::string text;
};

struct EventsRequest {
  CallId call;
  std::uint64_t after = 0;  // the number of the last one that the asker has
};

struct EventsReply {
  CallId call;
  NodeId node;
  Incarnation incarnation;
  std::vector<Event> events;  // ascending; the oldest are forgotten
};

using ClientRequest = std::variant<GetRequest, PutRequest, ListRequest>;
using ClientReply = std::variant<GetReply, PutReply, ListReply>;

// ---- between nodes ---------------------------------------------------------------------------------------------

// How busy the answerer is, for the asker's choice of replicas (algorithms: C3).
struct Load {
  std::uint32_t queued = 0;      // acknowledgements that wait for its disk
  std::uint32_t service_us = 0;  // what a request took lately
};

// Why a state is sent.
enum class Purpose : std::uint8_t {
  write = 0,    // a client's write, to an owner
  hint = 1,     // the same, to a fallback that stands in for `owner`
  handoff = 2,  // a hint, to its owner
  repair = 3,   // to an owner that a read found behind
};

struct Replicate {
  CallId call;
  Epoch epoch;
  Key key;
  RecordPtr state;
  Kind kind = Kind::siblings;
  Purpose purpose = Purpose::write;
  NodeId owner;   // of a hint
  Millis left{};  // until nobody waits for the answer any more; 0: not said
};

// Sent only after the commit that holds the merged state, when the node promises `sync` or the purpose is `handoff`.
struct Replicated {
  CallId call;
  Epoch epoch;
  Errc outcome = Errc::ok;
  bool durable = false;
  Load load;
};

struct Fetch {
  CallId call;
  Epoch epoch;
  Key key;
  bool digest_only = false;
  bool durable_only = false;  // answer when the state that is shown is on disk (sessions)
  Millis left{};              // as in Replicate
};

// Outcome `ok` with no state and no digest: this replica holds nothing. Any other outcome means "don't know" and counts
// for nothing; a fallback without a hint of the key says so.
struct Fetched {
  CallId call;
  Epoch epoch;
  Errc outcome = Errc::ok;
  RecordPtr state;
  Hash128 digest;  // of the state's causality; zero: holds nothing
  Load load;
};

struct FetchKeys {
  CallId call;
  Epoch epoch;
  std::string bucket;
  std::string prefix;
  PartitionId partition;
  std::optional<Slot> after;
  std::uint32_t limit = 1000;
  Millis left{};  // as in Replicate
};

struct KeyState {
  Slot slot;
  std::string name;
  RecordPtr state;  // causality only, values emptied
};

struct KeysFetched {
  CallId call;
  Epoch epoch;
  Errc outcome = Errc::ok;
  std::vector<KeyState> keys;  // ascending by slot
  std::optional<Slot> next;    // where this replica's scan stopped; absent when it reached the partition's end
};

// A node that does not own the key passes the client's request on to one that does.
struct Forward {
  CallId call;
  ClientRequest request;
  Millis left{};  // as in Replicate
};

struct Forwarded {
  CallId call;
  ClientReply reply;
};

// A newcomer asks any member, as a client does.
struct Join {
  CallId call;
  Member member;
  bool reset_identity = false;  // take over the name of a member that lost its disk
};

struct JoinReply {
  CallId call;
  Error outcome;
  std::optional<Membership> document;
};

// "This is the newest document that I know." Whoever knows a newer one answers with it.
struct DocumentDigest {
  Epoch epoch;
  Hash128 content;
};

struct DocumentPush {
  Membership document;
};

// A member is about to take the first client write: formation must be closed first. Sent to one voter after the other,
// so that not all members propose the same at once.
struct CloseFormation {
  Epoch epoch;  // the document that the sender knows
};

// Why a frame was not accepted: another cluster, another protocol version, an older life of this node, or a clone.
struct Refused {
  enum class Reason : std::uint8_t { protocol = 1, cluster = 2, stale_incarnation = 3, clone = 4, removed = 5 };
  Reason reason = Reason::protocol;
  std::string sentence;
};

// The failure detector's messages (gossip/messages.h) stand together, and so do anti-entropy's (repair_messages.h),
// Paxos' (paxos_messages.h) and a laboratory's (study_messages.h).
using Message =
    std::variant<Hello, Welcome, GetRequest, PutRequest, ListRequest, StatusRequest, GetReply, PutReply, ListReply,
                 StatusReply, Replicate, Replicated, Fetch, Fetched, FetchKeys, KeysFetched, Forward, Forwarded, Join,
                 JoinReply, DocumentDigest, DocumentPush, CloseFormation, Refused, Ping, Pong, PingRequest, Nack,
                 Gossip, StateDigest, StateExchange, HintsRequest, HintsReply, BucketRequest, BucketReply,
                 ExplainRequest, ExplainReply, Inspect, Inspected, EventsRequest, EventsReply, SnapshotRequest,
                 SnapshotReply, ComparePair, PairCompared, CompareBranches, BranchesCompared, CompareElements,
                 ElementsCompared, PullStates, StatesPulled, PushStates, StatesPushed, RepairRequest, RepairReply,
                 DiffRequest, DiffReply, FaultsRequest, FaultsReply, ObserveRequest, ObserveReply, Prepare, Promise,
                 Accept, Accepted, Poll, Polled, Learn, PrepareDocument, PromiseDocument, AcceptDocument,
                 AcceptedDocument, VotersRequest, VotersReply>;

// ---- who ------------------------------------------------------------------------------------------------------

// One client connection at this node.
struct ClientHandle {
  std::uint64_t value = 0;
  auto operator<=>(const ClientHandle&) const = default;
};

using Address = std::variant<NodeId, ClientHandle>;

// `peer` is who sent a received message, or who shall get a sent one. `age` is how long a received message has been on
// its way beyond what the way takes at best, as far as the driver knows: time in queues and in a process that slept.
struct Envelope {
  Address peer;
  Message message;
  Duration age{};
};

}  // namespace shoal
