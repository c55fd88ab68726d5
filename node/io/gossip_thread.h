// The failure detector's own thread and sockets: a node whose data path is busy still answers probes.
//
// Runs the sans-I/O Swim over PeerSockets on the gossip port. The server's thread hands membership documents in
// and takes changes of liveness out; event_fd() becomes readable when there are some.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "gossip/swim.h"
#include "node/io/event_fd.h"
#include "node/io/peer_sockets.h"

namespace shoal {

class GossipThread {
 public:
  GossipThread(zmq::context_t& context, const FrameHeader& header, std::uint64_t seed, Counters& counters,
               Faults& faults);
  ~GossipThread();
  GossipThread(const GossipThread&) = delete;
  GossipThread& operator=(const GossipThread&) = delete;

  // Before start().
  Status listen(const Endpoint& endpoint) { return sockets_.listen(endpoint); }
  void start(const Membership& document);

  void follow(const Membership& document);
  [[nodiscard]] int event_fd() const { return changed_.get(); }
  std::vector<Swim::Change> take_changes();
  // Not empty: see PeerSockets::stop_reason.
  [[nodiscard]] std::string stop_reason();

 private:
  void run(std::stop_token stop);
  void take_document();
  void send_gossip();
  void publish();

  PeerSockets sockets_;  // used by the thread alone once it runs
  Swim swim_;            // likewise
  EventFd wake_;         // readable: a document or the end has come for the thread
  EventFd changed_;      // readable: changes have come from the thread

  std::mutex mutex_;  // guards what follows
  std::unique_ptr<Membership> document_;
  std::vector<Swim::Change> changes_;
  std::string stop_reason_;

  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace shoal
