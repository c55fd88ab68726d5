// Acceptors: this node's votes on the keys of strong buckets that it owns, and what it learns of them.
//
//   proposer -> here   Prepare, answered by Promise
//   proposer -> here   Accept, answered by Accepted
//   learner  -> here   Poll, answered by Polled
//   proposer -> here   Learn: what was accepted at this ballot is chosen, and becomes the node's copy of the record
//
// Invariants:
//  (1) No promise, vote or answer to a learner leaves before the state that it speaks of is on the disk, whatever the
//      node's durability mode is. A conflict says only that somebody else has been here.
//  (2) Only owners vote, and only in the epoch of the message. Whoever is behind is brought up to date.
//  (3) A state that cannot be read does not vote: "don't know" is not "nothing promised". It stays so until the node is
//      replaced, since nobody else knows what it had promised.
//  (4) Only what is chosen becomes a record.
//
// The rules are those of node/paxos/acceptor.h.
#pragma once

#include <map>

#include "node/core/services.h"

namespace shoal {

class Acceptors {
 public:
  explicit Acceptors(Services& services) : services_(services) {}

  void on_prepare(NodeId from, const Prepare& message);
  void on_accept(NodeId from, const Accept& message);
  void on_poll(NodeId from, const Poll& message);
  void on_learn(const Learn& message);
  // Everything up to here is on the disk.
  void durable(CommitId commit);

  // What this node itself has promised on the key; none when it does not vote.
  [[nodiscard]] paxos::Ballot promised(const Key& key, const Slot& slot);

 private:
  // A key's state as a vote may use it, or why this node does not vote on the key.
  Result<KeyAcceptor> open(NodeId from, Epoch epoch, const Key& key, const Slot& slot);
  Result<KeyAcceptor> read(const Key& key, const Slot& slot);
  CommitId save(const Key& key, const Slot& slot, KeyAcceptor state);
  [[nodiscard]] Slot slot_of_key(const Key& key) const;

  Services& services_;
  std::map<Slot, CommitId> unsynced_;  // keys whose newest state is not known to be on the disk
};

}  // namespace shoal
