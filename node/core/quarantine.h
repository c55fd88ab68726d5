// Quarantine: own copies that cannot be read. They answer "don't know", never "absent", until all other owners were
// asked what they hold; what those know together takes the place of what was lost here.
//
//   here -> every other owner    PullStates
//   owner -> here                StatesPulled: its state, that it holds nothing, or that it cannot read it either
//
// A few are worked on at a time: those whose other owners can all be reached.
//
// Invariants:
//  (1) A damaged copy is replaced only when every other owner has answered: with fewer, a write that was acknowledged
//      by this node and one of the missing ones would be forgotten, and counted as known.
//  (2) It is replaced or dropped only when at least one owner could read its own: what nobody can read stays unknown,
//      and is asked for again later.
//  (3) What is put there belongs to a new epoch of the record at this node: dots that were lost are not minted again.
//  (4) States of at most kAtOnce records are held, and what waits costs a turn nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "node/base/time.h"
#include "node/core/services.h"

namespace shoal {

class Quarantine {
 public:
  static constexpr Duration kAnswerWithin = std::chrono::seconds(3);
  static constexpr Duration kPause = std::chrono::seconds(1);          // before an owner that was silent is asked again
  static constexpr Duration kPauseUnknown = std::chrono::seconds(10);  // when nobody could read the record
  static constexpr Duration kLookEvery = std::chrono::milliseconds(500);  // for others to work on
  static constexpr std::size_t kAtOnce = 64;

  explicit Quarantine(Services& services) : services_(services) {}

  void add(const Slot& slot, Now now);
  // True when it answers one of our questions.
  bool on_states_pulled(NodeId from, const StatesPulled& answer, Now now);
  void tick(Now now);
  [[nodiscard]] Instant next_deadline() const;

  [[nodiscard]] std::size_t size() const { return damaged_.size(); }
  [[nodiscard]] std::uint64_t found() const { return found_; }
  [[nodiscard]] std::uint64_t restored() const { return restored_; }
  [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

 private:
  struct Work {
    std::set<NodeId> unheard;  // other owners that have not answered
    bool known = false;        // one of them could read its own
    std::optional<KeyedState> merged;
  };
  struct Question {
    NodeId owner;
    std::vector<Slot> slots;
    Instant answer_by;
  };

  [[nodiscard]] std::set<NodeId> other_owners(const Slot& slot) const;
  void choose_work(Now now);
  void hear(NodeId from, const std::vector<Slot>& slots, const StatesPulled& answer);
  static void merge_into(std::optional<KeyedState>& merged, const KeyedState& state);
  void merge_own_hints(const Slot& slot, std::optional<KeyedState>& merged);
  void drop_unanswered(Now now);
  void ask(Now now);
  void end_those_heard(Now now);
  void end(const Slot& slot, Work& work);
  void tell_when_empty(Now now);

  Services& services_;
  std::map<Slot, Instant> damaged_;  // and when each may be worked on
  std::map<Slot, Work> work_;
  std::map<CallId, Question> questions_;
  std::map<NodeId, Instant> not_before_;  // owners that were silent
  Instant look_at_{};
  std::optional<Slot> looked_to_;  // where the last look ended
  std::uint64_t found_ = 0;
  std::uint64_t restored_ = 0;
  std::uint64_t given_up_ = 0;
};

}  // namespace shoal
