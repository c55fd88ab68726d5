// Paxos' one promise under random schedules: whatever is lost, late or twice, what was chosen once stays part of all
// that is chosen later. Here the register is a list, and each proposer appends its own number.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "node/base/rng.h"
#include "node/paxos/acceptor.h"
#include "node/paxos/proposer.h"
#include "tests/paxos/kit.h"

namespace shoal::paxos {
namespace {

using List = std::vector<int>;

bool extends(const List& longer, const List& shorter) {
  return longer.size() >= shorter.size() && std::equal(shorter.begin(), shorter.end(), longer.begin());
}

class Schedule {
 public:
  explicit Schedule(std::uint64_t seed) : rng_(seed) {}

  std::vector<List> run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    return chosen_;
  }

 private:
  struct Try {
    Proposer<List> proposer;
  };

  void step() {
    if (tries_.size() < 3 || rng_.chance(30'000)) begin();
    Try& one = tries_[rng_.below(tries_.size())];
    const NodeId at = node(1 + rng_.below(3));
    if (rng_.chance(200'000)) return;  // lost
    switch (one.proposer.state()) {
      case Proposer<List>::State::preparing: return prepare(one, at);
      case Proposer<List>::State::accepting: return accept(one, at);
      default: return;
    }
  }

  void begin() {
    if (tries_.size() >= 4) tries_.erase(tries_.begin());  // its messages will never be sent
    tries_.push_back({Proposer<List>(three(), above(ballot(rng_.below(highest_ + 1)), Incarnation{++proposers_}))});
    highest_ = std::max(highest_, tries_.back().proposer.ballot().counter);
  }

  void prepare(Try& one, NodeId at) {
    Acceptor<List>& acceptor = acceptors_[at];
    if (!acceptor.prepare(one.proposer.ballot())) {
      one.proposer.on_conflict(acceptor.promised);
      return;
    }
    if (rng_.chance(200'000)) return;  // the answer is lost
    if (one.proposer.on_promise(at, acceptor.accepted, acceptor.value) != Proposer<List>::State::promised) return;
    List next = one.proposer.current() != nullptr ? *one.proposer.current() : List{};
    next.push_back(static_cast<int>(one.proposer.ballot().proposer.value));
    one.proposer.propose(std::move(next));
  }

  void accept(Try& one, NodeId at) {
    Acceptor<List>& acceptor = acceptors_[at];
    if (!acceptor.accept(one.proposer.ballot(), one.proposer.value())) {
      one.proposer.on_conflict(acceptor.promised);
      return;
    }
    if (rng_.chance(200'000)) return;
    if (one.proposer.on_accepted(at) == Proposer<List>::State::chosen) chosen_.push_back(one.proposer.value());
  }

  Rng rng_;
  std::map<NodeId, Acceptor<List>> acceptors_;
  std::vector<Try> tries_;
  std::vector<List> chosen_;
  std::uint64_t proposers_ = 0;
  std::uint64_t highest_ = 0;
};

TEST(PaxosSchedule, WhatIsChosenStaysChosen) {
  std::size_t choices = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    const std::vector<List> chosen = Schedule(seed).run(400);
    choices += chosen.size();
    for (const List& one : chosen)
      for (const List& other : chosen)
        ASSERT_TRUE(extends(one, other) || extends(other, one)) << "two histories were chosen; seed " << seed;
  }
  EXPECT_GT(choices, 5'000U) << "some schedules must get somewhere";
}

}  // namespace
}  // namespace shoal::paxos
