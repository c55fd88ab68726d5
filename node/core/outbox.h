// Outbox: persist, then speak.
//
// `send` leaves with this turn. `send_after` waits until the commit that it depends on is durable. Messages to
// ourselves never leave the node: they come back through `take_loopback`, so that a coordinator treats its own replica
// as it treats the others.
//
// Invariant: a message given with commit c is released only by durable(c') with c' >= c, in the order given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "node/base/ids.h"
#include "node/core/message.h"

namespace shoal {

class Outbox {
 public:
  enum class Own : std::uint8_t { loops_back, sent };  // messages to ourselves; the driver delivers those that are sent

  explicit Outbox(NodeId self, Own own = Own::loops_back) : self_(self), own_(own) {}

  void send(Address to, Message message);
  void send_after(CommitId commit, Address to, Message message);
  void durable(CommitId commit);

  std::vector<Envelope> take();
  std::vector<Envelope> take_loopback();
  void clear();
  // Messages that wait for the disk.
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    CommitId commit;
    Envelope envelope;
  };

  NodeId self_;
  Own own_;
  CommitId durable_;
  std::deque<Waiting> waiting_;
  std::vector<Envelope> ready_;
  std::vector<Envelope> loopback_;
};

}  // namespace shoal
