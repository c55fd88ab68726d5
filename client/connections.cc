#include "client/connections.h"

#include <unistd.h>

#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "node/wire/frame.h"

namespace shoal::client_detail {
namespace {

constexpr int kSendQueue = 64;          // frames; each holds about 1 MiB of requests at most
constexpr int kMessagesPerTurn = 1000;  // of one node, before the others get their turn
constexpr int kUps = ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
constexpr int kDowns = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

void configure(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::immediate, true);
  socket.set(zmq::sockopt::ipv6, true);
  socket.set(zmq::sockopt::sndhwm, kSendQueue);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kFrameBytesMax));
  socket.set(zmq::sockopt::reconnect_ivl, 50);
  socket.set(zmq::sockopt::reconnect_ivl_max, 1000);
  socket.set(zmq::sockopt::connect_timeout, 2000);
  socket.set(zmq::sockopt::rcvhwm, 0);  // what comes answers questions of ours: no more than those
  // TCP finds out that a machine vanished. ZeroMQ's heartbeats would abort nodes that hung for a while: libzmq 4.3
  // fails an assertion on a PING from a connection that is gone when its reader had no room (libzmq issues 4364, 4767).
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, 1);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, 1);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, 2);
  socket.set(zmq::sockopt::tcp_maxrt, 3000);
}

long milliseconds_until(Instant until) {
  if (until == kNever) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_now());
  return std::max<long>(0, static_cast<long>(left.count()));
}

}  // namespace

Instant steady_now() { return Instant(std::chrono::steady_clock::now().time_since_epoch()); }

struct Connections::Link {
  Link(zmq::context_t& context, const std::string& address, std::uint64_t number)
      : socket(context, zmq::socket_type::dealer), monitor(context, zmq::socket_type::pair) {
    configure(socket);
    monitor.set(zmq::sockopt::linger, 0);
    const std::string endpoint = "inproc://monitor-" + std::to_string(number);
    if (zmq_socket_monitor(socket.handle(), endpoint.c_str(), kUps | kDowns) != 0) throw zmq::error_t();
    monitor.connect(endpoint);
    socket.connect("tcp://" + address);
  }
  ~Link() { zmq_socket_monitor(socket.handle(), nullptr, 0); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  [[nodiscard]] bool writable() const { return (socket.get(zmq::sockopt::events) & ZMQ_POLLOUT) != 0; }

  // The next change of the connection: made, or lost.
  std::optional<bool> next_event() {
    zmq::message_t head;
    zmq::message_t endpoint;
    if (!monitor.recv(head, zmq::recv_flags::dontwait)) return std::nullopt;
    if (!monitor.recv(endpoint)) return std::nullopt;
    std::uint16_t event = 0;
    std::memcpy(&event, head.data(), sizeof event);
    return (event & kUps) != 0;
  }

  void forget_frames() {
    pieces.clear();
    reader = FrameReader(kPeerAssemblyBytesMax);
  }

  zmq::socket_t socket;
  zmq::socket_t monitor;
  FrameReader reader{kPeerAssemblyBytesMax};
  std::deque<std::string> pieces;  // of frames that the socket did not take yet
  bool wanted = false;             // the dispatcher has something for it
};

struct Connections::Sockets {
  zmq::context_t context{1};
  std::map<std::string, std::unique_ptr<Link>> links;
  int wake_fd = -1;
  std::uint64_t links_made = 0;
  std::uint64_t transfers = 0;

  // nullptr when ZeroMQ cannot make sense of the address.
  Link* link(const std::string& address) {
    std::unique_ptr<Link>& found = links[address];
    if (found) return found.get();
    try {
      found = std::make_unique<Link>(context, address, links_made++);
    } catch (const zmq::error_t&) {
      links.erase(address);
      return nullptr;
    }
    return found.get();
  }
};

Connections::Connections(Dispatcher& dispatcher, int wake_fd)
    : sockets_(std::make_unique<Sockets>()), dispatcher_(dispatcher) {
  sockets_->wake_fd = wake_fd;
}

Connections::~Connections() = default;

void Connections::flush() {
  for (auto it = sockets_->links.begin(); it != sockets_->links.end();) {
    it->second->wanted = false;
    it = dispatcher_.knows(it->first) ? std::next(it) : sockets_->links.erase(it);
  }
  for (const std::string& address : dispatcher_.wanting()) {
    Link* link = sockets_->link(address);
    if (link == nullptr) {
      dispatcher_.lost(address, steady_now());
    } else {
      link->wanted = true;
    }
  }
  for (auto& [address, link] : sockets_->links) send(address, *link);
}

void Connections::send(const std::string& address, Link& link) {
  while ((link.wanted || !link.pieces.empty()) && link.writable()) {
    if (link.pieces.empty()) {
      const std::vector<Message> messages = dispatcher_.take(address, steady_now());
      link.wanted = !messages.empty();
      if (messages.empty()) return;
      const FrameHeader header{.cluster = dispatcher_.cluster(), .sender = {}, .incarnation = {}};
      for (std::string& piece : encode_frame(header, messages, ++sockets_->transfers))
        link.pieces.push_back(std::move(piece));
    }
    if (!link.socket.send(zmq::buffer(link.pieces.front()), zmq::send_flags::dontwait)) return;
    link.pieces.pop_front();
  }
}

// First what came, then what happened to the connection: an answer that arrived before its node died still counts.
void Connections::receive(const std::string& address, Link& link) {
  zmq::message_t message;
  for (int i = 0; i < kMessagesPerTurn && link.socket.recv(message, zmq::recv_flags::dontwait); ++i)
    read(address, link, message.to_string_view());
  while (const std::optional<bool> made = link.next_event()) {
    if (*made) {
      dispatcher_.connected(address);
    } else {
      link.forget_frames();
      dispatcher_.lost(address, steady_now());
    }
  }
}

void Connections::read(const std::string& address, Link& link, std::string_view bytes) {
  Result<std::optional<Frame>> frame = link.reader.read(bytes);
  if (!frame) return;  // not from a node of ours: its questions run into their timeouts and others are asked
  if (!*frame) return;
  const std::uint32_t protocol = (*frame)->header.protocol;
  if (protocol != kProtocolVersion) {
    const Refused refused{Refused::Reason::protocol, "it speaks version " + std::to_string(protocol) +
                                                         " of the protocol and this client version " +
                                                         std::to_string(kProtocolVersion)};
    return dispatcher_.receive(address, refused, steady_now());
  }
  for (Message& received : (*frame)->messages) dispatcher_.receive(address, std::move(received), steady_now());
}

void Connections::wait(Instant until) {
  std::vector<zmq::pollitem_t> items{{nullptr, sockets_->wake_fd, ZMQ_POLLIN, 0}};
  for (auto& [address, link] : sockets_->links) {
    const bool waits_to_send = link->wanted || !link->pieces.empty();
    items.push_back({link->socket.handle(), 0, static_cast<short>(ZMQ_POLLIN | (waits_to_send ? ZMQ_POLLOUT : 0)), 0});
    items.push_back({link->monitor.handle(), 0, ZMQ_POLLIN, 0});
  }
  zmq::poll(items, std::chrono::milliseconds(milliseconds_until(until)));
  if ((items[0].revents & ZMQ_POLLIN) != 0) {
    std::uint64_t times = 0;
    [[maybe_unused]] const auto got = ::read(sockets_->wake_fd, &times, sizeof times);
  }
  for (auto& [address, link] : sockets_->links) receive(address, *link);
}

}  // namespace shoal::client_detail
