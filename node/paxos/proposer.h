// Proposer: one attempt to change a register, at one ballot.
//
//   proposer -> acceptors   prepare(ballot)
//   acceptor -> proposer    promise: what it has accepted last; or conflict: what it has promised to another
//   proposer -> acceptors   accept(ballot, next), when a majority has promised; next = f(value of the highest ballot)
//   acceptor -> proposer    accepted, or conflict
//
// When a majority has accepted, the change is chosen for ever: every later majority of promises meets one of them.
// A conflict ends the attempt; the next one has a ballot above what the conflict named, after a random pause, which is
// what keeps two proposers from outbidding each other for ever (Baxos, arXiv:2204.10934).
//
// Invariants:
//  (1) One ballot proposes at most one value.
//  (2) Nothing is proposed before a majority has promised, and then only on top of the value with the highest ballot
//      among their promises.
//  (3) `proposed()` is when doubt begins: before, the attempt has certainly changed nothing.
//
// Pure: it says what to do, and sends nothing. CASPaxos (arXiv:1802.07000), section 2.2.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "node/paxos/ballot.h"
#include "node/paxos/electorate.h"
#include "node/paxos/learner.h"

namespace shoal::paxos {

template <class Value>
class Proposer {
 public:
  enum class State : std::uint8_t {
    preparing,  // waits for promises
    promised,   // a majority has: the caller computes the next value and calls propose()
    accepting,  // waits for accepts
    chosen,     // a majority has accepted
    outbid,     // somebody has promised a higher ballot
    blocked,    // so many refuse to vote that no majority is left
  };

  Proposer(Electorate electorate, Ballot ballot)
      : ballot_(ballot), highest_(ballot), current_(electorate), accepts_(electorate) {}

  // An acceptor has promised, and told what it had accepted.
  State on_promise(NodeId from, const Ballot& accepted, Value value) {
    if (state_ != State::preparing) return state_;
    current_.heard(from, accepted);
    if (!accepted.is_none()) current_.knows(accepted, std::move(value));
    if (current_.has_majority()) state_ = State::promised;
    return state_;
  }

  // nullptr: the register was never written. Precondition: promised or later.
  [[nodiscard]] const Value* current() const { return current_.value(); }

  // Precondition: state() is promised.
  const Value& propose(Value next) { return propose(std::move(next), electorate()); }
  // A value that changes the voters is for `voters` to accept: those who promised, and the ones that it names.
  const Value& propose(Value next, Electorate voters) {
    accepts_ = Learner<Value>(std::move(voters));
    accepts_.knows(ballot_, std::move(next));
    state_ = State::accepting;
    return value();
  }
  [[nodiscard]] bool proposed() const { return state_ == State::accepting || state_ == State::chosen || doubtful_; }
  // What was proposed, and at the end what is chosen. Precondition: propose() was called.
  [[nodiscard]] const Value& value() const { return *accepts_.value_at(ballot_); }

  State on_accepted(NodeId from) {
    if (state_ != State::accepting) return state_;
    accepts_.heard(from, ballot_);
    if (accepts_.is_chosen()) state_ = State::chosen;
    return state_;
  }

  // An acceptor has promised `promised` to somebody else.
  State on_conflict(const Ballot& promised) {
    highest_ = std::max(highest_, promised);
    return end(State::outbid);
  }

  // An acceptor cannot vote: it has another epoch, or cannot read its memory.
  State on_refused(NodeId from) {
    refusing_.insert(from);
    return electorate().is_blocked_by(refusing_) ? end(State::blocked) : state_;
  }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const Ballot& ballot() const { return ballot_; }
  // The highest ballot heard of: the next attempt goes above it.
  [[nodiscard]] const Ballot& highest() const { return highest_; }
  // Of the phase that is under way.
  [[nodiscard]] const Electorate& electorate() const {
    return state_ == State::preparing ? current_.electorate() : accepts_.electorate();
  }
  // Who has not answered in this phase.
  [[nodiscard]] std::vector<NodeId> silent() const {
    const Learner<Value>& phase = state_ == State::preparing ? current_ : accepts_;
    std::vector<NodeId> nodes;
    for (const NodeId node : electorate().voters())
      if (!phase.has_heard(node) && !refusing_.contains(node)) nodes.push_back(node);
    return nodes;
  }

 private:
  State end(State how) {
    if (state_ == State::chosen) return state_;
    doubtful_ = doubtful_ || state_ == State::accepting;
    return state_ = how;
  }

  Ballot ballot_;
  Ballot highest_;
  Learner<Value> current_;  // what the promises say
  Learner<Value> accepts_;  // of our own ballot
  std::set<NodeId> refusing_;
  State state_ = State::preparing;
  bool doubtful_ = false;
};

}  // namespace shoal::paxos
