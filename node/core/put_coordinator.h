// Put coordinator: one node mints the write and sees it through, past its answer to the client.
//
// The idea: merge locally, then send the whole state to everybody at once, in parallel with the own sync: to the owners
// that are up, and for the i-th one that is not to the i-th living fallback, which keeps a hint for it. The client is
// answered when w seats are taken durably. The request lives on until every owner, or a stand-in for it, has the state:
// owners that stay silent are asked again and get a stand-in too; a fallback that refuses is followed by the next one
// down the rank. For owners that still miss it at the end, this node keeps a hint itself. When no owner is up, the
// first living fallback coordinates and mints into its hint.
//
//   client   -> here            PutRequest
//   here     -> every owner     Replicate{write} (the own copy has the state and acknowledges when it is synced)
//   here     -> stand-ins       Replicate{hint}
//   replica  -> here            Replicated, after the commit that holds the state
//   here     -> client          PutReply: a receipt, or what is known about the write's fate
//
// Invariants:
//  (1) Nothing is minted before the request is known to be valid, permitted, and able to fill w seats (pw of them by
//      owners): whatever is refused earlier is "certainly not applied".
//  (2) After the mint every failure is "may have been applied".
//  (3) An acknowledgement that the client sees counts w distinct nodes, and no owner together with its stand-in.
//  (4) A retry of a request that minted here replicates the same dot again; it mints no second one.
//  (5) The token permits overwriting only when the record held nothing but the new write: its dot, and dots of other
//      tries of the same request.
//  (6) When the request ends, every owner has the state, or somebody has a hint of it, or the owner's partition is
//      marked for repair.
#pragma once

#include "node/base/time.h"
#include "node/core/open_calls.h"
#include "node/core/quorum.h"
#include "node/core/request_table.h"
#include "node/core/services.h"

namespace shoal {

class PutCoordinator {
 public:
  explicit PutCoordinator(Services& services) : services_(services) {}

  // Precondition: the bucket exists; this node owns the key, or is to stand in for an owner. `asker` is a client, or a
  // peer that forwarded.
  void on_request(const Address& asker, const PutRequest& request, Instant deadline, Now now);
  void on_replicated(NodeId from, const Replicated& reply);
  void tick(Now now);

  [[nodiscard]] Instant next_deadline() const { return open_.next_deadline(); }
  // Requests whose client has no answer yet.
  [[nodiscard]] std::size_t open() const { return open_.size() - answered_; }

 private:
  // Who answers for which seat, as things look when the request arrives.
  struct Plan {
    Place place;  // of the copy that mints
    Quorum quorum;
    std::vector<NodeId> spare;  // living fallbacks that do not stand in yet, in rank order
  };
  struct Open {
    Address asker;
    CallId asker_call;
    RequestId request;
    Key key;
    Kind kind;
    PartitionId partition;
    RecordPtr state;
    Quorum quorum;
    std::vector<NodeId> spare;
    bool answered = false;
    bool durable = true;  // every acknowledgement so far was
    PutReply receipt;     // what the client will get when the quorum is there
    Instant deadline;
    Duration patience;  // until the silent are asked again
  };
  struct Minted {
    EntryPtr entry;
    Dot dot;
    CommitId commit;
  };

  bool joins_open_request(const Address& asker, const PutRequest& request);
  Result<Plan> plan_for(const PutRequest& request, const Slot& slot) const;
  Result<Minted> mint(const Place& place, const PutRequest& request, Now now);
  void send(CallId call, const Open& open, std::span<const NodeId> nodes);
  void call_stand_in(CallId call, Open& open, NodeId owner);
  void settle(CallId call);
  void answer(Open& open);
  void give_up(Open& open, const std::string& why);
  void mark_answered(Open& open);
  // Everybody has the state, or nobody who could still answer was asked and nobody is left to ask.
  [[nodiscard]] bool nothing_to_wait_for(const Open& open) const;
  void close(CallId call);
  bool keep_hint(NodeId owner, const Open& done);

  Services& services_;
  OpenCalls<Open> open_;
  std::size_t answered_ = 0;
  std::map<RequestId, CallId> open_requests_;
  RequestTable requests_;
};

// What the client is told of a record after its write.
PutReply receipt_of(const Entry& entry, const Dot& dot, const Slot& slot, const HashKey& cluster_key);

}  // namespace shoal
