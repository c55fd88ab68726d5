// Get coordinator: finds out what r replicas hold of a key, answers with the join, and repairs who was behind.
//
// The idea: the record itself from the replica that will answer soonest, digests from the next r - 1. Equal digests are
// agreement and cost a few bytes; a digest that differs makes its replica send its record as well. If somebody is slow
// or does not know, others are asked, too ("widen"). What is merged are whole records.
//
//   client  -> here          GetRequest
//   here    -> r replicas    Fetch: one for the record, the others for the digest
//   replica -> here          Fetched
//   here    -> who differs   Fetch for the record
//   here    -> client        GetReply: values and the context to write back with
//   here    -> who is behind Replicate{repair}; also to those whose answer came after the client's
//
// Any node may do this; an owner does it when one is up, else the first live fallback. Who may answer for whom is
// settled by ReadSeats, what the answers mean by ReadAnswers, how long to wait by PeerPace.
//
// Levels (docs/guarantees.md), where they differ from counting seats (levels.h):
//  * session: the join must also cover what the session has seen. Until it does, everybody is asked again: owners, then
//    fallbacks, with growing pauses, until the deadline.
//  * all: every owner must hold the join. Who does not is sent it, and the client is answered when all have
//    acknowledged it. While that lasts, the join stays as it is.
//
// Invariants:
//  (1) r counts distinct seats whose replica knows: "don't know" counts for nothing.
//  (2) The context covers exactly what the merged answers cover.
//  (3) A tombstone is an answer: "no such key", with a context.
//  (4) At most one hedge per request; at most kLingeringMax answered reads wait for late replies, kLingerFor each.
//
// DeCandia et al., "Dynamo" (2007), sections 4.5 and 5; Terry et al., "Session Guarantees" (1994).
#pragma once

#include <map>
#include <set>

#include "node/base/time.h"
#include "node/core/open_calls.h"
#include "node/core/read_answers.h"
#include "node/core/read_repair.h"
#include "node/core/read_seats.h"
#include "node/core/services.h"

namespace shoal {

class GetCoordinator {
 public:
  static constexpr std::size_t kLingeringMax = 1024;
  static constexpr Duration kLingerFor = std::chrono::milliseconds(500);

  explicit GetCoordinator(Services& services) : services_(services), repair_(services) {}

  // Precondition: the bucket exists.
  void on_request(const Address& asker, const GetRequest& request, Instant deadline, Now now);
  void on_fetched(NodeId from, const Fetched& reply, Now now);
  void on_replicated(NodeId from, const Replicated& reply, Now now);
  void tick(Now now);

  [[nodiscard]] Instant next_deadline() const { return open_.next_deadline(); }
  // Reads that are not answered.
  [[nodiscard]] std::size_t open() const { return open_.size() - lingering_; }

 private:
  enum class Wants : std::uint8_t { record, digest };
  struct Question {
    Instant asked_at{};
    int times = 0;
    Wants wants = Wants::record;
    bool waits = false;
  };
  struct Open {
    Address asker;
    CallId asker_call;
    Key key;
    Slot slot;
    Kind kind;
    Level level;
    VersionVector seen;  // by the session
    ReadSeats seats;
    ReadAnswers answers;
    std::vector<NodeId> unasked;
    std::map<NodeId, Question> questions;
    std::set<NodeId> repaired;  // were sent the join
    std::set<NodeId> agreed;    // acknowledged it; level all
    bool agreeing = false;      // level all: the join is on its way to those who lack it
    bool answered = false;      // waits for late replies only
    bool hedged = false;
    Instant hedge_at = kNever;
    Instant resend_at = kNever;
    Duration patience{};
    Instant deadline;
  };

  Result<Open> begin(const Address& asker, const GetRequest& request, Instant deadline, Now now) const;
  void ask(CallId call, Open& open, NodeId node, Wants wants, Now now);
  void ask_first(CallId call, Open& open, Now now);
  void ask_all(CallId call, Open& open, Now now);
  void widen(CallId call, Open& open, Now now);
  void hedge(CallId call, Open& open, Now now);
  void ask_again(CallId call, Open& open, Now now);
  void schedule(CallId call, const Open& open);

  void note_answer(Open& open, NodeId from, const Fetched& reply, Now now);
  void on_dont_know(CallId call, Open& open, NodeId from, Now now);
  void fetch_unexplained(CallId call, Open& open, Now now);
  void settle(CallId call, Open& open, Now now);
  bool satisfies_session(CallId call, Open& open, Now now);
  bool all_agree(CallId call, Open& open);
  void send_join(CallId call, Open& open);

  void answer(CallId call, Open& open, Now now);
  void give_up(CallId call, Open& open, Now now);
  void repair_behind(Open& open, Now now);
  void linger(CallId call, Open& open, Now now);
  void close(CallId call, Now now);

  Services& services_;
  ReadRepair repair_;
  OpenCalls<Open> open_;
  std::size_t lingering_ = 0;
};

// What a reader is told of a merged record.
GetReply reply_of(const Record& merged, const Slot& slot, const HashKey& cluster_key);

}  // namespace shoal
