// Put coordinator: one owner of the key mints the write and sees it through.
//
// The idea: merge locally, then send the whole state to all other owners at once, in parallel with the own sync. The
// client is answered when w owners hold the state durably; those that stay silent are asked again until the deadline.
//
//   client -> here              PutRequest
//   here   -> every owner       Replicate (the own replica has the state already and acknowledges when it is synced)
//   owner  -> here              Replicated, after the commit that holds the state
//   here   -> client            PutReply: a receipt, or what is known about the write's fate
//
// Invariants:
//  (1) Nothing is minted before the request is known to be valid, permitted, and able to reach w living owners:
//      whatever is refused earlier is "certainly not applied".
//  (2) After the mint every failure is "may have been applied".
//  (3) An acknowledgement that the client sees counts w distinct owners.
//  (4) A retry of a request that minted here replicates the same dot again; it mints no second one.
//  (5) The token permits overwriting only when the record held nothing but the new dot (ruling 1).
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

  // Precondition: the bucket exists and this node owns the key. `asker` is a client, or a peer that forwarded.
  void on_request(const Address& asker, const PutRequest& request, Instant deadline, Now now);
  void on_replicated(NodeId from, const Replicated& reply);
  void tick(Now now);

  [[nodiscard]] Instant next_deadline() const { return open_.next_deadline(); }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  struct Open {
    Address asker;
    CallId asker_call;
    RequestId request;
    Key key;
    Kind kind;
    RecordPtr state;
    Quorum quorum;
    bool durable = true;  // every acknowledgement so far was
    PutReply receipt;     // what the client will get when the quorum is there
    Instant deadline;
    Duration patience;  // until the silent owners are asked again
  };

  struct Minted {
    EntryPtr entry;
    Dot dot;
    CommitId commit;
  };

  Result<Minted> mint(const Slot& slot, const PutRequest& request, Now now);
  Result<Quorum> quorum_for(const PutRequest& request, const Slot& slot) const;
  bool joins_open_request(const Address& asker, const PutRequest& request);
  void replicate(CallId call, const Open& open, std::span<const NodeId> owners);
  void settle(CallId call);
  void give_up(CallId call, const std::string& why);

  Services& services_;
  RequestTable requests_;
  OpenCalls<Open> open_;
  std::map<RequestId, CallId> open_requests_;
};

// The receipt for `entry` after the write of `dot`: token and number of siblings.
PutReply receipt_of(const Entry& entry, const Dot& dot, const Slot& slot, const HashKey& cluster_key);

}  // namespace shoal
