// Strong coordinator: linearizable reads and changes of keys in strong buckets, by Paxos among the key's owners.
//
// The idea: each key is a register of its own (CASPaxos), and one node at a time works on it, because requests are
// passed to the first reachable owner. That is a preference and no lease: when two nodes work on one key, ballots keep
// them apart and random pauses end the race. Here a key has one line; what waits in it goes into the next attempt
// together, so that a hot key costs two round trips for many changes.
//
//   read, nobody changes the key   Poll     -> owners   a majority has accepted one ballot, the highest heard of:
//                                  Polled   <-          its value is chosen, and the answer (one round trip)
//   change, or a read that found   Prepare  -> owners
//   owners that disagree           Promise  <- majority, with what they have accepted
//                                  Accept   -> owners   next = the waiting changes, one after the other, on top of it
//                                  Accepted <- majority: chosen, and the answer (two round trips). It promises our
//                                              next ballot as well: the key's next change begins with Accept
//                                  Learn    -> owners   nobody waits for it
//
// Invariants:
//  (1) Only owners of the document's epoch count, never fallbacks or hints; a majority of them for each phase.
//  (2) A change whose value was never sent in an Accept has certainly not been made; from then on it is in doubt until
//      some attempt, here or elsewhere, has chosen a register that remembers its request.
//  (3) What is in doubt is tried again under the same request id only, which the register recognises; else the client
//      is told that nobody knows.
//  (4) A lost compare-and-set is chosen like a won one before it is answered.
//
// Rystsov, "CASPaxos" (arXiv:1802.07000); one-round-trip reads: see node/paxos/learner.h.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "node/base/rng.h"
#include "node/core/acceptors.h"
#include "node/core/forwarder.h"
#include "node/core/promises_ahead.h"
#include "node/core/services.h"
#include "node/paxos/learner.h"
#include "node/paxos/proposer.h"

namespace shoal {

// Reads and writes of strong buckets that go through Paxos: all but eventual and session reads.
bool is_strong(const ClientRequest& request, const Membership& document);
// Errc::invalid with the command that creates a strong bucket when the request asks for what its bucket cannot do.
Status check_strong(const ClientRequest& request, const Membership& document);

class StrongCoordinator {
 public:
  static constexpr std::size_t kChangesTogether = paxos::Register::kServedMax / 2;

  StrongCoordinator(Services& services, Acceptors& acceptors, Incarnation incarnation, Rng rng)
      : services_(services), acceptors_(acceptors), incarnation_(incarnation), rng_(rng) {}

  // Precondition: is_strong().
  void on_request(const Address& asker, const ClientRequest& request, Instant deadline, Now now);
  void on_promise(NodeId from, const Promise& reply, Now now);
  void on_accepted(NodeId from, const Accepted& reply, Now now);
  void on_polled(NodeId from, const Polled& reply, Now now);
  void tick(Now now);

  [[nodiscard]] Instant next_deadline() const { return timers_.empty() ? kNever : timers_.begin()->first; }
  // Requests that are not answered.
  [[nodiscard]] std::size_t open() const { return open_; }

 private:
  using Proposer = paxos::Proposer<paxos::RegisterPtr>;
  using Learner = paxos::Learner<paxos::RegisterPtr>;

  // One client's request.
  struct Waiting {
    Address asker;
    CallId call;
    std::optional<paxos::Change> change;  // absent: a read
    Instant deadline;
    bool retry = false;         // another coordinator may have been asked before
    bool in_doubt = false;      // was sent in an Accept
    paxos::Ending ending = {};  // in the register that is being proposed
  };
  // One key, while anybody waits for it.
  struct Line {
    Key key;
    Slot slot;
    PartitionId partition;
    std::deque<Waiting> waiting;
    std::vector<Waiting> aboard;  // of the poll or the attempt that is under way
    std::optional<Learner> poll;
    std::optional<Proposer> attempt;
    CallId call;             // of the poll or the attempt
    Epoch epoch;             // in which it was begun: its messages are of no other
    paxos::Ballot highest;   // heard of
    std::set<NodeId> ahead;  // who has promised the ballot after the attempt's
    int conflicts = 0;       // in a row
    bool disagreed = false;  // the last poll has found no agreement
    Duration patience{};
    Instant resend_at = kNever;
    Instant pause_until{};  // after a conflict
    Instant timer = kNever;
  };

  Result<Waiting> waiting_of(const Address& asker, const ClientRequest& request, const Slot& slot, Instant deadline,
                             Now now);
  Line& line_of(const Key& key, const Slot& slot);
  Line* line_of(CallId call);
  [[nodiscard]] paxos::Electorate electorate(const Line& line) const;
  Status check_majority(const Line& line) const;

  void go_on(Line& line, Now now);
  void begin_poll(Line& line, Now now);
  void begin_attempt(Line& line, Now now);
  bool begin_ahead(Line& line, Now now);
  void begin_call(Line& line);
  void end_call(Line& line);
  void ask_silent(Line& line, Now now);
  void settle_poll(Line& line, Now now);
  void give_up_poll(Line& line, Now now);
  void propose(Line& line, Now now);
  void settle_attempt(Line& line, Now now);
  void try_again(Line& line, Now now);

  void not_remembered(const Waiting& waiting, const paxos::Register& chosen);
  void answer_aboard(Line& line, const paxos::Register& chosen);
  void answer(const Waiting& waiting, const Line& line, const paxos::Register& chosen);
  void refuse(const Waiting& waiting, const Error& error, std::uint64_t since = 0);
  void expire(Line& line, Now now);
  void schedule(Line& line);

  Services& services_;
  Acceptors& acceptors_;
  Incarnation incarnation_;
  Rng rng_;
  std::map<Slot, Line> lines_;
  std::map<CallId, Slot> calls_;
  std::set<std::pair<Instant, Slot>> timers_;
  PromisesAhead ahead_;
  std::size_t open_ = 0;
  std::uint64_t next_request_ = 1;
  // Of all keys: a line is forgotten with its work, and our own vote, if we have one, may be unreadable.
  paxos::Ballot last_ballot_;
};

}  // namespace shoal
