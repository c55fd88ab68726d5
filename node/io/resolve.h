// Host names for ZeroMQ, whose own choice is surprising: with IPv6 enabled it takes only the first address of a name,
// so "localhost" may mean ::1 while the peer listens on 127.0.0.1.
#pragma once

#include <string>

#include "node/base/endpoint.h"

namespace shoal {

struct ZmqEndpoint {
  std::string uri;    // tcp://...
  bool ipv6 = false;  // what ZMQ_IPV6 must be set to
};

// For connecting: names stay names, so that a member that moves is found again at the next reconnection. IPv4 wins
// when a name has both.
ZmqEndpoint connect_endpoint(const Endpoint& endpoint);

// For listening: names become the address of this machine that they stand for; * is every interface, IPv6 included
// where the machine has it.
Result<ZmqEndpoint> bind_endpoint(const Endpoint& endpoint);

// Whether a socket could listen there now; a sentence when not. Does not listen itself: nobody shall connect to a test.
Status check_can_listen(const Endpoint& endpoint);

// The sentence for a port, or an address, that the machine does not give us; `code` is errno.
Error cannot_listen(const Endpoint& endpoint, int code);

}  // namespace shoal
