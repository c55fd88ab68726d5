#include "node/io/client_socket.h"

#include <spdlog/spdlog.h>

#include <optional>
#include <string>

namespace shoal {
namespace {

constexpr int kHighWaterMark = 256;  // frames per client

// ZeroMQ names a connection by a zero byte and a 32-bit number, unless the client chose a name of its own.
std::optional<ClientHandle> handle_of(const std::string& route) {
  if (route.size() != 5 || route[0] != '\0') return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t i = 1; i < 5; ++i) number = (number << 8) | static_cast<unsigned char>(route[i]);
  return ClientHandle{number};
}

std::string route_of(ClientHandle client) {
  std::string route(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) route.push_back(static_cast<char>(client.value >> shift));
  return route;
}

}  // namespace

ClientSocket::ClientSocket(zmq::context_t& context, const FrameHeader& header, Counters& counters)
    : header_(header), counters_(counters), router_(context, zmq::socket_type::router) {
  prepare_listener(router_, kHighWaterMark);
  router_.set(zmq::sockopt::router_mandatory,
              true);  // say so when a client is gone or slow, instead of dropping in silence
}

void ClientSocket::send(ClientHandle to, std::span<const Message> messages) {
  for (const std::string& frame : encode_frame(header_, messages, ++transfers_)) {
    if (send_frame(router_, route_of(to), frame)) continue;
    ++counters_.dropped_frames;
    return;  // a frame in pieces is useless without this one
  }
}

bool ClientSocket::receive(const Handler& handler, int frames_max) {
  for (int i = 0; i < frames_max; ++i) {
    const std::optional<Incoming> incoming = receive_frame(router_, true);
    if (!incoming) return false;
    accept(*incoming, handler);
  }
  return true;
}

void ClientSocket::accept(const Incoming& incoming, const Handler& handler) {
  const std::optional<ClientHandle> client = handle_of(incoming.route);
  if (!client) {
    ++counters_.refused_frames;
    return;
  }
  const Result<std::optional<Frame>> frame = assembler_.read(incoming.route, incoming.body.to_string_view());
  if (!frame) {
    if (counters_.malformed_frames++ % 1000 == 0) spdlog::warn("a client sent a {}", frame.error().message);
    return;
  }
  if (!*frame) return;
  const FrameHeader& theirs = (*frame)->header;
  if (theirs.protocol != header_.protocol)
    return refuse(*client, Refused::Reason::protocol,
                  "this node speaks protocol version " + std::to_string(header_.protocol) + " and not " +
                      std::to_string(theirs.protocol) + "; use a client of a matching release");
  if (theirs.cluster != ClusterId{} && theirs.cluster != header_.cluster)
    return refuse(*client, Refused::Reason::cluster,
                  "this node belongs to cluster " + to_string(header_.cluster) + " and not to " +
                      to_string(theirs.cluster) + "; check the client's seeds");
  for (const Message& message : (*frame)->messages) handler(*client, message);
}

void ClientSocket::refuse(ClientHandle client, Refused::Reason reason, const std::string& sentence) {
  ++counters_.refused_frames;
  const Message message = Refused{reason, sentence};
  send(client, {&message, 1});
}

}  // namespace shoal
