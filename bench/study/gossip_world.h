// GossipWorld: failure detectors alone, without data, so that a thousand members fit. A "pair behind" is here an
// observer who believes something wrong of a member: alive of one that is down, dead of one that is up.
//
// Links, crashes, kills, restarts, pauses and faults of links are those of the scenario; whatever concerns disks and
// clocks does not exist here.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/sim/event_queue.h"
#include "bench/sim/fingerprint.h"
#include "bench/study/driver.h"
#include "bench/study/link_model.h"
#include "gossip/swim.h"

namespace shoal::study {

class GossipWorld {
 public:
  // `scenario`, with its faults drawn, and `recording` outlive it.
  GossipWorld(const Scenario& scenario, std::uint64_t seed, Recording& recording, const Progress& progress);

  // Once.
  void run();

 private:
  struct Machine {
    NodeId id;
    std::optional<Swim> swim;  // absent: it is down
    bool paused = false;
    std::deque<Envelope> backlog;
    std::uint64_t starts = 0;
    Instant wakes_at = kNever;
    std::vector<bool> believes_alive;  // by node
  };

  void start(std::uint32_t node);
  void stop(std::uint32_t node);
  void run_until(Instant until);
  void handle(sim::Event event);
  void deliver(std::uint32_t node, const Envelope& envelope);
  void finish_turn(std::uint32_t node);
  void begin_fault(std::uint32_t index);
  void end_fault(std::uint32_t index);
  void take_sample();
  [[nodiscard]] double seconds_now() const { return std::chrono::duration<double>(now_ - begin_).count(); }

  const Scenario& scenario_;
  Recording& recording_;
  const Progress& progress_;
  Rng root_;
  Instant now_{std::chrono::hours(1)};
  Instant begin_ = now_;
  Instant next_sample_ = now_;
  sim::EventQueue queue_;
  sim::Fingerprint fingerprint_;
  LinkModel links_;
  std::vector<bool> active_;          // by fault
  std::vector<std::size_t> span_of_;  // by fault, among the recording's
  std::vector<Machine> machines_;
  std::vector<NodeId> ids_;
  std::unordered_map<std::uint64_t, std::uint32_t> index_of_;  // only looked up
};

}  // namespace shoal::study
