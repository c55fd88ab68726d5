#include "node/core/strong_coordinator.h"

#include <algorithm>
#include <memory>
#include <string>

#include "node/core/get_coordinator.h"
#include "node/core/register_record.h"
#include "node/ring/lookup.h"
#include "vclock/context.h"

namespace shoal {
namespace {

constexpr Duration kPatience = std::chrono::milliseconds(100);
constexpr Duration kPatienceMax = std::chrono::seconds(2);
constexpr std::uint64_t kPauseMsMax = 200;

int majority_of(std::size_t voters) { return static_cast<int>(voters / 2 + 1); }

Error too_few(std::size_t reachable, std::size_t owners) {
  return Error{.code = Errc::unavailable,
               .message = "a strong operation needs " + std::to_string(majority_of(owners)) + " of the key's " +
                          std::to_string(owners) + " owners, and this node reaches " + std::to_string(reachable) +
                          "; nothing was changed",
               .acks = static_cast<int>(reachable),
               .needed = majority_of(owners)};
}

Error overdue(bool is_read, bool in_doubt) {
  if (is_read) return fail(Errc::timeout, "no majority of the key's owners agreed on a value before the deadline");
  if (in_doubt)
    return fail(Errc::indeterminate,
                "no majority of the key's owners accepted the change before the deadline; it may have been applied");
  return fail(Errc::unavailable, "no majority of the key's owners answered before the deadline; nothing was changed");
}

// What a write says must hold. A context names the version that its reader saw.
Status set_condition(const PutRequest& put, const HashKey& cluster_key, const Slot& slot, paxos::Change& change) {
  if (put.condition == PutIf::absent) change.condition = paxos::Condition::absent;
  if (put.condition == PutIf::value_is) change.condition = paxos::Condition::value;
  change.expected = put.expected;
  if (put.context.empty()) return Unit{};
  const Result<CausalContext> context = decode_context(put.context, cluster_key, slot);
  if (!context) return context.error();
  if (put.condition != PutIf::always) return fail(Errc::invalid, "give a context or an expected value, not both");
  change.condition = paxos::Condition::version;
  change.expected_version = version_in(context->seen);
  return Unit{};
}

const Key* key_of(const ClientRequest& request) {
  if (const auto* put = std::get_if<PutRequest>(&request)) return &put->key;
  if (const auto* get = std::get_if<GetRequest>(&request)) return &get->key;
  return nullptr;
}

}  // namespace

bool is_strong(const ClientRequest& request, const Membership& document) {
  const Key* key = key_of(request);
  const Bucket* bucket = key != nullptr ? document.bucket(key->bucket) : nullptr;
  if (bucket == nullptr || bucket->kind != Kind::strong) return false;
  const auto* get = std::get_if<GetRequest>(&request);
  return get == nullptr || (get->level != Level::eventual && get->level != Level::session);
}

Status check_strong(const ClientRequest& request, const Membership& document) {
  const Key* key = key_of(request);
  const Bucket* bucket = key != nullptr ? document.bucket(key->bucket) : nullptr;
  if (bucket == nullptr || bucket->kind == Kind::strong) return Unit{};
  const auto* get = std::get_if<GetRequest>(&request);
  const auto* put = std::get_if<PutRequest>(&request);
  const bool asks =
      get != nullptr ? get->level == Level::strong : put->level == Level::strong || put->condition != PutIf::always;
  if (!asks) return Unit{};
  return fail(Errc::invalid, "bucket \"" + bucket->name + "\" is of kind " + std::string(name_of(bucket->kind)) +
                                 ": strong operations need a bucket of kind strong; create one with: shoal bucket " +
                                 "create NAME --kind strong");
}

// ---- the line of a key --------------------------------------------------------------------------------------------

void StrongCoordinator::on_request(const Address& asker, const ClientRequest& request, Instant deadline, Now now) {
  const Key& key = *key_of(request);
  const Slot slot = slot_of(services_.topology.document().cluster_key, key);
  Result<Waiting> waiting = waiting_of(asker, request, slot, deadline, now);
  if (!waiting) return services_.reply(asker, refusal_of(request, waiting.error()));
  Line& line = line_of(key, slot);
  ++open_;
  line.waiting.push_back(*std::move(waiting));
  go_on(line, now);
}

Result<StrongCoordinator::Waiting> StrongCoordinator::waiting_of(const Address& asker, const ClientRequest& request,
                                                                 const Slot& slot, Instant deadline, Now now) {
  if (const auto* get = std::get_if<GetRequest>(&request)) return Waiting{asker, get->call, std::nullopt, deadline};
  const auto& put = std::get<PutRequest>(request);
  if (const Status admitted = services_.store.admit(); !admitted) return admitted.error();
  paxos::Change change{.request = put.request, .since = put.since, .remove = put.tombstone, .value = put.value};
  if (change.request == RequestId{}) change.request = {incarnation_.value, next_request_++};
  change.hlc = static_cast<std::uint64_t>(std::max<std::int64_t>(now.wall.ms, 0)) << 16;
  const Status valid = set_condition(put, services_.topology.document().cluster_key, slot, change);
  if (!valid) return valid.error();
  return Waiting{asker, put.call, std::move(change), deadline, put.retry};
}

StrongCoordinator::Line& StrongCoordinator::line_of(const Key& key, const Slot& slot) {
  const auto [found, fresh] = lines_.try_emplace(slot);
  Line& line = found->second;
  if (!fresh) return line;
  line.key = key;
  line.slot = slot;
  line.partition = services_.topology.ring()->partition_of(slot);
  line.highest = acceptors_.promised(key, slot);
  return line;
}

StrongCoordinator::Line* StrongCoordinator::line_of(CallId call) {
  const auto slot = calls_.find(call);
  return slot != calls_.end() ? &lines_.at(slot->second) : nullptr;
}

paxos::Electorate StrongCoordinator::electorate(const Line& line) const {
  const auto owners = services_.topology.ring()->owners(line.partition);
  return {paxos::Electorate::Nodes(owners.begin(), owners.end())};
}

Status StrongCoordinator::check_majority(const Line& line) const {
  const auto owners = services_.topology.ring()->owners(line.partition);
  const std::vector<NodeId> reachable = services_.peers.reachable_of(owners);
  if (static_cast<int>(reachable.size()) >= majority_of(owners.size())) return Unit{};
  services_.trace.mark(Mark::strong_too_few_reachable);
  return too_few(reachable.size(), owners.size());
}

// Begins whatever the key needs next. The line may be gone afterwards.
void StrongCoordinator::go_on(Line& line, Now now) {
  if (!line.poll && !line.attempt && now.mono >= line.pause_until) {
    if (const Status enough = check_majority(line); !enough) {
      for (const Waiting& waiting : std::exchange(line.waiting, {}))
        refuse(waiting, waiting.in_doubt ? overdue(false, true) : enough.error());
    } else if (!line.waiting.empty()) {
      const bool reads_only = std::ranges::none_of(line.waiting, [](const Waiting& w) { return w.change.has_value(); });
      reads_only && !line.disagreed ? begin_poll(line, now) : begin_attempt(line, now);
    }
  }
  schedule(line);
  if (line.waiting.empty() && line.aboard.empty()) {
    timers_.erase({line.timer, line.slot});
    lines_.erase(line.slot);
  }
}

void StrongCoordinator::schedule(Line& line) {
  Instant next = line.resend_at;
  for (const auto& waiting : line.waiting) next = std::min(next, waiting.deadline);
  for (const auto& waiting : line.aboard) next = std::min(next, waiting.deadline);
  if (!line.poll && !line.attempt && !line.waiting.empty()) next = std::min(next, line.pause_until);
  if (next == line.timer) return;
  timers_.erase({line.timer, line.slot});
  line.timer = next;
  if (next != kNever) timers_.emplace(next, line.slot);
}

void StrongCoordinator::begin_call(Line& line) {
  line.call = services_.new_call();
  calls_[line.call] = line.slot;
  line.epoch = services_.topology.document().epoch;
  line.patience = kPatience;
  line.ahead.clear();
}

void StrongCoordinator::end_call(Line& line) {
  calls_.erase(line.call);
  line.poll.reset();
  line.attempt.reset();
  line.resend_at = kNever;
}

// Asks everybody who has not answered: at first all, later again, for a message or its answer may be lost.
void StrongCoordinator::ask_silent(Line& line, Now now) {
  line.resend_at = now.mono + line.patience;
  line.patience = std::min(2 * line.patience, kPatienceMax);
  Instant last = Instant::min();
  for (const Waiting& waiting : line.aboard) last = std::max(last, waiting.deadline);
  const Millis left = time_left(last, now);
  if (line.poll) {
    for (const NodeId node : line.poll->electorate().voters())
      if (!line.poll->has_heard(node)) services_.outbox.send(node, Poll{line.call, line.epoch, line.key, false, left});
    return;
  }
  const Proposer& attempt = *line.attempt;
  for (const NodeId node : attempt.silent()) {
    if (attempt.state() == Proposer::State::preparing) {
      services_.outbox.send(node, Prepare{line.call, line.epoch, line.key, attempt.ballot(), left});
    } else {
      services_.outbox.send(node, Accept{line.call, line.epoch, line.key, attempt.ballot(), attempt.value(), left});
    }
  }
}

// ---- reading ------------------------------------------------------------------------------------------------------

void StrongCoordinator::begin_poll(Line& line, Now now) {
  line.aboard.assign(std::make_move_iterator(line.waiting.begin()), std::make_move_iterator(line.waiting.end()));
  line.waiting.clear();
  line.poll.emplace(electorate(line));
  begin_call(line);
  ask_silent(line, now);
}

void StrongCoordinator::on_polled(NodeId from, const Polled& reply, Now now) {
  Line* line = line_of(reply.call);
  if (line == nullptr || !line->poll) return;
  if (reply.outcome != Errc::ok) {
    line->poll->refused(from);
  } else {
    line->highest = std::max(line->highest, reply.accepted);
    line->poll->heard(from, reply.accepted);
    if (!reply.accepted.is_none()) line->poll->knows(reply.accepted, reply.value);
  }
  settle_poll(*line, now);
}

void StrongCoordinator::settle_poll(Line& line, Now now) {
  const Learner& poll = *line.poll;
  if (poll.is_chosen()) {
    services_.trace.mark(Mark::strong_read_in_one_round);
    const paxos::RegisterPtr* value = poll.value();
    const paxos::RegisterPtr chosen = value != nullptr ? *value : std::make_shared<const paxos::Register>();
    end_call(line);
    answer_aboard(line, *chosen);
    return go_on(line, now);
  }
  // Another answer can still make a majority, as long as somebody has not spoken.
  const auto has_answered = [&](NodeId node) { return poll.has_heard(node) || !services_.peers.reachable(node); };
  if (std::ranges::all_of(poll.electorate().voters(), has_answered)) give_up_poll(line, now);
}

// The owners disagree, so one of them has not finished; proposing what is there makes it certain.
void StrongCoordinator::give_up_poll(Line& line, Now now) {
  services_.trace.mark(Mark::strong_read_by_proposal);
  end_call(line);
  line.disagreed = true;
  line.waiting.insert(line.waiting.begin(), std::make_move_iterator(line.aboard.begin()),
                      std::make_move_iterator(line.aboard.end()));
  line.aboard.clear();
  go_on(line, now);
}

// ---- changing -----------------------------------------------------------------------------------------------------

void StrongCoordinator::begin_attempt(Line& line, Now now) {
  std::size_t changes = 0;
  while (!line.waiting.empty() && changes < kChangesTogether) {
    changes += line.waiting.front().change ? 1 : 0;
    line.aboard.push_back(std::move(line.waiting.front()));
    line.waiting.pop_front();
  }
  if (changes > 1) services_.trace.mark(Mark::strong_changes_together);
  if (begin_ahead(line, now)) return;
  last_ballot_ = paxos::above(std::max(line.highest, last_ballot_), incarnation_);
  line.attempt.emplace(electorate(line), last_ballot_);
  line.highest = last_ballot_;
  begin_call(line);
  ask_silent(line, now);
}

// With the promises that came with the votes on our last change of the key.
bool StrongCoordinator::begin_ahead(Line& line, Now now) {
  const std::optional<PromisesAhead::Promised> promised = ahead_.take(line.slot);
  if (!promised || promised->epoch != services_.topology.document().epoch) return false;
  const paxos::Ballot ballot = paxos::above(promised->accepted, incarnation_);
  if (ballot < line.highest) return false;  // somebody else has been here
  services_.trace.mark(Mark::strong_change_in_one_round);
  line.attempt.emplace(electorate(line), ballot);
  line.highest = ballot;
  for (const NodeId node : promised->by) line.attempt->on_promise(node, promised->accepted, promised->value);
  begin_call(line);
  propose(line, now);
  return true;
}

void StrongCoordinator::on_promise(NodeId from, const Promise& reply, Now now) {
  Line* line = line_of(reply.call);
  if (line == nullptr || !line->attempt || line->attempt->state() != Proposer::State::preparing) return;
  Proposer& attempt = *line->attempt;
  if (reply.outcome != Errc::ok) {
    attempt.on_refused(from);
  } else if (reply.promised != attempt.ballot()) {
    attempt.on_conflict(reply.promised);
  } else {
    attempt.on_promise(from, reply.accepted, reply.value);
  }
  if (attempt.state() == Proposer::State::promised) return propose(*line, now);
  settle_attempt(*line, now);
}

void StrongCoordinator::propose(Line& line, Now now) {
  const paxos::RegisterPtr* current = line.attempt->current();
  auto next = std::make_shared<paxos::Register>(current != nullptr ? **current : paxos::Register{});
  for (Waiting& waiting : line.aboard) {
    if (!waiting.change) continue;
    waiting.ending = paxos::apply(*waiting.change, *next);
    waiting.in_doubt = waiting.in_doubt || waiting.ending.answer != paxos::Answer::forgotten;
  }
  line.attempt->propose(std::move(next));
  line.patience = kPatience;
  ask_silent(line, now);
  schedule(line);
}

void StrongCoordinator::on_accepted(NodeId from, const Accepted& reply, Now now) {
  Line* line = line_of(reply.call);
  if (line == nullptr || !line->attempt || line->attempt->state() != Proposer::State::accepting) return;
  Proposer& attempt = *line->attempt;
  const bool ahead = reply.promised == paxos::above(attempt.ballot(), incarnation_);
  if (reply.outcome != Errc::ok) {
    attempt.on_refused(from);
  } else if (!ahead && reply.promised != attempt.ballot()) {
    attempt.on_conflict(reply.promised);
  } else {
    if (ahead) line->ahead.insert(from);
    attempt.on_accepted(from);
  }
  settle_attempt(*line, now);
}

void StrongCoordinator::settle_attempt(Line& line, Now now) {
  const Proposer& attempt = *line.attempt;
  switch (attempt.state()) {
    case Proposer::State::preparing:
    case Proposer::State::promised:
    case Proposer::State::accepting: return;
    case Proposer::State::outbid:
    case Proposer::State::blocked: return try_again(line, now);
    case Proposer::State::chosen: break;
  }
  services_.trace.mark(Mark::strong_change_chosen);
  const paxos::RegisterPtr chosen = attempt.value();
  if (attempt.electorate().is_majority(line.ahead)) {
    ahead_.remember(line.slot, {line.epoch, attempt.ballot(), chosen, line.ahead});
    last_ballot_ = std::max(last_ballot_, paxos::above(attempt.ballot(), incarnation_));
  }
  const Learn news{line.epoch, line.key, attempt.ballot()};
  for (const NodeId node : attempt.electorate().voters()) services_.outbox.send(node, news);
  end_call(line);
  line.conflicts = 0;
  line.disagreed = false;
  answer_aboard(line, *chosen);
  go_on(line, now);
}

// Somebody else works on the key, or the owners have another document. After a pause that grows and is never the same
// for two.
void StrongCoordinator::try_again(Line& line, Now now) {
  services_.trace.mark(Mark::strong_attempt_outbid);
  line.highest = std::max(line.highest, line.attempt->highest());
  end_call(line);
  line.waiting.insert(line.waiting.begin(), std::make_move_iterator(line.aboard.begin()),
                      std::make_move_iterator(line.aboard.end()));
  line.aboard.clear();
  line.conflicts = std::min(line.conflicts + 1, 8);
  const std::uint64_t most = std::min(std::uint64_t{1} << line.conflicts, kPauseMsMax);
  line.pause_until = now.mono + std::chrono::microseconds(rng_.between(500, 1000 * most));
  go_on(line, now);
}

// ---- answers ------------------------------------------------------------------------------------------------------

void StrongCoordinator::answer_aboard(Line& line, const paxos::Register& chosen) {
  for (const Waiting& waiting : std::exchange(line.aboard, {})) answer(waiting, line, chosen);
}

void StrongCoordinator::answer(const Waiting& waiting, const Line& line, const paxos::Register& chosen) {
  const HashKey& cluster_key = services_.topology.document().cluster_key;
  const int majority = majority_of(services_.topology.ring()->owners(line.partition).size());
  if (waiting.change && waiting.ending.answer == paxos::Answer::lost) {
    services_.trace.mark(Mark::strong_compare_lost);
    return refuse(waiting, fail(Errc::conflict, "the key is not as the write expects it; nothing was changed"));
  }
  if (waiting.change && waiting.ending.answer == paxos::Answer::forgotten) return not_remembered(waiting, chosen);
  --open_;
  if (!waiting.change) {
    GetReply reply = reply_of(chosen.version > 0 ? record_of(chosen) : Record{}, line.slot, cluster_key);
    reply.call = waiting.call;
    reply.outcome.acks = reply.outcome.needed = majority;
    return services_.reply(waiting.asker, std::move(reply));
  }
  PutReply reply{.call = waiting.call,
                 .outcome = {.code = Errc::ok,
                             .message = "a majority of the key's owners accepted the change",
                             .acks = majority,
                             .needed = majority},
                 .durable = true,
                 .siblings = waiting.change->remove ? 0U : 1U};
  CausalContext token{.slot = line.slot};
  token.seen.raise({kRegisterActor, waiting.ending.version});
  token.hlc = Hlc{chosen.hlc};
  reply.context = encode_context(token, cluster_key);
  services_.reply(waiting.asker, std::move(reply));
}

// Who has asked once only, here, knows now that nothing was done.
void StrongCoordinator::not_remembered(const Waiting& waiting, const paxos::Register& chosen) {
  if (waiting.retry || waiting.in_doubt)
    return refuse(waiting, fail(Errc::indeterminate,
                                "an earlier try of this write may have been applied, so long ago that it is not "
                                "remembered; this one was not"));
  services_.trace.mark(Mark::strong_client_unknown);
  refuse(waiting, fail(Errc::unavailable, "the key does not remember this client; nothing was changed, ask again"),
         chosen.clients_forgotten);
}

void StrongCoordinator::refuse(const Waiting& waiting, const Error& error, std::uint64_t since) {
  --open_;
  if (error.code == Errc::indeterminate) services_.trace.mark(Mark::strong_in_doubt);
  if (!waiting.change) return services_.reply(waiting.asker, GetReply{waiting.call, error, {}, {}});
  PutReply reply;
  reply.call = waiting.call;
  reply.outcome = error;
  reply.since = since;
  services_.reply(waiting.asker, std::move(reply));
}

// Whose time is over is told so. An attempt that is in its second phase goes on while others wait for it.
void StrongCoordinator::expire(Line& line, Now now) {
  const auto tell = [&](const Waiting& waiting) {
    if (waiting.deadline > now.mono) return false;
    refuse(waiting, overdue(!waiting.change, waiting.in_doubt));
    return true;
  };
  std::erase_if(line.waiting, tell);
  std::erase_if(line.aboard, tell);
  if (line.aboard.empty() && (line.poll || line.attempt)) end_call(line);
}

void StrongCoordinator::tick(Now now) {
  while (!timers_.empty() && timers_.begin()->first <= now.mono) {
    Line& line = lines_.at(timers_.begin()->second);
    timers_.erase(timers_.begin());
    line.timer = kNever;
    expire(line, now);
    if (line.poll && line.resend_at <= now.mono && line.poll->has_majority()) {
      give_up_poll(line, now);  // enough have answered, and the rest takes too long
      continue;
    }
    if ((line.poll || line.attempt) && line.resend_at <= now.mono) ask_silent(line, now);
    go_on(line, now);
  }
}

}  // namespace shoal
