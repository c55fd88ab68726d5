// Anti-entropy: makes all owners of a key hold the same without anybody reading it (Dynamo section 4.7), for a price
// that follows the number of differences and not the number of keys.
//
// The idea: each pair of nodes that own partitions together compares its trees every interval, and at once when a peer
// comes back or has missed writes that nobody keeps for it. A repair session (repair_session.h) finds what differs and
// brings both up to date; one that found differences is followed by another at once, until the pair is proven equal.
// Whoever has the lower id asks; both learn what was missing. One session at a time; whoever asks by hand asks all.
//
// Invariants:
//  (1) It never stops: every pair that can reach each other is compared within an interval and the time of the
//      sessions before it.
//  (2) It yields: no question leaves while much waits for this node's disk (but one each kYieldMax) or while the store
//      takes nothing from peers; and over time what this node asks for moves no more bytes than the rate allows.
//  (3) A pair counts as equal as of the moment when the asker looked at its tree, for the answerer when it did.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "node/base/byte_rate.h"
#include "node/base/time.h"
#include "node/core/repair_session.h"
#include "node/core/services.h"

namespace shoal {

struct RepairPace {
  Duration interval = std::chrono::seconds(10);
  std::uint64_t bytes_per_second = std::uint64_t{8} << 20;
};

class AntiEntropy {
 public:
  static constexpr Duration kYield = std::chrono::milliseconds(20);
  static constexpr Duration kYieldMax = std::chrono::seconds(1);
  static constexpr Duration kRetryAsked = std::chrono::seconds(1);
  static constexpr int kSessionsInARow = 3;  // with the same peer, while it has differences

  AntiEntropy(Services& services, const RepairPace& pace)
      : services_(services), pace_(pace), rate_(pace.bytes_per_second) {}

  // True when it answers one of our questions.
  template <class Answer>
  bool on_answer(NodeId from, const Answer& answer, Now now) {
    if (!session_ || !session_->on_answer(from, answer)) return false;
    after_answer(now);
    return true;
  }
  void on_liveness(NodeId peer, Liveness liveness, Now now);
  // The peer begins a session while one of ours with it is under way, or is about to be and goes first: two at once
  // would move every state twice.
  [[nodiscard]] bool goes_first(NodeId peer) const {
    return session_ && session_->walk().peer() == peer && (session_->walk().begun() || services_.self < peer);
  }
  // Somebody asks: with everybody, now.
  void start(Now now);
  void tick(Now now);
  [[nodiscard]] Instant next_deadline() const;

  std::vector<PeerRepair> report(Now now);

 private:
  struct Peer {
    Instant due{};
    Instant ended{};  // the last session
    int in_a_row = 0;
    PeerRepair counts;                // what does not change with time
    std::uint64_t answers_asked = 0;  // the `asked` that the running session answers
  };

  void know_members(Now now);
  [[nodiscard]] bool heeds_marks() const;
  void heed_marks(Now now);
  [[nodiscard]] bool initiates(const PeerRepair& counts) const;
  [[nodiscard]] bool is_due(NodeId id, const Peer& peer, Now now) const;
  void after_answer(Now now);
  void charge();
  void advance(Now now);
  void begin_next(Now now);
  void end_session(Now now);
  void clear_marks(NodeId peer);

  Services& services_;
  const RepairPace pace_;
  ByteRate rate_;
  std::uint64_t charged_ = 0;  // of the running session's bytes
  std::optional<RepairSession> session_;
  Instant marks_at_{};  // when new marks are looked at next
  Instant ready_since_{};
  Instant try_at_{};
  std::map<NodeId, Peer> peers_;
  Ring known_;  // the document that peers_ follows
};

}  // namespace shoal
