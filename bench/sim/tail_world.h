// Tail world: one application and a small cluster of which one process stops, to see what that does to the slowest of
// its requests. The nodes, their disks and failure detectors are those of every run; links, load and application are
// made for this purpose. All time is virtual, so a seed names one result.
//
// Open loop: requests leave at times drawn before the answers to others are known, and latency counts from that time.
// The stopped process keeps its connections and answers nothing more (SIGSTOP): a harder case than a crash. Harder
// still is a process that hangs, in its disk say, while its failure detector goes on: nobody ever suspects it, so there
// is nothing but the scores.
//
// The application does as the client library does: reads go to the owners in turns, writes to the first one; who stays
// silent for a third of the deadline is asked beside the next owner, and comes last until it is heard of again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "bench/sim/event_queue.h"
#include "bench/sim/ledger.h"
#include "bench/sim/process.h"
#include "node/base/rng.h"
#include "node/base/time.h"

namespace shoal::sim {

enum class TailPhase : std::uint8_t {
  healthy,
  stop,     // the application's patience with what it had asked of the stopped node falls into this
  reacted,  // the scores have reacted, and the failure detector is about to
  afterwards,
  count_
};

enum class TailFault : std::uint8_t { stops, hangs };

struct TailOptions {
  std::uint64_t seed = 1;
  TailFault fault = TailFault::stops;
  std::uint32_t nodes = 3;    // at least 3, which is the number of copies
  std::uint32_t rate = 1000;  // requests a second
  std::uint32_t writes_per_million = 100'000;
  Duration warm_up = std::chrono::seconds(5);
  Duration healthy = std::chrono::seconds(20);
  Duration stop = std::chrono::milliseconds(500);
  Duration reacted = std::chrono::milliseconds(4500);
  Duration afterwards = std::chrono::seconds(60);  // longer than a node remembers how fast another one was
};

struct TailSample {
  TailPhase phase = TailPhase::healthy;
  bool write = false;
  bool ok = false;
  Duration took{};
};

class TailWorld {
 public:
  explicit TailWorld(const TailOptions& options);
  TailWorld(const TailWorld&) = delete;
  TailWorld& operator=(const TailWorld&) = delete;

  // One sample for each request after the warm-up, in the order in which they ended. To be called once.
  std::vector<TailSample> run();
  [[nodiscard]] const MarkCounts& marks() const { return marks_; }

 private:
  struct Request {
    std::uint32_t key = 0;
    bool write = false;
    Instant intended{};
    std::vector<std::uint32_t> asked;  // nodes, in order
  };

  void start_nodes();
  void fill();
  void stop();
  void handle(Event event);
  void deliver_to_node(Event event);
  void deliver_to_application(const Event& event);
  void application_wakes(std::uint32_t what);
  void finish_turn(std::uint32_t node);
  void begin_request();
  void ask(std::uint64_t id);
  void on_answer(CallId call, Errc outcome);
  void end_request(std::uint64_t id, bool ok);
  void send(Duration delay, EventKind kind, std::uint32_t target, const Address& from, Message message);

  [[nodiscard]] std::uint32_t next_node(const Request& request);
  [[nodiscard]] bool hangs(std::uint32_t node) const;
  [[nodiscard]] TailPhase phase_of(Instant at) const;
  [[nodiscard]] std::uint32_t index_of(NodeId id) const;
  Duration link_delay();
  Duration turn_cost();

  TailOptions options_;
  Rng links_;
  Rng turns_;
  Rng load_;
  Instant now_{std::chrono::hours(1)};
  Instant load_begins_{};
  Instant stop_at_{};
  Instant load_ends_{};
  bool stopped_ = false;
  EventQueue queue_;
  Ledger ledger_;
  MarkCounts marks_;
  std::vector<NodeId> ids_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<Instant> busy_until_;
  std::vector<std::vector<std::uint32_t>> owners_;  // by key

  std::map<std::uint64_t, Request> open_;
  std::map<CallId, std::uint64_t> attempts_;  // that were not answered, by request
  std::set<std::uint32_t> doubtful_;          // nodes that stayed silent
  std::uint64_t next_request_ = 1;
  std::uint64_t next_call_ = 1;
  std::vector<TailSample> samples_;
};

}  // namespace shoal::sim
