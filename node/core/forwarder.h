// Forwarder: any node may be asked; one that does not own the key passes the request on to one that does.
//
//   client -> here    GetRequest, PutRequest or ListRequest
//   here   -> owner   Forward       (to the next in rank, too, when the one before stays silent)
//   owner  -> here    Forwarded
//   here   -> client  the reply
//
// One hop: whoever gets a request from a peer coordinates it, owner or not. A second hop could go in circles while the
// views of who is alive differ.
//
// Invariants:
//  (1) One that stays silent for its share of the time is not given up: the next is asked beside it, kTriesMax at most.
//      A write keeps its request id, so that readers see the two dots that it may then have once.
//  (2) The first success is the reply. A refusal is passed on when nobody else may still answer.
//  (3) A write whose fate one of those who were asked has not told is "may have been applied", whatever others refuse.
#pragma once

#include <optional>
#include <vector>

#include "node/base/time.h"
#include "node/core/open_calls.h"
#include "node/core/services.h"

namespace shoal {

inline bool is_write(const ClientRequest& request) { return std::holds_alternative<PutRequest>(request); }

// A reply of the request's own type that says why it was not served.
ClientReply refusal_of(const ClientRequest& request, const Error& error);

class Forwarder {
 public:
  static constexpr std::size_t kTriesMax = 3;
  static constexpr Duration kPatienceMax = std::chrono::milliseconds(500);

  explicit Forwarder(Services& services) : services_(services) {}

  // `able`: who may coordinate it, best first. Precondition: not empty.
  void forward(const Address& client, const ClientRequest& request, std::vector<NodeId> able, Instant deadline,
               Now now);
  void on_forwarded(NodeId from, const Forwarded& reply);
  void tick(Now now);

  [[nodiscard]] Instant next_deadline() const { return open_.next_deadline(); }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  struct Open {
    Address client;
    ClientRequest request;
    std::vector<NodeId> unasked;
    std::vector<NodeId> silent;  // asked, and not heard of
    std::optional<ClientReply> refused;
    Duration patience;
    Instant deadline;
  };

  void ask_next(CallId call, Open& open, Now now);
  void answer(CallId call, ClientReply reply);

  Services& services_;
  OpenCalls<Open> open_;
};

}  // namespace shoal
