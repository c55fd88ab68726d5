// Document votes: this node as an acceptor of the next membership document.
//
//   proposer -> here   PrepareDocument, answered by PromiseDocument
//   proposer -> here   AcceptDocument, answered by AcceptedDocument
//
// Each document in force is followed by one, which its voters choose: a register of its own that is written once. So
// one vote is remembered, and it is about the document that follows `TopologyVote::follows`; of another one nothing has
// been promised.
//
// Invariants:
//  (1) No promise and no vote leaves before it is on the disk, whatever the node's durability mode is.
//  (2) Only voters vote: those that the document in force names, and on a document that names others, these as well.
//  (3) A node votes only on what follows the document that it has in force. Whoever is behind is brought up to date.
//  (4) A vote that cannot be read is not "none": the node does not vote on what follows this document.
#pragma once

#include "node/base/ids.h"
#include "node/core/message.h"
#include "node/core/outbox.h"
#include "node/core/store.h"
#include "node/core/trace.h"

namespace shoal {

class DocumentVotes {
 public:
  DocumentVotes(NodeId self, Store& store, Outbox& outbox, Trace& trace)
      : self_(self), store_(store), outbox_(outbox), trace_(trace) {}

  // `document` is in force. False: the proposer has another one, and is told that this node does not vote.
  bool on_prepare(NodeId from, const PrepareDocument& message, const Membership& document);
  bool on_accept(NodeId from, const AcceptDocument& message, const Membership& document);

  // What this node has promised to proposers of what follows `document`; none when it does not vote.
  [[nodiscard]] paxos::Ballot promised(const Membership& document);
  // This node has accepted a document that follows `document`, which is still in force.
  [[nodiscard]] bool has_accepted_after(const Membership& document);
  // `document` is the first of its generation: no vote on what follows it was ever asked for.
  CommitId begin_after(const Membership& document);

 private:
  Result<TopologyVote> read(Epoch follows);
  CommitId save(TopologyVote vote);

  NodeId self_;
  Store& store_;
  Outbox& outbox_;
  Trace& trace_;
};

}  // namespace shoal
