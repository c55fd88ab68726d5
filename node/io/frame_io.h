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
void prepare(zmq::socket_t& socket, int high_water_mark);

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
