// Topology: the membership document in force, how it changes, and how it spreads.
//
// Anybody may be asked for a change, and proposes it to the voters (topology_change.h). Everybody announces the newest
// document it knows, once a period to the next member in turn, and whoever knows a newer one sends it. The first
// reachable voter keeps the electorate in shape: odd in number, of members that are there; and finishes what a proposer
// has left half done.
//
// Records cannot move between nodes yet, so joining ends for good before the first client write: that write waits for
// a document that says so.
//
//   newcomer -> member   Join, answered by JoinReply
//   client -> member     BucketRequest, VotersRequest; answered when the document with the change is in force
//   member -> voter      CloseFormation; Join, from one that has moved: no answer would find it
//   any -> any           DocumentDigest, answered by DocumentDigest (behind) or DocumentPush (ahead)
//
// Invariants:
//  (1) A document is in force nowhere before a majority of voters has it on its disks, and nobody is told that it is
//      before it is on the disk of who says so.
//  (2) No client write is accepted under a document that is still forming, so no write is ever made under owners that
//      a later join replaces.
//  (3) Epochs only grow. Two documents of one epoch with different content stop the node.
//
// When a majority of the voters is lost for ever, a person may break the glass: one node begins a new generation of
// documents by itself, which wins over all documents of the old one. What the old voters still choose is then lost, and
// if two nodes are made to do so, (3) stops whoever meets the other.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "node/base/rng.h"
#include "node/base/time.h"
#include "node/core/document_votes.h"
#include "node/core/message.h"
#include "node/core/outbox.h"
#include "node/core/peers.h"
#include "node/core/store.h"
#include "node/core/topology_change.h"
#include "node/core/trace.h"
#include "node/ring/preference_list.h"

namespace shoal {

inline constexpr Duration kAnnouncePeriod = std::chrono::milliseconds(500);

class Topology {
 public:
  struct Self {
    NodeId id;
    Incarnation incarnation;
    std::string address;  // what others shall reach it by; when the document has another one, it is asked to change
  };

  // All references outlive the topology.
  Topology(Self self, Membership document, Store& store, Outbox& outbox, const Peers& peers, Trace& trace, Rng rng);

  [[nodiscard]] const Ring& ring() const { return ring_; }
  [[nodiscard]] const Membership& document() const { return ring_->document(); }
  [[nodiscard]] bool forming() const { return document().forming; }
  [[nodiscard]] const std::string& stop_reason() const { return stop_reason_; }

  // A client write waits for formation to end. Call as often as one does: it asks a voter at most every 50 ms.
  void close(Now now);

  void on_join(const Address& from, const Join& join, Now now);
  void on_bucket(const Address& from, const BucketRequest& request, Now now);
  void on_voters(const Address& from, const VotersRequest& request, Now now);
  void on_close(NodeId from, const CloseFormation& close, Now now);
  void on_prepare(NodeId from, const PrepareDocument& message);
  void on_accept(NodeId from, const AcceptDocument& message);
  void on_promise(NodeId from, const PromiseDocument& reply, Now now);
  void on_accepted(NodeId from, const AcceptedDocument& reply, Now now);
  void on_document_digest(NodeId from, const DocumentDigest& theirs, Now now);
  // `peer` acts by the document of `epoch`: whoever is behind of the two learns the newer one.
  void show_document(NodeId peer, Epoch epoch);
  void on_document(const DocumentPush& push, Now now);

  void tick(Now now);
  [[nodiscard]] Instant next_deadline() const { return std::min(next_announcement_, change_.next_deadline()); }
  // When close() will ask again.
  [[nodiscard]] Instant next_close() const { return next_close_; }

 private:
  [[nodiscard]] DocumentDigest digest() const;
  void wish(TopologyRequest request, std::optional<Address> asker, CallId call, Now now);
  void settle(Now now);
  void answer(const TopologyChange::Ended& ended);
  void reply(const Address& asker, const TopologyRequest& request, CallId call, const Error& outcome);
  bool adopt(const Membership& document);
  void push_to_all(const Membership& document);
  void break_glass(const Address& from, const VotersRequest& request);
  void announce();
  void claim_address(Now now);
  void keep_voters(Now now);

  Self self_;
  Ring ring_;
  Store& store_;
  Outbox& outbox_;
  const Peers& peers_;
  Trace& trace_;
  DocumentVotes votes_;
  TopologyChange change_;
  std::string stop_reason_;
  CommitId saved_;  // holds the document in force
  Instant next_announcement_ = Instant::min();
  Instant next_close_ = Instant::min();
  std::size_t announced_ = 0;                 // whose turn it is
  std::size_t asked_in_turn_ = 0;             // likewise, among voters
  std::map<NodeId, Instant> last_announced_;  // by others
  Epoch left_half_done_;                      // a follower of this document was accepted here a period ago
};

}  // namespace shoal
