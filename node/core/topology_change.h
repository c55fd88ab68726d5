// Topology change: makes the next membership document, by Paxos among the voters that the one in force names.
//
// The idea: the document of each number is a register that is written once, so a change is one proposal on top of the
// document in force. What several have asked for meanwhile goes into one document. Anybody may propose; when two do,
// ballots keep them apart, and a random pause ends the race.
//
//   proposer -> voters   PrepareDocument   to a majority of the voters of the document in force
//   voter -> proposer    PromiseDocument   with the document that it has accepted, if any: then that one is finished
//   proposer -> voters   AcceptDocument    to these voters and to those that the new document names
//   voter -> proposer    AcceptedDocument  a majority of each: chosen
//
// Invariants:
//  (1) A document that changes the voters is accepted by a majority of the old ones and of the new ones, so that
//      either majority knows what was chosen last.
//  (2) What was refused, was refused on top of a document that had no follower when a majority promised.
//  (3) A change that was never sent in an AcceptDocument has certainly not been made; from then on it is in doubt until
//      it is found in a document in force.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "node/base/rng.h"
#include "node/base/time.h"
#include "node/core/document_votes.h"
#include "node/core/message.h"
#include "node/core/outbox.h"
#include "node/core/peers.h"
#include "node/core/topology_rules.h"
#include "node/core/trace.h"
#include "node/paxos/proposer.h"
#include "node/ring/preference_list.h"

namespace shoal {

class TopologyChange {
 public:
  // So long a change is tried: less than a client waits for its answer.
  static constexpr Duration kPatience = std::chrono::milliseconds(800);
  static constexpr std::size_t kWishesMax = 64;

  struct Wish {
    TopologyRequest request;
    std::optional<Address> asker;  // absent: the node itself
    CallId call;
    Instant deadline;
    bool in_doubt = false;
  };
  struct Ended {
    Wish wish;
    Error outcome;  // ok: it is so in the document in force
  };

  // `ring` is the document in force, whichever it is at the moment. All references outlive the change.
  TopologyChange(const Ring& ring, Incarnation incarnation, DocumentVotes& votes, const Peers& peers, Outbox& outbox,
                 Trace& trace, Rng rng);

  void wish(Wish wish, Now now);
  void on_promise(NodeId from, const PromiseDocument& reply, Now now);
  void on_accepted(NodeId from, const AcceptedDocument& reply, Now now);
  // Another document came into force.
  void on_document(Now now);
  void tick(Now now);

  // A majority has accepted it, and it is not in force yet.
  std::optional<Membership> take_chosen() { return std::exchange(chosen_, std::nullopt); }
  std::vector<Ended> take_ended() { return std::exchange(ended_, {}); }
  [[nodiscard]] bool idle() const { return wishes_.empty() && aboard_.empty(); }
  [[nodiscard]] Instant next_deadline() const;

 private:
  using Proposer = paxos::Proposer<std::optional<Membership>>;

  [[nodiscard]] const Membership& document() const { return ring_->document(); }
  [[nodiscard]] bool is_open(CallId call) const { return attempt_ && call == call_; }
  [[nodiscard]] Status check_majority(const std::vector<NodeId>& voters) const;

  void go_on(Now now);
  void begin(Now now);
  void propose(Now now);
  Membership with_wishes();
  void settle(Now now);
  void try_again(Now now);
  void end_attempt();
  void give_up_attempt();
  void ask_silent(Now now);
  void end(Wish wish, Error outcome);
  void expire(Now now);

  const Ring& ring_;
  Incarnation incarnation_;
  DocumentVotes& votes_;  // of this node
  const Peers& peers_;
  Outbox& outbox_;
  Trace& trace_;
  Rng rng_;
  std::deque<Wish> wishes_;
  std::vector<Wish> aboard_;  // of the document that is being proposed
  std::optional<Proposer> attempt_;
  CallId call_;
  Epoch epoch_;  // of the document that the attempt is to follow
  paxos::Ballot highest_;
  int conflicts_ = 0;  // in a row
  Duration patience_{};
  Instant resend_at_ = kNever;
  Instant pause_until_{};
  std::uint64_t next_call_;
  std::optional<Membership> chosen_;
  std::vector<Ended> ended_;
};

}  // namespace shoal
