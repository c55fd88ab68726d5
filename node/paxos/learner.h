// Learner: counts what acceptors say they have accepted, and reports what a majority chose.
//
// A value is chosen when a majority has accepted it at one ballot. A learner that asks acceptors sees each at another
// moment, so it trusts a count only when that ballot is also the highest among the answers: an operation that was over
// before the first question was asked had put its ballot, or a higher one, on a majority, which meets this one.
//
// Pure. One-round-trip reads: CASPaxos, section 2; CEP-14 of Apache Cassandra.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "node/paxos/ballot.h"
#include "node/paxos/electorate.h"

namespace shoal::paxos {

template <class Value>
class Learner {
 public:
  explicit Learner(Electorate electorate) : electorate_(std::move(electorate)) {}

  // `node` has accepted this ballot last; none: nothing yet. The last word of a node counts. Who does not vote is not
  // heard.
  void heard(NodeId node, const Ballot& accepted) {
    if (electorate_.has(node)) last_[node] = accepted;
  }
  // `node` has answered that it does not vote.
  void refused(NodeId node) { refused_.insert(node); }
  // What was proposed at the ballot.
  void knows(const Ballot& ballot, Value value) { values_.insert_or_assign(ballot, std::move(value)); }

  // A majority has answered.
  [[nodiscard]] bool has_majority() const {
    std::set<NodeId> heard;
    for (const auto& [node, ballot] : last_) heard.insert(node);
    return electorate_.is_majority(heard);
  }
  [[nodiscard]] Ballot highest() const {
    Ballot highest;
    for (const auto& [node, ballot] : last_) highest = std::max(highest, ballot);
    return highest;
  }
  // A majority has accepted the highest ballot that was heard of; with the ballot `none`: nothing was ever chosen.
  [[nodiscard]] bool is_chosen() const {
    const Ballot ballot = highest();
    std::set<NodeId> agreeing;
    for (const auto& [node, accepted] : last_)
      if (accepted == ballot) agreeing.insert(node);
    return electorate_.is_majority(agreeing);
  }
  // The value of the highest ballot; nullptr: nobody has told it yet.
  [[nodiscard]] const Value* value() const { return value_at(highest()); }
  [[nodiscard]] const Value* value_at(const Ballot& ballot) const {
    const auto found = values_.find(ballot);
    return found != values_.end() ? &found->second : nullptr;
  }
  [[nodiscard]] bool has_heard(NodeId node) const { return last_.contains(node) || refused_.contains(node); }
  [[nodiscard]] const Electorate& electorate() const { return electorate_; }

 private:
  Electorate electorate_;
  std::map<NodeId, Ballot> last_;
  std::set<NodeId> refused_;
  std::map<Ballot, Value> values_;
};

}  // namespace shoal::paxos
