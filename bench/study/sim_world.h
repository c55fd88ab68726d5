// SimWorld: a scenario in virtual time. The nodes, their failure detectors, disks and clients' brains are those that
// run for real; links, disks, clocks, crashes and the load are as the scenario says.
//
// Chance comes from named streams of one seed. Events happen in the order of (time, sequence number); what the load and
// the samples do at a moment comes before the events of that moment. So a scenario, a seed and a build name one run.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bench/sim/event_queue.h"
#include "bench/sim/fingerprint.h"
#include "bench/sim/process.h"
#include "bench/study/divergence.h"
#include "bench/study/driver.h"
#include "bench/study/link_model.h"
#include "bench/study/load.h"
#include "client/dispatcher.h"

namespace shoal::study {

class SimWorld {
 public:
  // `scenario`, with its faults drawn, and `recording` outlive it.
  SimWorld(const Scenario& scenario, std::uint64_t seed, Recording& recording, const Progress& progress);
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  // From the first event to the last, once.
  void run();

 private:
  // A client process: what it is connected to, and its share of the load's operations.
  struct Connection {
    std::unique_ptr<client_detail::Dispatcher> dispatcher;
    std::vector<bool> stands;  // by node
    Instant wakes_at = kNever;
  };
  struct Ended {
    std::size_t operation;
    Result<client_detail::Reply> reply;
  };
  // Messages that leave within it are recorded.
  struct Window {
    Instant begin;
    Instant end;
    std::size_t left;  // that may be recorded
  };

  // ---- before it begins: sim_world_start.cc ----
  void start_nodes();
  void fill();
  void start_clients();
  void schedule_faults();

  // ---- time ----
  [[nodiscard]] double seconds_now() const { return seconds_of(now_ - begin_); }
  void run_until(Instant until);
  void start_operations();
  void take_sample();
  void handle(sim::Event event);
  void settle();
  void finish();
  void report_progress();

  // ---- nodes ----
  void deliver_to_node(sim::Event event);
  void wake_node(std::uint32_t node, std::uint64_t life);
  void finish_turn(std::uint32_t node);
  void schedule(std::uint32_t node);
  void send_from_node(std::uint32_t from, Envelope envelope);
  void trace(std::int32_t from, std::int32_t to, const Message& message, Instant arrives);

  // ---- clients ----
  void turn_of_client(std::uint32_t connection);
  void hand_over(std::uint32_t connection, Connection& client);
  void connect(std::uint32_t node, bool stands);

  // ---- faults: sim_faults.cc ----
  void begin_fault(std::uint32_t index);
  void end_fault(std::uint32_t index);
  void begin_at_node(const Fault& fault, std::uint32_t index, std::uint32_t node);
  // `lasted`: seconds.
  void end_at_node(const Fault& fault, std::uint32_t node, double lasted);
  void damage_records(const Fault& fault, std::uint32_t node, Rng& chance);
  void lose_partitions(const Fault& fault, std::uint32_t node, Rng& chance);
  void die(std::uint32_t node, void (sim::Process::*how)());
  void restart(std::uint32_t node);
  void resume(std::uint32_t node);
  void heal();

  const Scenario& scenario_;
  Recording& recording_;
  const Progress& progress_;
  Rng root_;
  Instant now_{std::chrono::hours(1)};
  Instant begin_ = now_;  // of the load
  Instant next_sample_ = kNever;
  sim::EventQueue queue_;
  sim::Fingerprint fingerprint_;
  LinkModel links_;
  MarkCounts marks_;
  Membership document_;
  std::unique_ptr<PreferenceLists> ring_;
  std::vector<std::vector<std::uint32_t>> owners_;  // by partition
  std::unique_ptr<Divergence> divergence_;
  std::vector<std::unique_ptr<sim::Process>> machines_;
  RepairTraffic of_the_dead_;                                  // what lives that are over spent on repair
  std::unordered_map<std::uint64_t, std::uint32_t> index_of_;  // of a node's id; only looked up
  std::map<std::string, std::uint32_t> index_of_address_;
  std::unique_ptr<Load> load_;
  std::vector<Connection> connections_;
  std::vector<Ended> ended_;                   // in this turn
  std::map<std::uint32_t, FaultSpan> active_;  // by fault
  std::vector<Window> windows_;
  bool faults_allowed_ = true;
  double reported_ = -1;
};

}  // namespace shoal::study
