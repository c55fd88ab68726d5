// Peer sockets: how a node hears and reaches the other members on one of its ports.
//
// One ROUTER hears everybody; one DEALER per member speaks. Answers go out through our own DEALER, never back through
// the ROUTER, so that who is who is always said by the frame's header and never guessed from a connection. Only a
// refusal goes back the way it came: its receiver may be nobody we know.
//
// The data path and the failure detector each have a set of their own (two ports, two threads), so that a busy data
// path does not look like death.
//
// Invariants:
//  (1) A frame of another cluster or protocol version, of an older life of its sender, or of a clone is answered with a
//      sentence and otherwise ignored.
//  (2) Memory is bounded: frames wait in ZeroMQ up to its high-water mark, then in a backlog that is bounded per
//      member; then they are dropped and counted. Nothing waits for a member that is believed dead.
//  (3) Frames to one member leave in the order in which they were given.
//  (4) What `faults` strikes is lost, doubled, damaged or made to wait here, as if the network had done it: no error,
//      and what waits has nothing to do with the backlog. (3) then does not hold.
//
// Lives on one thread. ZeroMQ reference: zmq_socket(3), zmq_setsockopt(3).
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "gossip/incarnations.h"
#include "gossip/liveness.h"
#include "node/base/endpoint.h"
#include "node/io/counters.h"
#include "node/io/faults.h"
#include "node/io/frame_age.h"
#include "node/io/frame_io.h"
#include "node/io/held_frames.h"
#include "node/ring/membership.h"
#include "node/wire/frame.h"

namespace shoal {

class PeerSockets {
 public:
  // `port_offset` is added to the port of every address: 1 for data, 3 for gossip. Gossip keeps no backlog: a probe
  // that cannot leave now is worthless later.
  PeerSockets(zmq::context_t& context, const FrameHeader& header, std::uint16_t port_offset,
              std::size_t backlog_bytes_max, Counters& counters, Faults& faults);

  // Errc::invalid or Errc::io with a sentence, for instance when the port is taken.
  Status listen(const Endpoint& endpoint);

  // Connects to new members and new addresses, forgets those that left.
  void follow(const Membership& document);
  void set_liveness(NodeId node, Liveness liveness);

  void send(NodeId to, std::span<const Message> messages);
  // Sends what waits in backlogs, as far as it goes.
  void flush_backlogs();

  // `age`: how long the message was under way beyond what it takes at best.
  using Handler = std::function<void(NodeId from, const Message& message, Duration age)>;
  // Reads at most `frames_max` frames; true when there may be more. What `faults` held back and is due goes on its way.
  bool receive(const Handler& handler, int frames_max);
  // When something that was held back is due; kNever mostly.
  [[nodiscard]] Instant next_due() const { return std::min(held_out_.next(), held_in_.next()); }

  // Sockets to wait on: incoming frames and refusals, and room for those with a backlog.
  void add_poll_items(std::vector<zmq::pollitem_t>& items);

  // Not empty: the others know a newer life of this node, or a clone of it. It must stop.
  [[nodiscard]] const std::string& stop_reason() const { return stop_reason_; }

 private:
  struct Member {
    std::string address;
    zmq::socket_t dealer;
    std::deque<std::string> backlog;
    std::size_t backlog_bytes = 0;
    bool dead = false;
  };

  struct Arrived {
    std::string route;
    Frame frame;
  };
  struct Leaving {
    NodeId to;
    std::vector<std::string> frames;
  };

  zmq::socket_t connect(const Endpoint& endpoint);
  bool try_send(Member& member, const std::string& frame);
  [[nodiscard]] Faults::Fate fate_of(NodeId peer, FaultWay way);
  [[nodiscard]] bool cuts(NodeId peer, FaultWay way) const;
  void post(NodeId to, std::vector<std::string> frames, Duration later);
  void put_in_line(Member& member, std::vector<std::string> frames);
  void take(Arrived arrived, std::size_t bytes, const Handler& handler);
  void release_held(const Handler& handler);
  void drop_backlog(Member& member);
  void accept(const std::string& route, const Frame& frame, const Handler& handler);
  void refuse(const std::string& route, Refused::Reason reason, const std::string& sentence);
  void read_refusals();
  void on_refused(const Refused& refused);

  zmq::context_t& context_;
  FrameHeader header_;
  std::uint16_t port_offset_;
  std::size_t backlog_bytes_max_;
  Counters& counters_;
  Faults& faults_;
  zmq::socket_t router_;
  std::map<NodeId, Member> members_;
  std::set<NodeId> removed_;
  Duration age_of(const FrameHeader& theirs);

  struct Ages {
    Incarnation incarnation;
    FrameAge age;
  };
  Incarnations incarnations_;
  std::map<NodeId, Ages> ages_;  // of members
  HeldFrames<Leaving> held_out_;
  HeldFrames<Arrived> held_in_;
  FrameAssembler assembler_{kPeerAssemblyBytesMax};
  std::uint64_t transfers_ = 0;
  std::string stop_reason_;
};

}  // namespace shoal
