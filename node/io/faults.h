// Faults: what this node suffers on purpose, for a laboratory. Orders come through node/io/laboratory.h.
//
// A rule is in force from its order to its end, which every rule has. Rules on links are asked about each frame, on the
// sender's side and on the receiver's: requests, answers and gossip alike, clients never. Rules on the clock shift what
// the brain is told of the wall; rules on the disk stand before each sync of the commit log.
//
// Invariants:
//  (1) While no rule is in force, whoever asks pays one relaxed atomic load and nothing else.
//  (2) A rule that is over strikes nothing, whether or not anybody has looked at the clock since.
//  (3) At most kRulesMax rules are in force.
//
// Orders, news and the list belong to one thread; whatever strikes may be asked by any.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "node/base/result.h"
#include "node/base/rng.h"
#include "node/base/time.h"
#include "node/core/message.h"
#include "node/ring/membership.h"

namespace shoal {

class Faults {
 public:
  static constexpr std::size_t kRulesMax = 256;
  static constexpr Millis kLastsMax = std::chrono::hours(1);
  static constexpr Millis kDelayMax = std::chrono::minutes(1);
  static constexpr Millis kSyncDelayMax = std::chrono::seconds(10);
  static constexpr Millis kOffsetMax = std::chrono::hours(24 * 366);
  static constexpr std::int64_t kDriftMax = 100'000;  // a tenth

  Faults(NodeId self, std::uint64_t seed) : self_(self), rng_(seed) {}

  // ---- orders

  // All of them or none. Errc::invalid says what is wrong; Errc::overloaded: there are too many already.
  Status add(const std::vector<FaultRule>& rules, const Membership& document, Instant now);
  // No ids: everything. Errc::not_found names one that is not in force; the others go on then.
  Status clear(const std::vector<std::uint64_t>& ids, Instant now);
  // At the end of the process: what it still saves, it saves as if nothing had been ordered.
  void end_all();
  [[nodiscard]] std::vector<FaultInForce> in_force(Instant now) const;
  [[nodiscard]] std::size_t count(Instant now) const;

  struct News {
    EventKind kind = EventKind::fault_began;
    std::string text;
  };
  // What has begun and ended since it was asked last.
  std::vector<News> take_news(Instant now);
  // When there is news by itself; kNever when not.
  [[nodiscard]] Instant next_news() const { return busy_.load(std::memory_order_relaxed) ? next_end() : kNever; }
  // How many frames and syncs were struck in this life, by what.
  [[nodiscard]] std::vector<Counter> counters() const;

  // ---- what strikes

  // Of one frame, with all its pieces.
  struct Fate {
    bool lost = false;
    bool twice = false;
    bool corrupt = false;
    Duration later{};
    std::uint64_t draw = 0;  // which bit, where it is corrupt
  };
  [[nodiscard]] bool strike_links() const { return links_.load(std::memory_order_relaxed); }
  // `way` is out or in. Counts what it decides.
  Fate fate(NodeId peer, FaultWay way, Instant now);
  // No frame gets through that way; counts nothing.
  [[nodiscard]] bool cuts(NodeId peer, FaultWay way, Instant now) const;

  // What is to be added to the wall clock.
  [[nodiscard]] Millis wall_shift(Instant now) const {
    return clock_.load(std::memory_order_relaxed) ? shift_at(now) : Millis{};
  }

  // Before a sync of the commit log: waits as long as was ordered; 0, or the errno that it shall fail with.
  int before_sync() { return disk_.load(std::memory_order_relaxed) ? delay_sync() : 0; }

 private:
  struct Rule {
    std::uint64_t id = 0;
    FaultRule rule;          // peers by name
    std::set<NodeId> peers;  // empty: all
    Instant begun{};
    Instant ends{};
    std::uint64_t struck = 0;

    [[nodiscard]] bool strikes(NodeId peer, FaultWay way, Instant now) const;
  };

  [[nodiscard]] Result<Rule> understood(const FaultRule& rule, const Membership& document, Instant now) const;
  void end_expired(Instant now);
  void end_rule(const Rule& rule, const char* how);
  void set_flags();
  [[nodiscard]] Instant next_end() const;
  void note_struck(Rule& rule);
  Duration drawn(const FaultRule& rule);
  void suffer(Fate& fate, Rule& rule);
  [[nodiscard]] Millis shift_at(Instant now) const;
  int delay_sync();

  const NodeId self_;
  std::atomic<bool> busy_ = false;  // rules or news
  std::atomic<bool> links_ = false;
  std::atomic<bool> clock_ = false;
  std::atomic<bool> disk_ = false;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  Rng rng_;
  std::vector<Rule> rules_;
  std::vector<News> news_;
  std::array<std::uint64_t, kFaultNames.size()> struck_{};
  std::uint64_t last_id_ = 0;
};

// "cut: loses all frames to and from n2, n3"
std::string described(const FaultRule& rule);

}  // namespace shoal
