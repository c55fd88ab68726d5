// Repair session: one exchange of this node with a peer, to the end: finds what differs and brings each of the two what
// it lacks. A state machine; somebody else decides when it may go on.
//
//   here -> peer    the questions of a tree walk (tree_walk.h)
//   here -> peer    PullStates     slots that the peer holds differently
//   peer -> here    StatesPulled   its states, as many as fit
//   here -> peer    PushStates     what was held here, where that had something which the peer's lacks
//   peer -> here    StatesPushed   after the commit that holds them
//
// Invariants:
//  (1) States are merged, never copied over: nothing that either of the two has seen is forgotten.
//  (2) No state travels twice: the peer's comes here once; there goes what was here before it was merged, and only if
//      that is not contained in the peer's.
//  (3) At most one question is open, with at most kStatesAtOnce states. A pull or push that stays unanswered is made
//      kAttempts times in all; a question of the walk ends the session, and another one begins later.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "node/base/time.h"
#include "node/core/services.h"
#include "node/core/tree_walk.h"

namespace shoal {

class RepairSession {
 public:
  static constexpr std::size_t kStatesAtOnce = 64;
  static constexpr std::size_t kBytesAtOnce = std::size_t{256} << 10;  // of states; one of them may be larger
  static constexpr Duration kAnswerWithin = std::chrono::seconds(5);
  static constexpr int kAttempts = 3;

  struct Counts {
    std::uint64_t differences = 0;
    std::uint64_t pulled = 0;
    std::uint64_t pushed = 0;
    std::uint64_t state_bytes = 0;
  };
  enum class Step : std::uint8_t { ready, waits, done, broken };

  RepairSession(Services& services, NodeId peer) : services_(services), walk_(services, peer) {}

  // ready: advance() may be called. waits: for an answer.
  [[nodiscard]] Step step() const { return step_; }
  // Sends the next question.
  void advance(Now now);
  // True when it is the answer that is waited for.
  template <class Answer>
  bool on_answer(NodeId from, const Answer& answer) {
    if (from != walk_.peer() || step_ != Step::waits || answer.call != call_) return false;
    attempts_ = 0;
    step_ = take(answer) ? Step::ready : Step::broken;
    return true;
  }
  void tick(Now now);

  // kNever unless it waits.
  [[nodiscard]] Instant answer_by() const { return step_ == Step::waits ? answer_by_ : kNever; }
  [[nodiscard]] const TreeWalk& walk() const { return walk_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }
  // In questions, answers and states, about.
  [[nodiscard]] std::uint64_t bytes() const { return walk_.bytes() + counts_.state_bytes; }

 private:
  bool take(const PairCompared& answer) { return walk_.take(answer); }
  bool take(const BranchesCompared& answer) { return walk_.take(answer); }
  bool take(const ElementsCompared& answer);
  bool take(const StatesPulled& answer);
  bool take(const StatesPushed& answer);
  void merge(const KeyedState& state);
  void take_up_lacking();
  void pull();
  void push();

  Services& services_;
  TreeWalk walk_;
  Step step_ = Step::ready;
  CallId call_;
  Instant answer_by_ = kNever;
  int attempts_ = 0;
  std::deque<Slot> to_pull_;
  std::deque<Slot> lacking_;      // at the peer
  std::deque<EntryPtr> to_push_;  // goes before anything else is pulled, so that it stays short
  std::size_t asked_ = 0;         // of to_pull_ or to_push_, the first ones
  enum class Asked : std::uint8_t { walk, pull, push } asked_what_ = Asked::walk;
  Counts counts_;
};

// About what a state takes on its way.
std::uint64_t state_bytes(const Record& record);

}  // namespace shoal
