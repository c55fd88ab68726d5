// Diff coordinator: "what do you two hold differently?", for people. Walks through both trees (tree_walk.h), names the
// keys, and repairs nothing.
//
//   client -> here    DiffRequest
//   here   -> peer    the questions of a tree walk; PullStates, without values, of records that differ
//   here   -> client  DiffReply
#pragma once

#include <deque>

#include "node/base/time.h"
#include "node/core/open_calls.h"
#include "node/core/services.h"
#include "node/core/tree_walk.h"

namespace shoal {

class DiffCoordinator {
 public:
  static constexpr std::size_t kOpenMax = 4;
  static constexpr std::uint32_t kKeysMax = 10'000;
  static constexpr std::size_t kSlotsAtOnce = 64;

  explicit DiffCoordinator(Services& services) : services_(services) {}

  void on_request(const Address& asker, const DiffRequest& request, Now now);
  // True when it answers one of our questions.
  template <class Answer>
  bool on_answer(NodeId from, const Answer& answer, Now now) {
    const Open* open = open_.find(answer.call);
    if (open == nullptr || open->walk.peer() != from) return false;
    Open taken = open_.close(answer.call);
    if (take(taken, answer)) {
      go_on(std::move(taken), now);
    } else {
      refuse(taken, fail(Errc::unavailable, "the other node cannot compare just now; ask again in a moment"));
    }
    return true;
  }
  void tick(Now now);

  [[nodiscard]] Instant next_deadline() const { return open_.next_deadline(); }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  struct Open {
    Address asker;
    DiffRequest request;
    Instant deadline;
    TreeWalk walk;
    std::deque<Element> unnamed;
    std::size_t asked = 0;  // of them
    DiffReply reply;
  };

  bool take(Open& open, const PairCompared& answer) { return open.walk.take(answer); }
  bool take(Open& open, const BranchesCompared& answer) { return open.walk.take(answer); }
  bool take(Open& open, const ElementsCompared& answer);
  bool take(Open& open, const StatesPulled& answer);
  void name(Open& open, const Element& element, const StatesPulled& answer);
  void go_on(Open open, Now now);
  void refuse(Open& open, const Error& error);

  Services& services_;
  OpenCalls<Open> open_;
};

}  // namespace shoal
