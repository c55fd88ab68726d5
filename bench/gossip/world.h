// A world for failure detectors alone: the same Swim class that nodes run, a virtual clock, links and slow members.
//
// One seed decides everything. Links have a delay and a loss and can be cut in either direction. A slow member works
// in bursts: while it is blocked, what comes waits and what it says leaves late. Its timers go on meanwhile, as those
// of a process do whose network threads get no processor time (Lifeguard, section V); a stopped process, by contrast,
// has no timers either.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "gossip/swim.h"

namespace shoal::gossip_sim {

struct Links {
  Duration delay_min = std::chrono::microseconds(200);
  Duration delay_max = std::chrono::milliseconds(2);
  std::uint32_t loss_per_million = 0;
};

// A slow member is blocked and free by turns, each for a time drawn evenly from its range.
struct Slowness {
  Duration blocked_min{};
  Duration blocked_max{};
  Duration free_min{};
  Duration free_max{};
  bool stops_timers = false;
};

struct Traffic {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  // as frames of one message each, estimated
};

class World {
 public:
  struct Options {
    std::uint32_t nodes = 5;
    std::uint64_t seed = 1;
    SwimOptions swim;
    Links links;
  };

  explicit World(const Options& options);

  void run_until(Instant until);
  void run_for(Duration span) { run_until(now_ + span); }
  [[nodiscard]] Instant now() const { return now_; }

  // ---- faults ----

  void kill(std::uint32_t node);
  // A new life of a killed node.
  void start(std::uint32_t node);
  void make_slow(std::uint32_t node, const Slowness& slowness);
  void make_well(std::uint32_t node) { machines_[node].slowness.reset(); }
  // Stops the process until then; what comes waits.
  void stop_until(std::uint32_t node, Instant until) { machines_[node].stopped_until = until; }
  // Which way nothing gets through; may depend on now(). Empty: everything does.
  std::function<bool(std::uint32_t from, std::uint32_t to)> cut;
  void set_loss(std::uint32_t per_million) { options_.links.loss_per_million = per_million; }

  // ---- what can be seen ----

  [[nodiscard]] std::uint32_t nodes() const { return options_.nodes; }
  [[nodiscard]] bool runs(std::uint32_t node) const { return machines_[node].swim != nullptr; }
  [[nodiscard]] const Swim& swim(std::uint32_t node) const { return *machines_[node].swim; }
  [[nodiscard]] static NodeId id(std::uint32_t node) { return NodeId{node + 1}; }
  [[nodiscard]] Liveness view(std::uint32_t observer, std::uint32_t subject) const {
    return machines_[observer].views[subject];
  }
  // Every running node takes the running ones for alive and the others for dead.
  [[nodiscard]] bool all_views_are_true() const;
  [[nodiscard]] const Traffic& traffic() const { return traffic_; }

  std::function<void(std::uint32_t observer, std::uint32_t subject, Liveness liveness)> on_change;
  std::function<void(std::uint32_t from, std::uint32_t to, const GossipMessage& message)> on_sent;

 private:
  struct Event {
    Instant at;
    std::uint64_t sequence = 0;
    std::uint32_t target = 0;
    std::uint64_t life = 0;  // of the target; a message reaches any
    std::uint32_t from = 0;
    std::unique_ptr<GossipMessage> message;  // none: a wake-up
  };

  struct Machine {
    std::unique_ptr<Swim> swim;
    std::uint64_t life = 0;
    Instant wakes_at = kNever;
    std::vector<Liveness> views;
    std::unique_ptr<Slowness> slowness;
    Instant free_until{};
    Instant blocked_until{};
    Instant stopped_until{};
  };

  static bool later(const Event& a, const Event& b);
  void push(Event event);
  void handle(Event event);
  void finish_turn(std::uint32_t node);
  void send(std::uint32_t from, Swim::Outgoing out);
  // When the network, or the timers, of the node work next: now, unless it is blocked or stopped.
  Instant next_free(Machine& machine, bool timers);
  Instant drawn(Instant from, Duration min, Duration max);

  Options options_;
  Rng rng_;
  Instant now_{std::chrono::hours(1)};
  std::vector<Machine> machines_;
  std::vector<NodeId> members_;
  std::vector<Event> heap_;
  std::uint64_t next_sequence_ = 0;
  Traffic traffic_;
};

// What the message takes in a frame of its own: node/wire's encoding, to within a few bytes.
std::uint64_t encoded_bytes(const GossipMessage& message);

}  // namespace shoal::gossip_sim
