// World: virtual time, machines, links, clients and faults, driven by one queue of events.
//
// Chance comes from named streams of one seed, so that a change in one place does not shift the others. Nothing here
// reads a clock, and nothing iterates over an unordered container: a seed and a build name one run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/sim/checkers.h"
#include "bench/sim/client.h"
#include "bench/sim/event_queue.h"
#include "bench/sim/fingerprint.h"
#include "bench/sim/history.h"
#include "bench/sim/ledger.h"
#include "bench/sim/network.h"
#include "bench/sim/options.h"
#include "bench/sim/process.h"
#include "node/core/trace.h"

namespace shoal::sim {

// Watches a run event by event, to compare two runs of one seed.
struct Recorder {
  std::vector<std::uint64_t> hashes;          // after each event
  std::optional<std::size_t> describe_event;  // which one to put into words
  std::string description;
};

class World {
 public:
  World(const Options& options, Recorder* recorder);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] Instant now() const { return now_; }
  // Runs events until `done` says so; false when `until` came first.
  bool run_while_not(const std::function<bool()>& done, Instant until);
  void run_until(Instant until);

  // ---- the operator: formation and final reads ----
  // Founds a cluster of one at node 0.
  void found();
  // Asks a node as a client does and waits for the answer.
  std::optional<Message> ask(std::uint32_t node, Message request, Duration patience);
  // The same, of many at once. What has not come by then is missing.
  std::vector<std::optional<Message>> ask_all(std::vector<Client::Outgoing> requests, Duration patience);
  void start_process(std::uint32_t node, const Membership& document);
  void crash(std::uint32_t node, std::optional<Duration> restart_after);
  // What is down comes back now.
  void restart(std::uint32_t node) { restart(node, process(node).starts()); }

  // ---- load and faults ----
  void start_load(ClientWorld shared);
  [[nodiscard]] bool load_is_over() const;
  void abandon_open_operations();
  // Schedules the faults of the options, starting now.
  void unleash_faults();
  // Ends every fault: links whole, disks well, everybody up but those whose disk is gone.
  void heal();
  // When the last message that is under way will arrive.
  [[nodiscard]] Instant last_arrival() const { return last_arrival_; }

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] std::uint32_t nodes() const { return static_cast<std::uint32_t>(processes_.size()); }
  Process& process(std::uint32_t node) { return *processes_[node]; }
  [[nodiscard]] const Process& process(std::uint32_t node) const { return *processes_[node]; }
  [[nodiscard]] const std::vector<NodeId>& node_ids() const { return ids_; }
  [[nodiscard]] std::uint32_t index_of(NodeId id) const;
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  History& history() { return history_; }
  [[nodiscard]] const ClientWorld& shared() const { return shared_; }
  [[nodiscard]] const MarkCounts& marks() const { return marks_; }
  [[nodiscard]] const std::vector<Receipt>& receipts() const { return receipts_; }
  [[nodiscard]] const std::vector<Agreement>& agreements() const { return agreements_; }
  // Kinds of faults that did something, not merely began.
  [[nodiscard]] FaultKinds struck() const { return struck_ | network_.struck(); }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  Fingerprint& fingerprint() { return fingerprint_; }
  [[nodiscard]] std::vector<std::string>& violations() { return violations_; }
  Rng stream(std::string_view name) const { return root_.fork(name); }

 private:
  using OperatorReply = std::pair<CallId, Message>;
  struct Seat {
    std::unique_ptr<Client> client;
    Instant wakes_at = kNever;  // the earliest wake-up that is scheduled
    bool replaced = false;      // died, and another client took over its share of the load
  };

  bool step(Instant until);
  void handle(Event event);
  void deliver_to_node(Event event);
  void deliver_to_client(const Event& event);
  void wake_node(std::uint32_t node, std::uint64_t life);
  void wake_client(std::uint32_t client);
  void finish_turn(std::uint32_t node);
  void schedule(std::uint32_t node);
  void schedule_client(std::uint32_t client);
  void after(Duration delay, EventKind kind, std::uint32_t target, std::uint64_t life = 0);

  void send_from_node(std::uint32_t from, Envelope envelope);
  void send_from_client(std::uint64_t handle, std::uint32_t node, Message message);
  void note_receipt(ClientHandle client, const Message& message);
  void note_agreement(ClientHandle client, const Message& message);
  void add_client(Instant start);

  void begin_fault(std::uint32_t index);
  void end_fault(std::uint32_t index);
  void begin_at_node(const Fault& fault, std::uint32_t index, std::uint32_t node);
  void restart(std::uint32_t node, std::uint64_t life);
  void resume(std::uint32_t node, std::uint64_t life);
  void mend_what_nobody_restores(std::uint32_t node);
  void mend_record(std::uint32_t fault);
  void check_merge_laws();

  Options options_;
  Recorder* recorder_;
  Rng root_;
  Rng nemesis_;
  Rng laws_;
  Instant now_{std::chrono::hours(1)};
  EventQueue queue_;
  Network network_;
  Ledger ledger_;
  History history_;
  MarkCounts marks_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<NodeId> ids_;

  ClientWorld shared_;
  std::vector<Seat> clients_;                                                   // handle - 1 is the index
  std::map<std::pair<std::uint64_t, CallId>, RequestId> puts_in_flight_;        // by client handle and call
  std::map<std::pair<std::uint64_t, CallId>, std::uint32_t> agreements_asked_;  // reads at level all; the key
  std::vector<Receipt> receipts_;
  std::vector<Agreement> agreements_;
  std::vector<OperatorReply> operator_inbox_;
  std::uint64_t next_operator_call_ = 1;

  struct Unreadable {
    std::uint32_t node = 0;
    Slot slot;
  };
  bool faults_allowed_ = false;
  std::map<std::uint32_t, Unreadable> unreadable_;  // by fault
  FaultKinds struck_ = 0;                           // of nodes; the network knows the rest

  Instant last_arrival_{};
  std::uint64_t events_ = 0;
  Fingerprint fingerprint_;
  std::vector<std::string> violations_;
};

}  // namespace shoal::sim
