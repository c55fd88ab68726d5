// Dispatcher: the client's brain, sans I/O. Decides which node is asked what, when the next one is asked, and what may
// be said about an operation that did not succeed.
//
// The idea: an operation is a few attempts at one question, each at another node, all with the same request id. The
// first good answer ends it. An attempt that stays silent for longer than answers usually take (client/patience.h) is
// not given up: the next node is asked beside it. That makes two nodes do the work of one, so it costs a token of a
// budget, one for reads and one for writes (client/retry_budget.h); without one the operation stands in line for the
// next that answers earn, and keeps waiting for those that it has asked. Nor is anybody asked who is no better off:
// where all are silent, as when disks are stuck, more requests help nobody. Attempts after a refusal, a lost
// connection, or one that was never sent are free: they come instead of another and not beside it, and refusals are
// followed by a pause. Whoever drives the sockets reports three things only: a message came, a connection was made, one
// was lost.
//
//   client -> seed     Hello                        until some seed has answered
//   seed   -> client   Welcome{document}            placement is computed from it; newer documents are followed
//   client -> owner    GetRequest, PutRequest, ...  owners first (reads take turns), then fallbacks, then seeds
//
// In a bucket of kind strong whoever is asked leads the agreement about the key, and two who lead at once hinder each
// other. So what has to be agreed on goes to the first owner as long as that answers, reads too.
//
// Invariants:
//  (1) `done` is called exactly once, at the deadline at the latest.
//  (2) A write that failed is "certainly not applied" only when each attempt was either never handed to a connection
//      or answered with a definite refusal. Everything else is Errc::indeterminate.
//  (3) At most retries + 1 attempts of one operation are handed to connections.
//  (4) A node that is lost, or of which nothing was heard since it was asked, comes last until it is heard of again;
//      one that was silent about a read (write) is then given reads (writes) one at a time until it answers one
//      (client/trust.h). So only those requests pay for a node that hangs which were on their way to it when the first
//      of them lost patience.
//  (5) For n reads (writes) that were answered, nodes were asked beside silent ones at most n / 10 + the reserve times;
//      and no operation asks one node twice at the same time.
//  (6) An operation that may ask only one node waits for it until the deadline, or until it is lost.
//  (7) A write that was handed over before says so (PutRequest::retry), so that it is never made twice where requests
//      are remembered. One whose only try was refused because the client is not remembered was certainly not made: it
//      is asked again under a new request id, with what the refusal named.
//
// Sources: Dean and Barroso, "The Tail at Scale" (2013); gRPC A6; Finagle's RetryBudget.
//
// Single-threaded; `done` may not call back into the dispatcher. tick() is called after every turn: it serves the line.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "client/patience.h"
#include "client/retry_budget.h"
#include "client/trust.h"
#include "node/base/rng.h"
#include "node/base/time.h"
#include "node/ring/preference_list.h"
#include "node/wire/frame.h"

namespace shoal::client_detail {

struct AskRing {};  // "which placement do you know?", answered as soon as a node has told

using Request = std::variant<AskRing, GetRequest, PutRequest, ListRequest, StatusRequest, HintsRequest, BucketRequest,
                             ExplainRequest, EventsRequest, SnapshotRequest, RepairRequest, DiffRequest, FaultsRequest,
                             ObserveRequest, VotersRequest>;
using Reply = std::variant<Ring, GetReply, PutReply, ListReply, StatusReply, HintsReply, BucketReply, ExplainReply,
                           EventsReply, SnapshotReply, RepairReply, DiffReply, FaultsReply, ObserveReply, VotersReply>;

struct Operation {
  Request request;
  std::string only;  // this address and no other; empty: whoever is best
  Instant started{};
  Instant deadline{};
  std::function<void(Result<Reply>)> done;
  std::function<void()> handed_over = {};  // an attempt is, now; as `done` it may not call back; null: nobody cares
};

struct DispatcherConfig {
  std::vector<std::string> seeds;  // HOST:PORT
  bool seeds_only = false;
  int retries = 2;
  Duration backoff{};
  std::uint64_t client = 0;  // random: the first half of this client's request ids
};

class Dispatcher {
 public:
  // Precondition: at least one seed.
  Dispatcher(DispatcherConfig config, Rng rng);

  void submit(Operation operation, Instant now);
  void receive(const std::string& address, Message message, Instant now);
  void connected(const std::string& address);
  void lost(const std::string& address, Instant now);
  void tick(Instant now);
  // Ends everything that is open.
  void close();

  [[nodiscard]] Instant next_deadline() const;
  // Addresses that messages wait for.
  [[nodiscard]] std::vector<std::string> wanting() const;
  // What to send there now, bounded in bytes; the attempts in it count as handed over.
  std::vector<Message> take(const std::string& address, Instant now);
  // False for nodes that left: their connection may be closed.
  [[nodiscard]] bool knows(const std::string& address) const;
  // 0 until a node has told.
  [[nodiscard]] ClusterId cluster() const { return ring_ ? ring_->document().cluster : ClusterId{}; }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  struct Peer {
    std::string address;
    std::deque<CallId> queue;                 // not handed over yet
    std::unordered_set<std::uint64_t> calls;  // attempts that may still be answered
    bool greet = false;                       // a Hello is due
    Trust trust;
    bool expected = false;  // a seed, or a member of the newest document
    std::string refusal;    // why it will not talk to us
  };

  struct Open;
  struct Attempt {
    CallId call;
    Peer* peer = nullptr;
    Instant patient_until{};
    Instant handed_at{};
    bool handed_over = false;
    bool waiting = true;  // an answer may still come
    bool silent = false;  // for longer than patience lasts
  };
  // Attempts beside silent ones: reads do not pay for a disk that is stuck.
  struct Beside {
    RetryBudget budget;
    std::set<std::uint64_t> line;  // operations that found no budget, oldest first
  };
  struct Taken {
    std::uint64_t id;
    Open* open;
    const Attempt* attempt;
  };

  struct Open {
    Operation operation;
    std::vector<Attempt> attempts;
    std::vector<Peer*> tried;  // in this round
    int handed_over = 0;
    int unknown = 0;  // tries that the key refused because it does not remember this client
    int pauses = 0;
    std::size_t turn = 0;  // where among the owners a read starts
    bool pausing = false;  // after a refusal, or when nobody is left to ask
    bool maybe_applied = false;
    bool settled = false;  // asking others would not help
    Error last{.code = Errc::ok, .message = {}};
    Instant wake = kNever;
  };
  Peer& peer(const std::string& address);
  void greet_next_seed(Instant now);
  void adopt(const Membership& document, Instant now);
  [[nodiscard]] bool all_seeds_refuse() const;

  [[nodiscard]] std::vector<Peer*> candidates(const Open& open);
  Peer* choose(const Open& open, Instant now);
  [[nodiscard]] Duration patience(const Operation& operation, Instant now) const;
  void launch(std::uint64_t id, Open& open, Instant now);
  void start(std::uint64_t id, Open& open, Instant now);
  void wake(std::uint64_t id, Instant now);
  void look_for_silence(const Open& open, Attempt& attempt, Instant now);
  void ask_beside(std::uint64_t id, Open& open, Instant now);
  void serve_line(Kind kind, Instant now);
  [[nodiscard]] static bool helps(const Peer& next, const Peer& silent, Kind kind);
  std::set<std::uint64_t>& line_of(const Open& open);
  void wait_for_asked(std::uint64_t id, Open& open);
  void take_back(const Open& open, Attempt& attempt);
  void ask_whether_alive(Peer& peer, Instant now);
  void schedule(std::uint64_t id, Open& open, Instant when);
  void pause(std::uint64_t id, Open& open, Instant now);
  void ask_anew(const Taken& taken, std::uint64_t since, Instant now);
  void go_on(std::uint64_t id, Open& open, Instant now, bool at_once);
  [[nodiscard]] bool may_ask_more(const Open& open) const;

  // Ends the wait of one attempt; absent when nobody waits for it any more.
  std::optional<Taken> take_attempt(CallId call);
  template <class Answer>
  void on_answer(Answer answer, Instant now);
  void on_failure(CallId call, const Error& outcome, std::uint64_t since, Instant now);
  void on_refused(Peer& from, const Refused& refused, Instant now);
  // A number of replicas as the nodes understand it.
  [[nodiscard]] std::int32_t copies(std::int32_t asked) const;
  [[nodiscard]] Message question(const Open& open, CallId call, Instant now) const;
  [[nodiscard]] static bool may_be_applied(const Open& open);
  [[nodiscard]] Error verdict(const Open& open) const;
  void finish(std::uint64_t id, Result<Reply> result);

  DispatcherConfig config_;
  Rng rng_;
  Ring ring_;
  std::map<std::string, Peer> peers_;
  std::map<NodeId, Peer*> members_;
  std::unordered_map<std::uint64_t, Open> open_;
  std::unordered_map<std::uint64_t, std::uint64_t> calls_;  // call -> operation
  std::set<std::pair<Instant, std::uint64_t>> timers_;
  PerKind<Beside> beside_;
  Patience patience_;
  std::uint64_t next_id_ = 1;
  std::uint64_t next_call_ = 1;
  std::size_t turn_ = 0;
  std::size_t seeds_greeted_ = 0;
  Instant greet_at_ = kNever;  // while no node has told the placement
  Instant refresh_at_{};       // when to ask for a newer document
};

}  // namespace shoal::client_detail
