// The few ZeroMQ calls that every socket of a node shares.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "node/base/endpoint.h"
#include "node/wire/frame.h"

namespace shoal {

// Limits and time-outs for a socket that carries frames.
//
// Nobody sends ZeroMQ's heartbeats. libzmq 4.3 aborts the process when it sends a PING, or finds one to answer, on a
// connection that is gone and has frames which its reader had no room for ("Assertion failed: !_io_error"; libzmq
// issues 4364, 4767). A node that hung for some seconds wakes up with such connections. That a machine vanished is
// TCP's to find out: by keepalives where nothing is sent, else because nobody acknowledges. A process that hangs keeps
// its connections; it is gossip that calls it dead.
void prepare_listener(zmq::socket_t& socket, int high_water_mark);
void prepare_connector(zmq::socket_t& socket, int high_water_mark);

Status bind(zmq::socket_t& socket, const Endpoint& endpoint);

struct Incoming {
  std::string route;  // of a ROUTER's connection; empty on a DEALER
  zmq::message_t body;
};
// Does not block. nullopt when nothing waits. Messages with extra parts are read to their end and cut to two parts.
std::optional<Incoming> receive_frame(zmq::socket_t& socket, bool routed);

// Does not block; false when the other side is slow or gone.
bool send_frame(zmq::socket_t& socket, const std::string& route, const std::string& frame);

// Reads frames that may come in pieces, one reader per connection with an unfinished one.
class FrameAssembler {
 public:
  explicit FrameAssembler(std::size_t assembly_bytes_max) : assembly_bytes_max_(assembly_bytes_max) {}
  Result<std::optional<Frame>> read(const std::string& route, std::string_view bytes);

 private:
  static constexpr std::size_t kUnfinishedMax = 64;
  std::size_t assembly_bytes_max_;
  std::map<std::string, FrameReader> unfinished_;
};

}  // namespace shoal
