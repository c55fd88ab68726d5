#include "node/io/join.h"

#include <sodium.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <optional>

#include "node/io/clock.h"
#include "node/io/frame_io.h"
#include "node/io/random.h"
#include "node/io/resolve.h"

namespace shoal {
namespace {

constexpr std::chrono::milliseconds kAskAgainAfter{150};
constexpr std::chrono::seconds kGiveUpAfter{60};
constexpr std::chrono::milliseconds kChallengeFor{1000};

Member self_as_member(const Config& config, NodeId self) {
  return Member{.id = self,
                .name = config.display_name(),
                .address = config.advertised(),
                .zone = config.zone,
                .weight = static_cast<std::uint32_t>(config.weight)};
}

std::string sentence_of(const Refused& refused, ClusterId known) {
  if (refused.reason != Refused::Reason::cluster) return refused.sentence;
  return "this data folder's node belongs to cluster " + to_string(known) +
         ", which --join does not lead to: use another folder, or correct --join";
}

std::optional<JoinReply> read_reply(zmq::socket_t& socket, CallId call, ClusterId known) {
  const std::optional<Incoming> incoming = receive_frame(socket, false);
  if (!incoming) return std::nullopt;
  FrameReader reader(kFrameBytesMax);
  const Result<std::optional<Frame>> frame = reader.read(incoming->body.to_string_view());
  if (!frame || !*frame) return std::nullopt;
  for (const Message& message : (*frame)->messages) {
    if (const auto* reply = std::get_if<JoinReply>(&message); reply != nullptr && reply->call == call) return *reply;
    if (const auto* refused = std::get_if<Refused>(&message))
      return JoinReply{call, fail(Errc::refused, sentence_of(*refused, known)), std::nullopt};
  }
  return std::nullopt;
}

}  // namespace

Membership found_cluster(const Config& config, NodeId self) {
  Membership document;
  document.cluster = {random_id()};
  randombytes_buf(document.cluster_key.bytes.data(), document.cluster_key.bytes.size());
  document.epoch = {1};
  document.partitions = static_cast<std::uint32_t>(config.partitions);
  document.replicas = static_cast<std::uint32_t>(config.replicas);
  document.founder = self;
  document.voters = {self};
  document.members = {self_as_member(config, self)};
  return document;
}

Result<Membership> join_cluster(zmq::context_t& context, const Config& config, NodeId self, ClusterId known,
                                int signal_fd) {
  const Result<Endpoint> seed = parse_endpoint(config.join);
  if (!seed) return seed.error();
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  prepare_connector(socket, 16);
  const ZmqEndpoint where = connect_endpoint(*seed);
  socket.set(zmq::sockopt::ipv6, where.ipv6);
  socket.connect(where.uri);
  spdlog::info("asking {} to join its cluster", config.join);

  const CallId call{random_id()};
  const Message question = Join{call, self_as_member(config, self), config.reset_identity};
  const std::vector<std::string> frames = encode_frame(FrameHeader{.cluster = known}, {&question, 1}, 1);
  for (const Instant give_up = read_clock().mono + kGiveUpAfter; read_clock().mono < give_up;) {
    for (const std::string& frame : frames) send_frame(socket, {}, frame);
    std::vector<zmq::pollitem_t> items{{socket.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, signal_fd, ZMQ_POLLIN, 0}};
    zmq::poll(items, kAskAgainAfter);
    if ((items[1].revents & ZMQ_POLLIN) != 0) return fail(Errc::closed, "stopped while waiting to join");
    const std::optional<JoinReply> reply = read_reply(socket, call, known);
    if (!reply) continue;
    if (reply->outcome.code != Errc::ok) return reply->outcome;
    if (reply->document) return *reply->document;
  }
  return fail(Errc::timeout, "nobody at " + config.join +
                                 " let this node in within a minute; check the address, and that a majority of the "
                                 "cluster's voters is up");
}

Status challenge_old_address(const FrameHeader& self, const std::string& address, int signal_fd) {
  const Result<Endpoint> old = parse_endpoint(address);
  if (!old) return Unit{};
  zmq::context_t context(1);
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  prepare_connector(socket, 16);
  const ZmqEndpoint where = connect_endpoint({old->host, static_cast<std::uint16_t>(old->port + kPeerPortOffset)});
  socket.set(zmq::sockopt::ipv6, where.ipv6);
  socket.connect(where.uri);
  const Message word = Ping{};
  for (const std::string& frame : encode_frame(self, {&word, 1}, 1)) send_frame(socket, {}, frame);

  std::vector<zmq::pollitem_t> items{{socket.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, signal_fd, ZMQ_POLLIN, 0}};
  zmq::poll(items, kChallengeFor);
  if ((items[1].revents & ZMQ_POLLIN) != 0) return fail(Errc::closed, "stopped while starting");
  const std::optional<Incoming> incoming = receive_frame(socket, false);
  if (!incoming) return Unit{};
  FrameReader reader(kFrameBytesMax);
  const Result<std::optional<Frame>> frame = reader.read(incoming->body.to_string_view());
  if (!frame || !*frame || (*frame)->header.sender != self.sender || (*frame)->messages.empty()) return Unit{};
  const auto* refused = std::get_if<Refused>(&(*frame)->messages.front());
  return refused != nullptr ? Status(fail(Errc::refused, refused->sentence)) : Status(Unit{});
}

}  // namespace shoal
