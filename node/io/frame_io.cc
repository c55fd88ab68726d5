#include "node/io/frame_io.h"

#include "node/io/resolve.h"

namespace shoal {
namespace {

void prepare(zmq::socket_t& socket, int high_water_mark) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::sndhwm, high_water_mark);
  socket.set(zmq::sockopt::rcvhwm, high_water_mark);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kFrameBytesMax));
}

void keep_alive(zmq::socket_t& socket, int idle_seconds, int interval_seconds) {
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, idle_seconds);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, interval_seconds);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, 3);
}

}  // namespace

void prepare_listener(zmq::socket_t& socket, int high_water_mark) {
  prepare(socket, high_water_mark);
  keep_alive(socket, 30, 10);
}

void prepare_connector(zmq::socket_t& socket, int high_water_mark) {
  prepare(socket, high_water_mark);
  socket.set(zmq::sockopt::rcvhwm, 0);
  keep_alive(socket, 3, 1);  // a peer whose machine vanished is disconnected, not waited for
  socket.set(zmq::sockopt::tcp_maxrt, 6000);
  socket.set(zmq::sockopt::reconnect_ivl, 50);
  socket.set(zmq::sockopt::reconnect_ivl_max, 1000);
  socket.set(zmq::sockopt::connect_timeout, 2000);
}

Status bind(zmq::socket_t& socket, const Endpoint& endpoint) {
  const Result<ZmqEndpoint> where = bind_endpoint(endpoint);
  if (!where) return where.error();
  try {
    socket.set(zmq::sockopt::ipv6, where->ipv6);
    socket.bind(where->uri);
    return Unit{};
  } catch (const zmq::error_t& error) {
    return cannot_listen(endpoint, error.num());
  }
}

std::optional<Incoming> receive_frame(zmq::socket_t& socket, bool routed) {
  Incoming incoming;
  if (routed) {
    zmq::message_t route;
    if (!socket.recv(route, zmq::recv_flags::dontwait)) return std::nullopt;
    incoming.route = route.to_string();
    if (!route.more()) return incoming;
  }
  if (!socket.recv(incoming.body, zmq::recv_flags::dontwait)) return std::nullopt;
  for (bool more = incoming.body.more(); more;) {
    zmq::message_t extra;
    if (!socket.recv(extra, zmq::recv_flags::dontwait)) break;
    more = extra.more();
  }
  return incoming;
}

bool send_frame(zmq::socket_t& socket, const std::string& route, const std::string& frame) {
  try {
    if (!route.empty() && !socket.send(zmq::buffer(route), zmq::send_flags::sndmore | zmq::send_flags::dontwait))
      return false;
    return socket.send(zmq::buffer(frame), zmq::send_flags::dontwait).has_value();
  } catch (const zmq::error_t&) {  // EHOSTUNREACH: the connection is gone
    return false;
  }
}

Result<std::optional<Frame>> FrameAssembler::read(const std::string& route, std::string_view bytes) {
  const auto held = unfinished_.find(route);
  FrameReader reader = held != unfinished_.end() ? std::move(held->second) : FrameReader(assembly_bytes_max_);
  if (held != unfinished_.end()) unfinished_.erase(held);
  Result<std::optional<Frame>> frame = reader.read(bytes);
  if (reader.held_bytes() > 0) {
    if (unfinished_.size() >= kUnfinishedMax) unfinished_.erase(unfinished_.begin());
    unfinished_.emplace(route, std::move(reader));
  }
  return frame;
}

}  // namespace shoal
