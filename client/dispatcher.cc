// Operations and their attempts. The nodes that are talked to are in dispatcher_peers.cc.
#include "client/dispatcher.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "node/base/check.h"

namespace shoal::client_detail {
namespace {

constexpr Duration kShareMin = std::chrono::milliseconds(20);
constexpr int kPauseDoublingsMax = 5;

// Answers that are the same whoever is asked, and those of a node that has used up the time.
bool final_for_everybody(Errc code) {
  return code == Errc::not_found || code == Errc::conflict || code == Errc::invalid || code == Errc::bad_context ||
         code == Errc::too_large || code == Errc::indeterminate;
}

bool is_write(const Operation& operation) {
  if (const auto* faults = std::get_if<FaultsRequest>(&operation.request)) return faults->op != FaultsOp::list;
  return std::holds_alternative<PutRequest>(operation.request) ||
         std::holds_alternative<BucketRequest>(operation.request) ||
         std::holds_alternative<VotersRequest>(operation.request);
}

Kind kind_of(const Operation& operation) {
  return std::holds_alternative<PutRequest>(operation.request) ? Kind::write : Kind::read;
}

Patience::Of patience_of(const Request& request) {
  if (std::holds_alternative<GetRequest>(request)) return Patience::Of::read;
  if (std::holds_alternative<ListRequest>(request)) return Patience::Of::listing;
  return std::holds_alternative<PutRequest>(request) ? Patience::Of::write : Patience::Of::other;
}

// What only a bucket of kind strong can keep. A bucket that the document does not name the node knows better.
Status check_kind(const Operation& operation, const Membership& document) {
  const auto* get = std::get_if<GetRequest>(&operation.request);
  const auto* put = std::get_if<PutRequest>(&operation.request);
  if ((get == nullptr || get->level != Level::strong) && (put == nullptr || put->level != Level::strong)) return Unit{};
  const std::string& name = get != nullptr ? get->key.bucket : put->key.bucket;
  const Bucket* bucket = document.bucket(name);
  if (bucket == nullptr || bucket->kind == shoal::Kind::strong) return Unit{};
  return fail(Errc::invalid, "bucket \"" + name + "\" is of kind " + std::string(name_of(bucket->kind)) +
                                 "; compare-and-set and the level strong need one of kind strong, made with: shoal "
                                 "bucket create NAME --kind strong");
}

std::string milliseconds(const Operation& operation) {
  const auto span = std::chrono::duration_cast<Millis>(operation.deadline - operation.started);
  return std::to_string(span.count()) + " ms";
}

}  // namespace

Dispatcher::Dispatcher(DispatcherConfig config, Rng rng) : config_(std::move(config)), rng_(rng) {
  SHOAL_CHECK(!config_.seeds.empty());
  for (const std::string& seed : config_.seeds) peer(seed).expected = true;
}

void Dispatcher::submit(Operation operation, Instant now) {
  const std::uint64_t id = next_id_++;
  if (auto* put = std::get_if<PutRequest>(&operation.request)) put->request = {config_.client, id};
  Open& open = open_[id];
  open.operation = std::move(operation);
  open.turn = turn_++;
  if (now >= open.operation.deadline) return finish(id, verdict(open));
  if (ring_) return start(id, open, now);
  schedule(id, open, open.operation.deadline);
  if (greet_at_ == kNever) greet_at_ = now;
  tick(now);
}

void Dispatcher::start(std::uint64_t id, Open& open, Instant now) {
  if (std::holds_alternative<AskRing>(open.operation.request)) return finish(id, Reply(ring_));
  if (const Status checked = check_kind(open.operation, ring_->document()); !checked)
    return finish(id, checked.error());
  launch(id, open, now);
}

Duration Dispatcher::patience(const Operation& operation, Instant now) const {
  const Duration share = (operation.deadline - operation.started) / (config_.retries + 1);
  const auto* put = std::get_if<PutRequest>(&operation.request);
  return patience_.of(patience_of(operation.request), put != nullptr ? put->value.size() + put->expected.size() : 0,
                      std::max(share, kShareMin), now);
}

void Dispatcher::launch(std::uint64_t id, Open& open, Instant now) {
  line_of(open).erase(id);
  open.pausing = false;
  Peer* chosen = choose(open, now);
  if (chosen == nullptr) {
    if (!open.operation.only.empty()) return finish(id, verdict(open));
    open.tried.clear();
    return pause(id, open, now);
  }
  if (now >= refresh_at_) {
    refresh_at_ = now + std::chrono::seconds(5);
    chosen->greet = true;
  }
  const CallId call{next_call_++};
  open.tried.push_back(chosen);
  const Instant patient_until = now + patience(open.operation, now);
  open.attempts.push_back(Attempt{.call = call, .peer = chosen, .patient_until = patient_until});
  chosen->queue.push_back(call);
  chosen->calls.insert(call.value);
  chosen->trust.asked(call, kind_of(open.operation));
  calls_[call.value] = id;
  schedule(id, open, patient_until);
}

void Dispatcher::schedule(std::uint64_t id, Open& open, Instant when) {
  timers_.erase({open.wake, id});
  open.wake = std::min(when, open.operation.deadline);
  timers_.insert({open.wake, id});
}

bool Dispatcher::may_ask_more(const Open& open) const { return !open.settled && open.handed_over <= config_.retries; }

// Everybody was asked, or somebody said "not now": wait a little before the next one.
void Dispatcher::pause(std::uint64_t id, Open& open, Instant now) {
  open.pausing = true;
  const Duration full = config_.backoff * (1 << std::min(open.pauses++, kPauseDoublingsMax));
  const auto half = static_cast<std::uint64_t>(std::max<Duration::rep>(full.count() / 2, 1));
  schedule(id, open, now + Duration(rng_.between(half, 2 * half)));
}

// After an attempt has failed: ask the next node, wait for those that were asked, or give up.
void Dispatcher::go_on(std::uint64_t id, Open& open, Instant now, bool at_once) {
  line_of(open).erase(id);
  if (may_ask_more(open)) return at_once ? launch(id, open, now) : pause(id, open, now);
  if (std::ranges::any_of(open.attempts, &Attempt::waiting)) return wait_for_asked(id, open);
  finish(id, verdict(open));
}

void Dispatcher::tick(Instant now) {
  if (!ring_ && now >= greet_at_) greet_next_seed(now);
  while (!timers_.empty() && timers_.begin()->first <= now) wake(timers_.begin()->second, now);
  for (const Kind kind : {Kind::read, Kind::write}) serve_line(kind, now);
}

Instant Dispatcher::next_deadline() const {
  const Instant operation = timers_.empty() ? kNever : timers_.begin()->first;
  return std::min(operation, !ring_ && !open_.empty() ? greet_at_ : kNever);
}

// An attempt is out of patience, a pause is over, or the deadline has come.
void Dispatcher::wake(std::uint64_t id, Instant now) {
  Open& open = open_.at(id);
  if (!open.attempts.empty()) look_for_silence(open, open.attempts.back(), now);
  if (now >= open.operation.deadline) return finish(id, verdict(open));
  if (!may_ask_more(open)) return wait_for_asked(id, open);
  const bool silent = !open.pausing && !open.attempts.empty() && open.attempts.back().waiting;
  return silent ? ask_beside(id, open, now) : launch(id, open, now);
}

void Dispatcher::look_for_silence(const Open& open, Attempt& attempt, Instant now) {
  if (!attempt.waiting || attempt.silent || now < attempt.patient_until) return;
  attempt.silent = true;
  attempt.peer->trust.silent(attempt.call, kind_of(open.operation), attempt.handed_over ? attempt.handed_at : kNever);
  ask_whether_alive(*attempt.peer, now);
}

// Beside an attempt that was handed over, which may still answer. One that was not is taken back, so that it is certain
// that it was never sent, and the next comes in its place.
void Dispatcher::ask_beside(std::uint64_t id, Open& open, Instant now) {
  Attempt& silent = open.attempts.back();
  if (!silent.handed_over && open.operation.only.empty()) {
    take_back(open, silent);
    return launch(id, open, now);
  }
  wait_for_asked(id, open);
  const Peer* next = choose(open, now);
  if (next == nullptr) return;
  if (helps(*next, *silent.peer, kind_of(open.operation))) {
    line_of(open).insert(id);
  } else {
    schedule(id, open, now + Patience::kMin);
  }
}

// Who is slow as well does not help against one that is slow, but against one that may hang.
bool Dispatcher::helps(const Peer& next, const Peer& silent, Kind kind) {
  const Trust::Grade grade = next.trust.grade(kind);
  return grade == Trust::Grade::good || grade < silent.trust.grade(kind);
}

std::set<std::uint64_t>& Dispatcher::line_of(const Open& open) { return beside_[kind_of(open.operation)].line; }

// Who stands in it has found somebody to ask, which may not be so any more.
void Dispatcher::serve_line(Kind kind, Instant now) {
  auto& [budget, line] = beside_[kind];
  while (!line.empty()) {
    const std::uint64_t id = *line.begin();
    Open& open = open_.at(id);
    line.erase(id);
    ask_beside(id, open, now);
    if (!line.contains(id)) continue;
    if (!budget.take()) return;
    launch(id, open, now);
  }
}

void Dispatcher::wait_for_asked(std::uint64_t id, Open& open) { schedule(id, open, kNever); }

// Its answer is not waited for; if it was not handed over it never will be.
void Dispatcher::take_back(const Open& open, Attempt& attempt) {
  attempt.waiting = false;
  attempt.peer->calls.erase(attempt.call.value);
  attempt.peer->trust.ended(attempt.call, kind_of(open.operation));
  if (!attempt.handed_over) std::erase(attempt.peer->queue, attempt.call);
  calls_.erase(attempt.call.value);
}

std::optional<Dispatcher::Taken> Dispatcher::take_attempt(CallId call) {
  const auto known = calls_.find(call.value);
  if (known == calls_.end()) return std::nullopt;
  const std::uint64_t id = known->second;
  calls_.erase(known);
  Open& open = open_.at(id);
  Attempt& attempt = *std::ranges::find(open.attempts, call, &Attempt::call);
  attempt.waiting = false;
  attempt.peer->calls.erase(call.value);
  attempt.peer->trust.ended(call, kind_of(open.operation));
  return Taken{id, &open, &attempt};
}

template <class Answer>
void Dispatcher::on_answer(Answer answer, Instant now) {
  if constexpr (requires { answer.outcome; }) {
    const bool absent = std::is_same_v<Answer, GetReply> && answer.outcome.code == Errc::not_found;
    std::uint64_t since = 0;
    if constexpr (requires { answer.since; }) since = answer.since;
    if (answer.outcome.code != Errc::ok && !absent) return on_failure(answer.call, answer.outcome, since, now);
  }
  const std::optional<Taken> taken = take_attempt(answer.call);
  if (!taken) return;
  beside_[kind_of(taken->open->operation)].budget.on_answer();
  patience_.answered(patience_of(taken->open->operation.request), now - taken->attempt->handed_at, now);
  finish(taken->id, Reply(std::move(answer)));
}

template void Dispatcher::on_answer(GetReply answer, Instant now);
template void Dispatcher::on_answer(PutReply answer, Instant now);
template void Dispatcher::on_answer(ListReply answer, Instant now);
template void Dispatcher::on_answer(StatusReply answer, Instant now);
template void Dispatcher::on_answer(HintsReply answer, Instant now);
template void Dispatcher::on_answer(BucketReply answer, Instant now);
template void Dispatcher::on_answer(ExplainReply answer, Instant now);
template void Dispatcher::on_answer(EventsReply answer, Instant now);
template void Dispatcher::on_answer(SnapshotReply answer, Instant now);
template void Dispatcher::on_answer(RepairReply answer, Instant now);
template void Dispatcher::on_answer(DiffReply answer, Instant now);
template void Dispatcher::on_answer(FaultsReply answer, Instant now);
template void Dispatcher::on_answer(ObserveReply answer, Instant now);
template void Dispatcher::on_answer(VotersReply answer, Instant now);

void Dispatcher::on_failure(CallId call, const Error& outcome, std::uint64_t since, Instant now) {
  const std::optional<Taken> taken = take_attempt(call);
  if (!taken) return;
  Open& open = *taken->open;
  open.last = outcome;
  open.settled = open.settled || final_for_everybody(outcome.code);
  open.maybe_applied = open.maybe_applied || outcome.maybe_applied();
  if (since > 0 && !open.maybe_applied && open.handed_over - open.unknown == 1) return ask_anew(*taken, since, now);
  go_on(taken->id, open, now, false);
}

void Dispatcher::ask_anew(const Taken& taken, std::uint64_t since, Instant now) {
  Open& open = *taken.open;
  auto& put = std::get<PutRequest>(open.operation.request);
  put.request.sequence = next_id_++;
  put.since = since;
  ++open.unknown;
  std::erase(open.tried, taken.attempt->peer);
  go_on(taken.id, open, now, true);
}

void Dispatcher::lost(const std::string& address, Instant now) {
  const auto known = peers_.find(address);
  if (known == peers_.end()) return;
  Peer& gone = known->second;
  gone.trust.lost();
  gone.queue.clear();
  const std::set<std::uint64_t> calls(gone.calls.begin(), gone.calls.end());
  for (const std::uint64_t call : calls) {
    const std::optional<Taken> taken = take_attempt(CallId{call});
    if (!taken) continue;
    Open& open = *taken->open;
    open.maybe_applied = open.maybe_applied || (taken->attempt->handed_over && is_write(open.operation));
    if (open.last.code == Errc::ok) open.last = fail(Errc::unavailable, "the connection to " + address + " was lost");
    go_on(taken->id, open, now, true);
  }
  if (!ring_ && !open_.empty() && seeds_greeted_ < config_.seeds.size()) greet_next_seed(now);
}

bool Dispatcher::may_be_applied(const Open& open) {
  const auto unknown = [](const Attempt& attempt) { return attempt.waiting && attempt.handed_over; };
  return is_write(open.operation) && (open.maybe_applied || std::ranges::any_of(open.attempts, unknown));
}

Error Dispatcher::verdict(const Open& open) const {
  if (open.last.code == Errc::indeterminate) return open.last;
  if (may_be_applied(open)) {
    return Error{.code = Errc::indeterminate,
                 .message = (std::holds_alternative<PutRequest>(open.operation.request) ? "the write" : "the change") +
                            (" was sent, but not confirmed within " + milliseconds(open.operation)) +
                            "; it may have been applied",
                 .acks = open.last.acks,
                 .needed = open.last.needed};
  }
  if (open.last.code != Errc::ok) return open.last;
  if (!ring_) {
    std::string asked;
    for (const std::string& seed : config_.seeds) asked += (asked.empty() ? "" : ", ") + seed;
    return fail(Errc::unavailable, "no node answered at " + asked + " within " + milliseconds(open.operation) +
                                       "; is shoald running there?");
  }
  if (open.handed_over > 0) {
    return fail(Errc::timeout, "no answer within " + milliseconds(open.operation) +
                                   " (last asked: " + open.attempts.back().peer->address + ")");
  }
  const std::string last = open.attempts.empty() ? "" : " (last tried: " + open.attempts.back().peer->address + ")";
  return fail(Errc::unavailable, "no connection to a node that could answer" + last);
}

void Dispatcher::finish(std::uint64_t id, Result<Reply> result) {
  auto node = open_.extract(id);
  Open& open = node.mapped();
  timers_.erase({open.wake, id});
  line_of(open).erase(id);
  for (Attempt& attempt : open.attempts)
    if (attempt.waiting) take_back(open, attempt);
  open.operation.done(std::move(result));
}

void Dispatcher::close() {
  while (!open_.empty()) {
    const auto& [id, open] = *open_.begin();
    const bool unknown = may_be_applied(open);
    finish(id, unknown ? fail(Errc::indeterminate,
                              "the client was closed before the write was confirmed; it may have been applied")
                       : fail(Errc::closed, "the client was closed"));
  }
}

}  // namespace shoal::client_detail
