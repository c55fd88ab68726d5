// Forwarder: any node may be asked; one that does not own the key passes the request on to one that does.
//
//   client -> here    GetRequest, PutRequest or ListRequest
//   here   -> owner   Forward
//   owner  -> here    Forwarded
//   here   -> client  the reply
//
// One hop: whoever gets a request from a peer coordinates it, owner or not. A second hop could go in circles while the
// views of who is alive differ.
#pragma once

#include "node/base/time.h"
#include "node/core/open_calls.h"
#include "node/core/services.h"

namespace shoal {

// A reply of the request's own type that says why it was not served.
ClientReply refusal_of(const ClientRequest& request, const Error& error);

class Forwarder {
 public:
  explicit Forwarder(Services& services) : services_(services) {}

  void forward(const Address& client, const ClientRequest& request, NodeId to, Instant deadline, Now now);
  void on_forwarded(NodeId from, const Forwarded& reply);
  void tick(Now now);

  [[nodiscard]] Instant next_deadline() const { return open_.next_deadline(); }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  struct Open {
    Address client;
    NodeId owner;
    CallId client_call;
    ClientRequest request;  // without its value: only to say what failed
  };

  Services& services_;
  OpenCalls<Open> open_;
};

}  // namespace shoal
