// Node: the replica's brain, sans I/O. The server and the simulator drive the very same class.
//
// The driver's turn, the same everywhere:
//     receive(...) for what came, tick(now) when next_deadline() has passed, durable(c) when the store says so;
//     then send take_outbox().
//
// Persist, then speak: a message that means "this is safe here" waits inside until durable() reports its commit;
// everything else is in the outbox at once. In `relaxed` mode acknowledgements do not wait, and say so.
//
// The node only routes. The decisions are made by put_coordinator, get_coordinator and list_coordinator (who has
// answered, is it enough), strong_coordinator and acceptors (Paxos on the keys of strong buckets), forwarder (not my
// key), hinted_handoff (what others have missed), replica (the rules of causality on one copy), topology (the
// membership document), anti_entropy (what nobody has noticed), scrub and quarantine (what the disk has lost). What
// people ask for is told by explain_coordinator, diff_coordinator, watchman and event_log.
//
// Work that nobody waits for any more is dropped before it touches the store: requests carry the time that was left
// when they were sent, the driver says how long they were under way. A node with too much to do refuses clients early.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "node/base/rng.h"
#include "node/base/time.h"
#include "node/core/acceptors.h"
#include "node/core/anti_entropy.h"
#include "node/core/calls_seen.h"
#include "node/core/diff_coordinator.h"
#include "node/core/event_log.h"
#include "node/core/explain_coordinator.h"
#include "node/core/forwarder.h"
#include "node/core/get_coordinator.h"
#include "node/core/hinted_handoff.h"
#include "node/core/hints.h"
#include "node/core/list_coordinator.h"
#include "node/core/message.h"
#include "node/core/peer_pace.h"
#include "node/core/put_coordinator.h"
#include "node/core/quarantine.h"
#include "node/core/repair_answers.h"
#include "node/core/repair_coverage.h"
#include "node/core/repair_marks.h"
#include "node/core/scrub.h"
#include "node/core/service_time.h"
#include "node/core/services.h"
#include "node/core/store.h"
#include "node/core/strong_coordinator.h"
#include "node/core/study_switches.h"
#include "node/core/topology.h"
#include "node/core/trace.h"
#include "node/core/watchman.h"

namespace shoal {

struct NodeConfig {
  NodeId id;
  Incarnation incarnation;
  Membership document;  // the newest one that this node has stored; this node is a member of it
  std::string address;  // what others shall reach it by; differs from the document's after a move
  bool sync = true;     // acknowledgements wait for the disk
  std::size_t open_requests_max = 100'000;
  std::size_t waiting_for_disk_max = 200'000;  // acknowledgements; over it clients are refused
  std::uint64_t hint_bytes_max = std::uint64_t{1} << 30;
  std::uint64_t handoff_bytes_per_second = std::uint64_t{8} << 20;
  RepairPace repair;
  Duration scrub_cycle = std::chrono::hours(7 * 24);
  StudySwitches study;
  Trace* trace = nullptr;  // not owned, may be null
};

class Node {
 public:
  // Precondition: `config.document` is well formed and has `config.id` as a member that is not removed.
  Node(NodeConfig config, Store& store, Rng rng);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void receive(const Envelope& envelope, Now now);
  void tick(Now now);
  void durable(CommitId commit, Now now);
  void liveness(NodeId node, Liveness state, Now now);

  // When tick() has something to do; kNever when nothing waits.
  [[nodiscard]] Instant next_deadline() const;
  // What may be sent now, in order. Messages to members that are gone may be dropped by the driver.
  std::vector<Envelope> take_outbox();

  // The newest membership document with its preference lists: immutable, shared with transport and failure detector.
  [[nodiscard]] const Ring& ring() const { return topology_.ring(); }
  // What the driver knows of and an operator would want to, for the event log.
  void note(EventKind kind, std::string text, Now now) { events_.add(now.wall, kind, {}, std::move(text)); }
  [[nodiscard]] const RepairTraffic& repair_traffic() const { return services_.traffic; }
  // Kept for others.
  [[nodiscard]] std::uint64_t hints_held() const;
  [[nodiscard]] std::uint64_t hint_bytes() const { return hints_.bytes(); }
  // Client requests that are not answered yet.
  [[nodiscard]] std::size_t open_requests() const;
  // Not empty: this node must stop after sending its outbox once more, and why (a sentence for people).
  [[nodiscard]] const std::string& stop_reason() const { return topology_.stop_reason(); }

 private:
  // A client's write that waits for formation to end.
  struct Parked {
    Address client;
    PutRequest request;
    Instant deadline;
  };

  void dispatch(const Envelope& envelope, Now now);
  void hear_client(const Address& from, const Message& message, Now now);
  void hear_peer(NodeId peer, const Envelope& envelope, Now now);
  void drain_loopback(Now now);

  // Requests come from a client, or from a peer that forwarded.
  void on_request(const Address& asker, const ClientRequest& request, Instant deadline, Now now);
  void route(const Address& asker, const ClientRequest& request, Instant deadline, Now now);
  bool expired(Millis left, Duration age);
  Status check_busy();
  Status check(const ClientRequest& request);
  [[nodiscard]] PartitionId partition_of(const ClientRequest& request) const;
  [[nodiscard]] bool coordinates(PartitionId partition, const Address& asker) const;
  void route_strong(const Address& asker, const ClientRequest& request, Instant deadline, Now now);
  void release_parked(Now now);
  void expire_parked(Now now);
  void watch(Now now);

  void on_replicate(NodeId from, const Replicate& message, Duration age, Now now);
  void on_replicated(NodeId from, const Replicated& message, Now now);
  void on_forward(NodeId peer, const Forward& message, Duration age, Now now);
  void on_fetch(NodeId from, const Fetch& message, Duration age);
  void on_fetch_keys(NodeId from, const FetchKeys& message, Duration age);
  [[nodiscard]] Load load() const;
  void on_explain(const Address& asker, const ExplainRequest& request, Now now);
  void on_inspect(NodeId from, const Inspect& message);
  void on_events(const Address& asker, const EventsRequest& request);
  void on_hints(const Address& asker, const HintsRequest& request, Now now);
  void on_observe(const Address& asker, const ObserveRequest& request);
  void on_status(const Address& asker, const StatusRequest& request);
  void on_repair(const Address& asker, const RepairRequest& request, Now now);
  template <class Answer>
  void on_repair_answer(NodeId from, const Answer& answer, Now now);
  void tick_repair(Now now);

  NodeConfig config_;
  Store& store_;
  Rng rng_;
  MarkCounts trace_;
  EventLog events_;
  Watchman watchman_;
  Outbox outbox_;
  Replica replica_;
  Topology topology_;
  Hints hints_;
  RepairMarks repair_marks_;
  RepairCoverage coverage_;
  Peers peers_;
  PeerPace pace_;
  ServiceTime service_time_;
  Services services_;
  PutCoordinator puts_;
  GetCoordinator gets_;
  ListCoordinator lists_;
  Acceptors acceptors_;
  StrongCoordinator strong_;
  Forwarder forwards_;
  ExplainCoordinator explains_;
  HintedHandoff handoff_;
  RepairAnswers repair_answers_;
  AntiEntropy anti_entropy_;
  Quarantine quarantine_;
  Scrub scrub_;
  DiffCoordinator diffs_;
  CallsSeen forwards_seen_;
  std::deque<Parked> parked_;
};

}  // namespace shoal
