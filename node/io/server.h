// Server: one shoald process. Drives the brain with real sockets, a real disk and real clocks.
//
// The turn, on one thread:
//     1. wait for sockets, the store, the failure detector, a signal, or the brain's next deadline
//     2. hand over what came: messages, durable commits, liveness
//     3. tick, then give the store the turn's writes (one commit for all of them)
//     4. send the outbox: everything for one destination in one frame
// Drains what is there before it waits again, up to a bound, so that a flood on one socket starves nobody.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "node/base/result.h"
#include "node/core/node.h"
#include "node/io/client_socket.h"
#include "node/io/config.h"
#include "node/io/counters.h"
#include "node/io/gossip_thread.h"
#include "node/io/laboratory.h"
#include "node/io/peer_sockets.h"
#include "node/io/signals.h"
#include "node/io/snapshots.h"
#include "node/io/storage/data_folder.h"
#include "node/io/storage/disk_store.h"

namespace shoal {

class Server {
 public:
  // Opens the data folder and the ports, and joins or founds a cluster when this is the first start. Blocks while it
  // joins. One sentence for everything that can be wrong.
  static Result<std::unique_ptr<Server>> start(const Config& config, UniqueFd signals);

  // Prints the ready line and serves until SIGTERM or SIGINT, or until this node must stop (an error says why). A
  // second signal ends the process at once.
  Status run();

 private:
  Server(const Config& config, UniqueFd signals, DataFolder folder, std::unique_ptr<Laboratory> laboratory,
         std::unique_ptr<DiskStore> store, const Membership& document);

  // `remembered`: the document that the folder held at the start.
  [[nodiscard]] Status check_not_copied(const std::optional<Membership>& remembered) const;
  Status listen();
  void announce() const;
  void turn();
  void wait();
  bool receive();
  bool answers(ClientHandle client, const Message& message);
  void answer(ClientHandle client, const Message& reply);
  // As the brain shall believe.
  [[nodiscard]] Now clock();
  void note_faults();
  void deliver_commits();
  void log_trouble();
  void deliver_liveness();
  void follow_document();
  void send_outbox();
  [[nodiscard]] std::string stop_reason();
  void finish_open_requests();
  Status shut_down(const std::string& reason);

  Config config_;
  UniqueFd signals_;
  DataFolder folder_;
  std::unique_ptr<Laboratory> laboratory_;  // before the store, whose syncs it delays
  std::unique_ptr<DiskStore> store_;
  Counters counters_;
  zmq::context_t context_{1};
  FrameHeader header_;
  ClientSocket clients_;
  PeerSockets peers_;
  GossipThread gossip_;
  Snapshots snapshots_;
  Node node_;
  Ring followed_;  // the document that the sockets follow
  bool more_ = false;
  bool ending_ = false;
  bool in_trouble_ = false;  // as was logged last
};

}  // namespace shoal
