#include "node/core/topology_change.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace shoal {
namespace {

constexpr Duration kResend = std::chrono::milliseconds(100);
constexpr std::uint64_t kPauseMsMax = 200;

Error too_few(std::size_t reachable, std::size_t voters) {
  const std::size_t needed = voters / 2 + 1;
  return Error{.code = Errc::unavailable,
               .message = "a change of the cluster needs " + std::to_string(needed) + " of its " +
                          std::to_string(voters) + " voters, and this node reaches " + std::to_string(reachable) +
                          "; nothing was changed",
               .acks = static_cast<int>(reachable),
               .needed = static_cast<int>(needed)};
}

Error overdue(bool in_doubt) {
  if (in_doubt)
    return fail(Errc::indeterminate, "no majority of the cluster's voters accepted the change in time; it may be made");
  return fail(Errc::unavailable, "no majority of the cluster's voters answered in time; nothing was changed");
}

Error doubtful(const Error& refusal) {
  return fail(Errc::indeterminate, "the change may have been made, and changed again; now: " + refusal.message);
}

}  // namespace

TopologyChange::TopologyChange(const Ring& ring, Incarnation incarnation, DocumentVotes& votes, const Peers& peers,
                               Outbox& outbox, Trace& trace, Rng rng)
    : ring_(ring),
      incarnation_(incarnation),
      votes_(votes),
      peers_(peers),
      outbox_(outbox),
      trace_(trace),
      rng_(rng),
      next_call_(rng_.next() >> 1) {}  // an answer to an earlier life of this node is none to this one's question

Status TopologyChange::check_majority(const std::vector<NodeId>& voters) const {
  const auto reachable = static_cast<std::size_t>(peers_.reachable_among(voters));
  if (2 * reachable > voters.size()) return Unit{};
  return too_few(reachable, voters.size());
}

void TopologyChange::wish(Wish wish, Now now) {
  const auto is_same = [&](const Wish& other) {
    return wish.asker == other.asker && wish.call == other.call && wish.request.index() == other.request.index();
  };
  if (std::ranges::any_of(wishes_, is_same) || std::ranges::any_of(aboard_, is_same)) return;  // it asks again
  if (wishes_.size() >= kWishesMax)
    return end(std::move(wish), fail(Errc::overloaded, "many changes of the cluster are under way; try again later"));
  wishes_.push_back(std::move(wish));
  go_on(now);
}

void TopologyChange::go_on(Now now) {
  if (attempt_ || chosen_ || wishes_.empty() || now.mono < pause_until_) return;
  if (const Status enough = check_majority(document().choosers()); !enough) {
    trace_.mark(Mark::topology_too_few_voters);
    for (Wish& wish : std::exchange(wishes_, {})) {
      const Error outcome = wish.in_doubt ? overdue(true) : enough.error();
      end(std::move(wish), outcome);
    }
    return;
  }
  begin(now);
}

void TopologyChange::begin(Now now) {
  highest_ = paxos::above(std::max(highest_, votes_.promised(document())), incarnation_);
  attempt_.emplace(paxos::Electorate{document().choosers()}, highest_);
  call_ = CallId{next_call_++};
  epoch_ = document().epoch;
  patience_ = kResend;
  ask_silent(now);
}

// Asks everybody who has not answered: at first all, later again, for a message or its answer may be lost.
void TopologyChange::ask_silent(Now now) {
  resend_at_ = now.mono + patience_;
  patience_ *= 2;
  const bool preparing = attempt_->state() == Proposer::State::preparing;
  for (const NodeId node : attempt_->silent()) {
    if (preparing) {
      outbox_.send(node, PrepareDocument{call_, epoch_, attempt_->ballot()});
    } else {
      outbox_.send(node, AcceptDocument{call_, epoch_, attempt_->ballot(), *attempt_->value()});
    }
  }
}

void TopologyChange::on_promise(NodeId from, const PromiseDocument& reply, Now now) {
  if (!is_open(reply.call) || attempt_->state() != Proposer::State::preparing) return;
  if (reply.outcome != Errc::ok) {
    attempt_->on_refused(from);
  } else if (reply.promised != attempt_->ballot()) {
    attempt_->on_conflict(reply.promised);
  } else {
    attempt_->on_promise(from, reply.accepted, reply.document);
  }
  if (attempt_->state() == Proposer::State::promised) return propose(now);
  settle(now);
}

// What somebody has left unfinished comes first, as it is: it may have been chosen.
void TopologyChange::propose(Now now) {
  const std::optional<Membership>* left = attempt_->current();
  Membership next = left != nullptr && *left ? **left : with_wishes();
  if (left != nullptr && *left) trace_.mark(Mark::document_finished_for_another);
  if (next == document()) {  // all is as it was wished
    end_attempt();
    for (Wish& wish : std::exchange(aboard_, {})) end(std::move(wish), Error{.code = Errc::ok, .message = {}});
    return go_on(now);
  }
  const paxos::Electorate voters{document().choosers(), next.choosers()};
  attempt_->propose(std::move(next), voters);
  for (Wish& wish : aboard_) wish.in_doubt = true;
  patience_ = kResend;
  ask_silent(now);
}

// Takes aboard what can be had, and refuses the rest.
Membership TopologyChange::with_wishes() {
  Membership next = document();
  for (Wish& wish : std::exchange(wishes_, {})) {
    Result<Membership> with = changed(next, wish.request);
    if (with && with->choosers() != next.choosers())
      if (const Status enough = check_majority(with->choosers()); !enough) with = enough.error();
    if (!with) {
      const Error outcome = wish.in_doubt ? doubtful(with.error()) : with.error();
      end(std::move(wish), outcome);
      continue;
    }
    next = *std::move(with);
    aboard_.push_back(std::move(wish));
  }
  if (next != document()) next.epoch.value += 1;
  return next;
}

void TopologyChange::on_accepted(NodeId from, const AcceptedDocument& reply, Now now) {
  if (!is_open(reply.call) || attempt_->state() != Proposer::State::accepting) return;
  if (reply.outcome != Errc::ok) {
    attempt_->on_refused(from);
  } else if (reply.promised != attempt_->ballot()) {
    attempt_->on_conflict(reply.promised);
  } else {
    attempt_->on_accepted(from);
  }
  settle(now);
}

void TopologyChange::settle(Now now) {
  switch (attempt_->state()) {
    case Proposer::State::preparing:
    case Proposer::State::promised:
    case Proposer::State::accepting: return;
    case Proposer::State::outbid:
    case Proposer::State::blocked: return try_again(now);
    case Proposer::State::chosen: break;
  }
  trace_.mark(Mark::document_chosen);
  chosen_ = attempt_->value();
  end_attempt();
  conflicts_ = 0;
  for (Wish& wish : std::exchange(aboard_, {})) end(std::move(wish), Error{.code = Errc::ok, .message = {}});
}

// Somebody else proposes, or the voters have another document. After a pause that grows and is never the same for two.
void TopologyChange::try_again(Now now) {
  give_up_attempt();
  conflicts_ = std::min(conflicts_ + 1, 8);
  const std::uint64_t most = std::min(std::uint64_t{4} << conflicts_, kPauseMsMax);
  pause_until_ = now.mono + std::chrono::microseconds(rng_.between(500, 1000 * most));
  go_on(now);
}

void TopologyChange::end_attempt() {
  attempt_.reset();
  resend_at_ = kNever;
}

// What it had aboard is wished for again.
void TopologyChange::give_up_attempt() {
  highest_ = std::max(highest_, attempt_->highest());
  end_attempt();
  wishes_.insert(wishes_.begin(), std::make_move_iterator(aboard_.begin()), std::make_move_iterator(aboard_.end()));
  aboard_.clear();
}

void TopologyChange::on_document(Now now) {
  if (attempt_ && epoch_ != document().epoch) give_up_attempt();
  go_on(now);
}

void TopologyChange::end(Wish wish, Error outcome) { ended_.push_back({std::move(wish), std::move(outcome)}); }

void TopologyChange::expire(Now now) {
  const auto tell = [&](Wish& wish) {
    if (wish.deadline > now.mono) return false;
    const Error outcome = overdue(wish.in_doubt);
    end(std::move(wish), outcome);
    return true;
  };
  std::erase_if(wishes_, tell);
  std::erase_if(aboard_, tell);
  if (attempt_ && idle()) end_attempt();
}

void TopologyChange::tick(Now now) {
  expire(now);
  if (attempt_ && resend_at_ <= now.mono) ask_silent(now);
  go_on(now);
}

Instant TopologyChange::next_deadline() const {
  Instant next = resend_at_;
  for (const Wish& wish : wishes_) next = std::min(next, wish.deadline);
  for (const Wish& wish : aboard_) next = std::min(next, wish.deadline);
  if (!attempt_ && !wishes_.empty()) next = std::min(next, pause_until_);
  return next;
}

}  // namespace shoal
