#include "node/core/get_coordinator.h"

#include <algorithm>
#include <string>
#include <utility>

#include "vclock/context.h"

namespace shoal {
namespace {

constexpr Duration kPauseMax = std::chrono::milliseconds(500);

// Sessions depend on what they are shown, and agreement shall outlive a power cut.
bool wants_durable(Level level) { return level == Level::session || level == Level::all; }

Result<VersionVector> seen_by(const GetRequest& request, const HashKey& cluster_key, const Slot& slot) {
  if (request.level != Level::session || request.session.empty()) return VersionVector{};
  const Result<CausalContext> context = decode_context(request.session, cluster_key, slot);
  if (!context) return context.error();
  return context->seen;
}

Result<Wanted> wanted_by(const GetRequest& request, int bucket_r, std::size_t owners) {
  const Result<Wanted> asked = wanted(request.level, request.r, request.pr, bucket_r, owners);
  // Owners that were not asked cannot be known to agree.
  return asked && request.level == Level::all ? wanted(Level::all, -1, -1, bucket_r, owners) : asked;
}

// Can so many be up at all? The number of owners that are up and of seats that somebody can answer for.
Status check_reachable(const Wanted& wanted, int owners_up, int seats_up, std::size_t owners) {
  const bool primaries = owners_up < wanted.primaries;
  if (!primaries && seats_up >= wanted.needed) return Unit{};
  const int up = primaries ? owners_up : seats_up;
  const int needed = primaries ? wanted.primaries : wanted.needed;
  return Error{.code = Errc::unavailable,
               .message = "only " + std::to_string(up) + " of the key's " + std::to_string(owners) + " owners are up" +
                          (seats_up > owners_up && !primaries ? " or stood in for" : "") + " and " +
                          (primaries ? "pr" : "r") + " is " + std::to_string(needed),
               .acks = up,
               .needed = needed};
}

}  // namespace

GetReply reply_of(const Record& merged, const Slot& slot, const HashKey& cluster_key) {
  GetReply reply;
  reply.outcome.code = Errc::ok;
  for (const Sibling* sibling : live_siblings(merged)) reply.values.push_back(Value{sibling->value, sibling->hlc});
  if (!merged.clock.empty())
    reply.context = encode_context(
        {.slot = slot, .seen = merged.clock, .hlc = highest_hlc(merged), .may_overwrite = true, .stamp = merged.stamp},
        cluster_key);
  return reply;
}

// ---- asking -------------------------------------------------------------------------------------------------------

Result<GetCoordinator::Open> GetCoordinator::begin(const Address& asker, const GetRequest& request, Instant deadline,
                                                   Now now) const {
  const Ring& ring = services_.topology.ring();
  const Membership& document = ring->document();
  const Slot slot = slot_of(document.cluster_key, request.key);
  const PartitionId partition = ring->partition_of(slot);
  const std::span<const NodeId> owners = ring->owners(partition);
  const Bucket& bucket = *document.bucket(request.key.bucket);

  const Result<Wanted> wanted = wanted_by(request, bucket.r, owners.size());
  if (!wanted) return wanted.error();
  Result<VersionVector> seen = seen_by(request, document.cluster_key, slot);
  if (!seen) return seen.error();
  ReadSeats seats(owners, services_.fallbacks(partition), services_.peers, *wanted);
  const std::vector<NodeId> sitting = seats.sitting();
  const int owners_up = services_.peers.reachable_among(owners);
  const Status reachable = check_reachable(*wanted, owners_up, static_cast<int>(sitting.size()), owners.size());
  if (!reachable) return reachable.error();

  // Owners know; a stand-in may not.
  const auto split = sitting.begin() + owners_up;
  std::vector<NodeId> order =
      services_.pace.fastest_first({sitting.begin(), split}, services_.peers, document, now.mono);
  const std::vector<NodeId> after =
      services_.pace.fastest_first({split, sitting.end()}, services_.peers, document, now.mono);
  order.insert(order.end(), after.begin(), after.end());
  return Open{.asker = asker,
              .asker_call = request.call,
              .key = request.key,
              .slot = slot,
              .kind = bucket.kind,
              .level = request.level,
              .seen = *std::move(seen),
              .seats = std::move(seats),
              .answers = ReadAnswers(bucket.kind, slot),
              .unasked = std::move(order),
              .deadline = deadline};
}

void GetCoordinator::on_request(const Address& asker, const GetRequest& request, Instant deadline, Now now) {
  Result<Open> begun = begin(asker, request, deadline, now);
  if (!begun) return services_.reply(asker, GetReply{request.call, begun.error(), {}, {}});
  services_.pace.on_request();
  const CallId call = services_.new_call();
  Open& open = open_.add(call, deadline, *std::move(begun));
  ask_first(call, open, now);
  schedule(call, open);
}

void GetCoordinator::ask(CallId call, Open& open, NodeId node, Wants wants, Now now) {
  Question& question = open.questions[node];
  if (!question.waits) services_.pace.asked(node);
  question = Question{now.mono, question.times + 1, wants, true};
  Fetch fetch{call, services_.topology.document().epoch, open.key};
  fetch.digest_only = wants == Wants::digest;
  fetch.durable_only = wants_durable(open.level);
  fetch.left = time_left(open.deadline, now);
  services_.outbox.send(node, std::move(fetch));
}

void GetCoordinator::ask_first(CallId call, Open& open, Now now) {
  if (services_.study.ask_all) return ask_all(call, open, now);
  const auto split = open.unasked.begin() + open.seats.needed();
  const std::vector<NodeId> first(open.unasked.begin(), split);
  open.unasked.erase(open.unasked.begin(), split);
  for (const NodeId node : first) {
    ask(call, open, node, node == first.front() ? Wants::record : Wants::digest, now);
    open.patience = std::max(open.patience, services_.pace.timeout(node));
    const std::optional<Duration> tail = services_.pace.patience(node, now.mono);
    if (tail && node != services_.self && !wants_durable(open.level) && services_.study.hedging)
      open.hedge_at = std::max(open.hedge_at == kNever ? now.mono : open.hedge_at, now.mono + *tail);
  }
  open.resend_at = now.mono + open.patience;
}

void GetCoordinator::ask_all(CallId call, Open& open, Now now) {
  for (const NodeId node : std::exchange(open.unasked, {})) {
    ask(call, open, node, Wants::record, now);
    open.patience = std::max(open.patience, services_.pace.timeout(node));
  }
  open.resend_at = now.mono + open.patience;
}

void GetCoordinator::schedule(CallId call, const Open& open) {
  open_.wake_at(call, open.answered ? open.deadline : std::min({open.deadline, open.hedge_at, open.resend_at}));
}

void GetCoordinator::widen(CallId call, Open& open, Now now) {
  if (open.unasked.empty()) return;
  services_.trace.mark(Mark::get_widened);
  for (const NodeId node : std::exchange(open.unasked, {}))
    ask(call, open, node, open.answers.has_state() ? Wants::digest : Wants::record, now);
}

void GetCoordinator::hedge(CallId call, Open& open, Now now) {
  open.hedge_at = kNever;
  if (open.hedged || open.unasked.empty()) return;
  if (!services_.pace.take_hedge()) return services_.trace.mark(Mark::get_hedge_denied);
  services_.trace.mark(Mark::get_hedged);
  open.hedged = true;
  const NodeId next = open.unasked.front();
  open.unasked.erase(open.unasked.begin());
  ask(call, open, next, Wants::record, now);
}

// Not only the unasked: what was asked may have been lost on the way, and owners may have died since.
void GetCoordinator::ask_again(CallId call, Open& open, Now now) {
  for (const auto& [node, question] : open.questions)
    if (question.waits && now.mono - question.asked_at >= services_.pace.timeout(node)) services_.pace.timed_out(node);
  const bool enough = open.seats.verdict() == ReadSeats::Verdict::enough;
  const bool behind_session = enough && open.level == Level::session;
  open.seats.restaff(services_.peers);
  std::vector<NodeId> nodes = behind_session ? open.seats.sitting() : open.seats.missing();
  if (behind_session) nodes.insert(nodes.end(), open.seats.spare().begin(), open.seats.spare().end());
  if (!open.unasked.empty()) services_.trace.mark(Mark::get_widened);
  open.unasked.clear();
  if (open.agreeing) {
    send_join(call, open);
  } else {
    const auto digest_will_do = [&](NodeId node) {
      return !behind_session && open.answers.has_state() && !open.answers.is_unexplained(node);
    };
    for (const NodeId node : nodes) ask(call, open, node, digest_will_do(node) ? Wants::digest : Wants::record, now);
  }
  open.patience = std::min(kPauseMax, 2 * open.patience);
  open.resend_at = now.mono + open.patience;
}

// ---- answers ------------------------------------------------------------------------------------------------------

void GetCoordinator::note_answer(Open& open, NodeId from, const Fetched& reply, Now now) {
  Question& question = open.questions.at(from);
  if (!std::exchange(question.waits, false)) return services_.pace.reported(from, reply.load, now.mono);
  std::optional<Duration> took;
  if (question.times == 1 && !wants_durable(open.level)) took = now.mono - question.asked_at;
  services_.pace.answered(from, took, reply.load, now.mono);
}

void GetCoordinator::on_fetched(NodeId from, const Fetched& reply, Now now) {
  Open* open = open_.find(reply.call);
  if (open == nullptr || !open->questions.contains(from)) return;
  note_answer(*open, from, reply, now);
  if (open->agreeing) return;
  if (reply.outcome != Errc::ok) return on_dont_know(reply.call, *open, from, now);
  open->answers.add(from, reply);
  for (const NodeId node : open->answers.known()) open->seats.acknowledge(node);
  if (open->answered) {
    repair_behind(*open, now);
    return linger(reply.call, *open, now);
  }
  fetch_unexplained(reply.call, *open, now);
  settle(reply.call, *open, now);
}

void GetCoordinator::on_dont_know(CallId call, Open& open, NodeId from, Now now) {
  if (open.answered) return linger(call, open, now);
  if (const std::optional<NodeId> next = open.seats.refuse(from)) {
    services_.trace.mark(Mark::get_asked_next_stand_in);
    ask(call, open, *next, Wants::record, now);
  } else {
    widen(call, open, now);
  }
  fetch_unexplained(call, open, now);
  settle(call, open, now);
}

// A record that is on its way may explain the digest yet.
void GetCoordinator::fetch_unexplained(CallId call, Open& open, Now now) {
  const auto on_its_way = [](const auto& item) { return item.second.waits && item.second.wants == Wants::record; };
  if (std::ranges::any_of(open.questions, on_its_way)) return;
  for (const NodeId node : open.answers.unexplained()) {
    services_.trace.mark(Mark::get_fetched_what_differed);
    ask(call, open, node, Wants::record, now);
  }
}

void GetCoordinator::settle(CallId call, Open& open, Now now) {
  switch (open.seats.verdict()) {
    case ReadSeats::Verdict::waiting: return;
    case ReadSeats::Verdict::impossible: return give_up(call, open, now);
    case ReadSeats::Verdict::enough: break;
  }
  if (open.level == Level::session && !satisfies_session(call, open, now)) return;
  if (open.level == Level::all && !all_agree(call, open)) return;
  answer(call, open, now);
}

bool GetCoordinator::satisfies_session(CallId call, Open& open, Now now) {
  if (open.answers.merged().clock.descends(open.seen)) return true;
  services_.trace.mark(Mark::get_behind_session);
  widen(call, open, now);
  return false;
}

bool GetCoordinator::all_agree(CallId call, Open& open) {
  if (!open.agreeing) {
    for (const NodeId node : open.answers.known()) open.agreed.insert(node);
    for (const NodeId node : open.answers.behind()) open.agreed.erase(node);
  }
  const auto agrees = [&](NodeId owner) { return open.agreed.contains(owner); };
  if (std::ranges::all_of(open.seats.owners(), agrees)) return true;
  if (!std::exchange(open.agreeing, true)) send_join(call, open);
  return false;
}

void GetCoordinator::send_join(CallId call, Open& open) {
  const auto joined = std::make_shared<const Record>(open.answers.merged());
  for (const NodeId owner : open.seats.owners()) {
    if (open.agreed.contains(owner)) continue;
    Replicate join{call, services_.topology.document().epoch, open.key, joined, open.kind};
    join.purpose = Purpose::repair;
    services_.outbox.send(owner, std::move(join));
  }
}

void GetCoordinator::on_replicated(NodeId from, const Replicated& reply, Now now) {
  services_.pace.reported(from, reply.load, now.mono);
  if (repair_.on_replicated(reply)) return;
  Open* open = open_.find(reply.call);
  if (open == nullptr || open->answered || !open->agreeing || reply.outcome != Errc::ok) return;
  services_.trace.mark(Mark::get_made_all_agree);
  open->agreed.insert(from);
  settle(reply.call, *open, now);
}

// ---- the end ------------------------------------------------------------------------------------------------------

void GetCoordinator::answer(CallId call, Open& open, Now now) {
  GetReply reply = reply_of(open.answers.merged(), open.slot, services_.topology.document().cluster_key);
  reply.call = open.asker_call;
  reply.outcome.acks = open.seats.acks();
  reply.outcome.needed = open.seats.needed();
  reply.stand_ins = open.seats.stand_ins();
  if (open.answers.differed()) services_.trace.mark(Mark::get_merged_differing_replies);
  if (reply.values.size() > 1) services_.trace.mark(Mark::get_saw_siblings);
  if (reply.stand_ins > 0) services_.trace.mark(Mark::get_counted_stand_in);
  services_.reply(open.asker, std::move(reply));
  open.answered = true;
  open.deadline = now.mono + kLingerFor;
  ++lingering_;
  repair_behind(open, now);
  if (lingering_ > kLingeringMax) {
    services_.trace.mark(Mark::read_repair_skipped);
    return close(call, now);
  }
  linger(call, open, now);
}

void GetCoordinator::give_up(CallId call, Open& open, Now now) {
  const int acks = open.seats.acks();
  const int needed = open.seats.needed();
  Error error{
      .code = Errc::timeout,
      .message = "only " + std::to_string(acks) + " of " + std::to_string(needed) + " replicas answered the read",
      .acks = acks,
      .needed = needed};
  if (open.level == Level::all) {
    services_.trace.mark(Mark::get_inconsistent);
    error.code = Errc::inconsistent;
    if (open.agreeing) error.message = "not all of the key's owners could be brought to agree in time";
  } else if (open.seats.verdict() == ReadSeats::Verdict::enough) {
    services_.trace.mark(Mark::get_session_not_satisfied);
    error.code = Errc::session_not_satisfied;
    error.message = "no replica that answered in time is as new as what this session has seen";
  } else if (services_.peers.reachable_among(open.seats.owners()) < std::ssize(open.seats.owners())) {
    services_.trace.mark(Mark::get_stand_ins_do_not_know);
    error.code = Errc::unavailable;
    error.message += ": owners of the key are down, and who stands in for them has nothing of it";
  }
  services_.trace.mark(Mark::get_timed_out);
  services_.reply(open.asker, GetReply{open.asker_call, error, {}, {}});
  close(call, now);
}

void GetCoordinator::repair_behind(Open& open, Now now) {
  if (open.level == Level::all || !services_.study.read_repair) return;  // at level all they agree
  RecordPtr joined;
  for (const NodeId node : open.answers.behind()) {
    if (!open.seats.is_owner(node) || !open.repaired.insert(node).second) continue;
    if (joined == nullptr) joined = std::make_shared<const Record>(open.answers.merged());
    repair_.send(node, open.key, open.kind, joined, now.mono);
  }
}

// Precondition: answered, and counted in `lingering_`.
void GetCoordinator::linger(CallId call, Open& open, Now now) {
  const auto waits = [&](const auto& item) { return item.second.waits && services_.peers.reachable(item.first); };
  if (now.mono < open.deadline && std::ranges::any_of(open.questions, waits)) return schedule(call, open);
  close(call, now);
}

void GetCoordinator::close(CallId call, Now now) {
  const Open done = open_.close(call);
  for (const auto& [node, question] : done.questions)
    if (question.waits) services_.pace.gave_up(node, now.mono - question.asked_at, now.mono);
  if (done.answered) --lingering_;
}

void GetCoordinator::tick(Now now) {
  for (const CallId call : open_.due(now.mono)) {
    Open& open = *open_.find(call);
    if (now.mono >= open.deadline) {
      open.answered ? close(call, now) : give_up(call, open, now);
      continue;
    }
    if (now.mono >= open.hedge_at) hedge(call, open, now);
    if (now.mono >= open.resend_at) ask_again(call, open, now);
    schedule(call, open);
  }
}

}  // namespace shoal
