// Client socket: the ROUTER that clients talk to, on the node's first port.
//
// A client is known by the connection that ZeroMQ numbered; its handle is that number. A reply to a client that is slow
// or gone is dropped and counted: the client's own deadline tells it.
#pragma once

#include <functional>
#include <span>
#include <zmq.hpp>

#include "node/base/endpoint.h"
#include "node/io/counters.h"
#include "node/io/frame_io.h"

namespace shoal {

class ClientSocket {
 public:
  ClientSocket(zmq::context_t& context, const FrameHeader& header, Counters& counters);

  Status listen(const Endpoint& endpoint) { return bind(router_, endpoint); }

  void send(ClientHandle to, std::span<const Message> messages);

  using Handler = std::function<void(ClientHandle from, const Message& message)>;
  // Reads at most `frames_max` frames; true when there may be more.
  bool receive(const Handler& handler, int frames_max);

  [[nodiscard]] zmq::pollitem_t poll_item() { return {router_.handle(), 0, ZMQ_POLLIN, 0}; }

 private:
  void accept(const Incoming& incoming, const Handler& handler);
  void refuse(ClientHandle client, Refused::Reason reason, const std::string& sentence);

  FrameHeader header_;
  Counters& counters_;
  zmq::socket_t router_;
  FrameAssembler assembler_{kClientAssemblyBytesMax};
  std::uint64_t transfers_ = 0;
};

}  // namespace shoal
