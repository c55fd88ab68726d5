// Process: one machine of the simulated cluster. It owns a disk, which survives crashes, and runs lives of a node and
// its failure detector, which do not.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/sim/sim_store.h"
#include "gossip/swim.h"
#include "node/core/node.h"

namespace shoal::sim {

// All records are read within it. Days on a real node.
inline constexpr std::chrono::seconds kScrubCycle{20};

enum class ProcessState : std::uint8_t { absent, up, paused, down, gone };

// The machine's wall clock: wrong by an offset, and running fast or slow.
class WallClock {
 public:
  void step(std::int64_t ms) { offset_ms_ += ms; }
  void drift(std::int64_t parts_per_million, Instant now);
  [[nodiscard]] WallTime read(Instant now) const;

 private:
  std::int64_t offset_ms_ = 0;
  std::int64_t drift_ppm_ = 0;
  Instant drifts_since_{};
};

class Process {
 public:
  struct Identity {
    std::uint32_t index = 0;
    NodeId id;
    std::string name;
    std::string address;
    std::string zone;
    std::uint32_t weight = 100;
    bool sync = true;
    std::uint64_t hint_bytes_max = 0;
    std::uint64_t waiting_for_disk_max = 0;
    std::uint64_t handoff_bytes_per_second = std::uint64_t{8} << 20;
    RepairPace repair;
    Duration scrub_cycle = kScrubCycle;
    StudySwitches study;
  };

  Process(Identity identity, DiskOptions disk, Rng rng, StoreWitness& witness, Trace& trace);

  // A process start with the document on its disk.
  void start(Instant now);
  void crash();
  // The process dies, the machine goes on.
  void kill();
  void pause() { state_ = ProcessState::paused; }
  void resume() { state_ = ProcessState::up; }
  void lose_disk();
  void move() { identity_.address = "moved-" + std::to_string(starts_) + "." + identity_.address; }

  [[nodiscard]] ProcessState state() const { return state_; }
  [[nodiscard]] bool is_up() const { return state_ == ProcessState::up; }
  // Has a life that could answer, now or when it wakes.
  [[nodiscard]] bool runs() const { return node_ != nullptr; }
  [[nodiscard]] const Identity& identity() const { return identity_; }
  [[nodiscard]] Member as_member() const;
  // Tells events of an earlier life from those of this one.
  [[nodiscard]] std::uint64_t starts() const { return starts_; }
  [[nodiscard]] Now now(Instant instant) const { return Now{instant, clock_.read(instant)}; }
  WallClock& clock() { return clock_; }
  SimStore& disk() { return disk_; }
  [[nodiscard]] const SimStore& disk() const { return disk_; }
  Node& node() { return *node_; }

  // The turn: what came, then what is due.
  void receive(const Envelope& envelope, Instant now);
  void tick(Instant now);
  // Reports of the disk and of the failure detector, then everything that may be sent.
  std::vector<Envelope> finish_turn(Instant now);
  [[nodiscard]] Instant next_deadline() const;

  struct Waiting {
    Envelope envelope;
    Instant since;
  };
  std::deque<Waiting> backlog;                 // came while it was paused
  std::optional<Duration> crash_in_next_turn;  // and the time until it restarts
  Instant wakes_at = kNever;                   // the earliest wake-up that is scheduled

 private:
  void die();
  void watch_members(Instant now);

  Identity identity_;
  Rng rng_;
  StoreWitness& witness_;
  Trace& trace_;
  SimStore disk_;
  WallClock clock_;
  ProcessState state_ = ProcessState::absent;
  std::uint64_t starts_ = 0;
  std::unique_ptr<Node> node_;
  std::optional<Swim> swim_;
  Ring watched_;
};

}  // namespace shoal::sim
