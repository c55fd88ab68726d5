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
#include "node/base/ids.h"
#include "node/base/result.h"
#include "node/ring/membership.h"
#include "vclock/record.h"

namespace shoal {

using RecordPtr = std::shared_ptr<const Record>;
using Millis = std::chrono::milliseconds;

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
  std::int32_t r = 0;  // replies to merge; 0 = a majority of the owners, -1 = all of them
  Millis timeout{1000};
};

struct PutRequest {
  CallId call;
  RequestId request;  // the same for every retry of this operation
  Key key;
  bool tombstone = false;  // a delete
  Blob value;
  std::string context;  // an encoded CausalContext; empty for a blind write
  std::int32_t w = 0;   // acknowledgements to wait for; 0 = a majority of the owners, -1 = all of them
  Millis timeout{1000};
};

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
};

// The receipt of a write.
struct PutReply {
  CallId call;
  Error outcome;
  std::int32_t stand_ins = 0;  // acknowledgements by fallbacks that hold a hint; none before hinted handoff exists
  bool durable = false;        // every counted acknowledgement was on disk
  std::uint32_t siblings = 0;  // live values at the coordinator afterwards
  std::string context;         // the token (ruling 1)
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
};

using ClientRequest = std::variant<GetRequest, PutRequest, ListRequest>;
using ClientReply = std::variant<GetReply, PutReply, ListReply>;

// ---- between nodes ---------------------------------------------------------------------------------------------

struct Replicate {
  CallId call;
  Epoch epoch;
  Key key;
  RecordPtr state;
};

// Sent only after the commit that holds the merged state, when the node promises `sync`.
struct Replicated {
  CallId call;
  Epoch epoch;
  Errc outcome = Errc::ok;
  bool durable = false;
};

struct Fetch {
  CallId call;
  Epoch epoch;
  Key key;
};

// Outcome `ok` with no state: this replica holds nothing. Any other outcome means "don't know" and counts for nothing.
struct Fetched {
  CallId call;
  Epoch epoch;
  Errc outcome = Errc::ok;
  RecordPtr state;
};

struct FetchKeys {
  CallId call;
  Epoch epoch;
  std::string bucket;
  std::string prefix;
  PartitionId partition;
  std::optional<Slot> after;
  std::uint32_t limit = 1000;
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
};

struct Forwarded {
  CallId call;
  ClientReply reply;
};

// A newcomer asks any member, as a client does; the member passes it on to the founder, who numbers documents
// (ruling 18). A member that comes back under another address sends the same, with the id it has.
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

// A member is about to take the first client write: the founder must close formation first (ruling 18).
struct CloseFormation {
  Epoch epoch;  // the document that the sender knows
};

// Why a frame was not accepted: another cluster, another protocol version, an older life of this node, or a clone.
struct Refused {
  enum class Reason : std::uint8_t { protocol = 1, cluster = 2, stale_incarnation = 3, clone = 4, removed = 5 };
  Reason reason = Reason::protocol;
  std::string sentence;
};

// The failure detector's messages (gossip/messages.h) stand at the end.
using Message = std::variant<Hello, Welcome, GetRequest, PutRequest, ListRequest, StatusRequest, GetReply, PutReply,
                             ListReply, StatusReply, Replicate, Replicated, Fetch, Fetched, FetchKeys, KeysFetched,
                             Forward, Forwarded, Join, JoinReply, DocumentDigest, DocumentPush, CloseFormation, Refused,
                             Ping, Pong, PingRequest, Nack, Gossip, StateDigest, StateExchange>;

// ---- who ------------------------------------------------------------------------------------------------------

// One client connection at this node.
struct ClientHandle {
  std::uint64_t value = 0;
  auto operator<=>(const ClientHandle&) const = default;
};

using Address = std::variant<NodeId, ClientHandle>;

// `peer` is who sent a received message, or who shall get a sent one.
struct Envelope {
  Address peer;
  Message message;
};

}  // namespace shoal
