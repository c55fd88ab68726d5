// RealWorld: a scenario on shoald processes of this machine. The load is the simulator's; requests go through the
// client's engine, faults are ordered at the nodes or done to their processes, and what the nodes hold is observed.
//
// What the scenario says of links, disks and clocks is the simulator's alone, but for its faults: real nodes have those
// of the machine. A node that is down holds what it was last seen to hold. Samples see nodes one after another, within
// milliseconds: a write that is on its way may count as behind.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "bench/load/local_cluster.h"
#include "bench/study/driver.h"
#include "bench/study/load.h"
#include "client/engine.h"
#include "node/ring/preference_list.h"

namespace shoal::study {

// One thread that does one thing after another: children of this process die with the thread that started them, so
// whoever starts nodes must live as long as they shall.
class Errands {
 public:
  Errands() : thread_([this] { run(); }) {}
  ~Errands();
  std::future<Status> add(std::function<Status()> errand);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<Status()>> waiting_;
  bool over_ = false;
  std::thread thread_;
};

class RealWorld {
 public:
  // All outlive it.
  RealWorld(const Scenario& scenario, std::uint64_t seed, const RealOptions& options, Recording& recording,
            const Progress& progress);
  ~RealWorld();

  // Once.
  Status run();

 private:
  using Clock = std::chrono::steady_clock;
  // What a node was last seen to hold.
  struct Copies {
    std::map<std::uint32_t, ObservedCopy> of;  // by key
    std::uint64_t hints = 0;
    std::uint64_t hint_bytes = 0;
    RepairTraffic traffic;       // of this life
    RepairTraffic before_death;  // of earlier lives
  };
  // A sample that is being taken.
  struct Look {
    double at = 0;
    std::size_t unanswered = 0;
  };

  // ---- before it begins: real_world_start.cc ----
  Status write_configuration();
  Status start_nodes();
  Status learn_ring();
  Status create_buckets();
  void connect_clients();
  Status fill();

  // ---- time ----
  [[nodiscard]] Duration since_begin() const { return std::chrono::duration_cast<Duration>(Clock::now() - begin_); }
  [[nodiscard]] double seconds_now() const { return seconds_of(since_begin()); }
  // Until `end`, or until `done` says so.
  void run_until(double end, const std::function<bool()>& done);
  void start_operations();
  [[nodiscard]] double next_event() const;  // while mutex_ is held
  void settle();
  void end_load();
  void report_progress();

  // ---- faults: real_faults.cc ----
  void begin_and_end_faults();
  void begin_fault(std::uint32_t index);
  void end_fault(std::uint32_t index);
  // Whether an active fault of this word names the node.
  [[nodiscard]] bool suffers(std::uint32_t node, FaultWord word) const;
  // Makes of the node what all active faults together say; later, when it is just being started.
  void put_right(std::uint32_t node);
  void pause(std::uint32_t node);
  void wake(std::uint32_t node);
  void kill(std::uint32_t node);
  void lose_disk(std::uint32_t node);
  void mark_down(std::uint32_t node);
  void mark_up(std::uint32_t node);
  void restart(std::uint32_t node, bool end_first);
  // The rules that active faults are at this node, for the time that is left, instead of those that it has.
  void order_again(std::uint32_t node);
  void order(std::uint32_t node, std::vector<FaultRule> rules);
  void clear_rules(std::uint32_t node);
  void ask_for_obedience(std::uint32_t node, FaultsRequest request);
  void look_at_restarts(bool wait);
  void heal();

  // ---- what nodes hold: real_observer.cc ----
  void begin_sample();
  void end_sample();
  void finish_sample();
  void observe(std::uint32_t node, std::vector<std::uint32_t> keys);
  // Of keys that are known by now: fresh ones come while the load runs.
  void learn_owners();
  void note_observed(std::uint32_t node, const std::vector<std::uint32_t>& keys, ObserveReply reply);
  std::uint64_t behind(std::uint32_t key, std::vector<std::uint32_t>& by_node) const;
  [[nodiscard]] bool answers(std::uint32_t node) const {
    return !down_.contains(node) && !paused_.contains(node) && !gone_.contains(node);
  }
  void read_finals();
  [[nodiscard]] bool read_final(LastState& last);  // false: it cannot be read now
  void read_counters();

  // Waits for the answer.
  Result<client_detail::Reply> ask(std::uint32_t node, client_detail::Request request, Millis timeout);
  void note_trouble(std::string sentence);

  const Scenario& scenario_;
  const RealOptions& options_;
  Recording& recording_;
  const Progress& progress_;
  Rng root_;
  std::string token_;
  std::optional<LocalCluster> cluster_;
  Ring ring_;
  std::map<NodeId, std::uint32_t> index_of_;
  std::shared_ptr<client_detail::Engine> operator_;
  std::vector<std::shared_ptr<client_detail::Engine>> engines_;  // by connection
  Clock::time_point begin_;
  double next_sample_ = 0;
  double reported_ = 0;
  double settled_by_ = 0;
  std::vector<std::vector<std::uint32_t>> owners_;   // by key: nodes
  std::vector<std::vector<std::uint32_t>> keys_of_;  // by node

  // Guards the next eight, and the recording's operations and trouble, from the engines' threads; of the sets of nodes
  // only changes, for this thread alone makes them.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Load> load_;
  std::vector<Copies> copies_;  // by node
  std::optional<Look> look_;
  std::set<std::uint32_t> down_;  // nodes
  std::set<std::uint32_t> paused_;
  std::set<std::uint32_t> gone_;  // with their disks

  std::map<std::uint32_t, FaultSpan> active_;  // by fault
  std::set<std::uint32_t> begun_;
  std::map<std::uint32_t, std::future<Status>> restarts_;  // by node; its process is the errand's until it is done
  Errands errands_;
};

}  // namespace shoal::study
