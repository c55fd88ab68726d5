#include "node/core/put_coordinator.h"

#include <algorithm>
#include <string>
#include <utility>

#include "node/base/limits.h"
#include "node/core/levels.h"
#include "vclock/context.h"

namespace shoal {
namespace {

constexpr Duration kPatience = std::chrono::milliseconds(250);
constexpr std::size_t kLingeringMax = 10'000;  // answered requests that still wait for somebody

Error count_sentence(Errc code, const Quorum& quorum, const std::string& why) {
  return Error{.code = code,
               .message = std::to_string(quorum.acks()) + " of " + std::to_string(quorum.needed()) +
                          " replicas acknowledged the write" + why,
               .acks = quorum.acks(),
               .needed = quorum.needed()};
}

Error too_few(int alive, int filled, std::size_t owners, const Wanted& asked) {
  std::string sentence = "only " + std::to_string(alive) + " of the key's " + std::to_string(owners) + " owners are up";
  if (alive < asked.primaries) {
    sentence += " and " + std::to_string(asked.primaries) + " of them must answer";
  } else {
    if (filled > alive) sentence += ", " + std::to_string(filled - alive) + " fallbacks can stand in";
    sentence += " and w is " + std::to_string(asked.needed);
  }
  return Error{
      .code = Errc::unavailable, .message = sentence + "; nothing was written", .acks = filled, .needed = asked.needed};
}

// A refusal of this try says nothing of an earlier one that minted here.
Error as_retry(Error error) {
  error.code = Errc::indeterminate;
  error.message = "an earlier try of this write may have been applied; this one: " + error.message;
  return error;
}

Result<CausalContext> seen_by(const PutRequest& request, const HashKey& cluster_key, const Slot& slot) {
  if (request.context.empty()) return CausalContext{.slot = slot};
  Result<CausalContext> context = decode_context(request.context, cluster_key, slot);
  if (context && !context->may_overwrite)
    return fail(Errc::conflict,
                "this token is from a write that left siblings, which its writer never saw; read the key and write "
                "with that context");
  return context;
}

// The record holds this write and nothing else. Dots that tries of the same request made elsewhere are the same write.
bool holds_nothing_but(const Record& record, const Dot& dot) {
  const Sibling* own = record.find(dot);
  return own != nullptr && std::ranges::all_of(record.siblings, [&](const Sibling& sibling) {
           return &sibling == own || (own->request != RequestId{} && sibling.request == own->request);
         });
}

}  // namespace

PutReply receipt_of(const Entry& entry, const Dot& dot, const Slot& slot, const HashKey& cluster_key) {
  const Record& record = entry.record;
  const bool alone = holds_nothing_but(record, dot);
  PutReply receipt;
  receipt.siblings = static_cast<std::uint32_t>(live_siblings(record).size());
  receipt.context = encode_context(
      {.slot = slot, .seen = record.clock, .hlc = highest_hlc(record), .may_overwrite = alone, .stamp = record.stamp},
      cluster_key);
  return receipt;
}

void PutCoordinator::on_request(const Address& asker, const PutRequest& request, Instant deadline, Now now) {
  if (joins_open_request(asker, request)) return;
  const HashKey& cluster_key = services_.topology.document().cluster_key;
  const Slot slot = slot_of(cluster_key, request.key);
  const auto refuse = [&](const Error& error) {
    services_.reply(asker, PutReply{request.call, requests_.find(request.request) ? as_retry(error) : error});
  };

  Result<Plan> plan = plan_for(request, slot);
  if (!plan) return refuse(plan.error());
  const Result<Minted> minted = mint(plan->place, request, now);
  if (!minted) return refuse(minted.error());

  PutReply receipt = receipt_of(*minted->entry, minted->dot, slot, cluster_key);
  if (receipt.siblings > 1) services_.trace.mark(Mark::put_left_siblings);
  const CallId call = services_.new_call();
  if (request.request != RequestId{}) open_requests_[request.request] = call;
  const Open& open = open_.add(call, std::min(deadline, now.mono + kPatience),
                               Open{.asker = asker,
                                    .asker_call = request.call,
                                    .request = request.request,
                                    .key = request.key,
                                    .kind = minted->entry->kind,
                                    .partition = services_.topology.ring()->partition_of(slot),
                                    .state = RecordPtr(minted->entry, &minted->entry->record),
                                    .quorum = std::move(plan->quorum),
                                    .spare = std::move(plan->spare),
                                    .receipt = std::move(receipt),
                                    .deadline = deadline,
                                    .patience = kPatience});
  send(call, open, services_.peers.reachable_of(open.quorum.silent()));
  if (services_.study.own_legs) return;
  const Replicated own{call, services_.topology.document().epoch, Errc::ok, services_.sync, {}};
  services_.outbox.send_after(services_.sync ? minted->commit : CommitId{0}, services_.self, own);
}

// A client that lost its connection asks again while its first request is still under way: it gets the answer.
bool PutCoordinator::joins_open_request(const Address& asker, const PutRequest& request) {
  const auto known = open_requests_.find(request.request);
  if (known == open_requests_.end()) return false;
  Open& open = *open_.find(known->second);
  if (open.key != request.key) return false;
  open.asker = asker;
  open.asker_call = request.call;
  services_.trace.mark(Mark::put_retry_recognised);
  return true;
}

Result<PutCoordinator::Plan> PutCoordinator::plan_for(const PutRequest& request, const Slot& slot) const {
  const PreferenceLists& ring = *services_.topology.ring();
  const PartitionId partition = ring.partition_of(slot);
  const std::span<const NodeId> owners = ring.owners(partition);
  const Bucket& bucket = *ring.document().bucket(request.key.bucket);
  const Result<Wanted> asked = wanted(request.level, request.w, request.pw, bucket.w, owners.size());
  if (!asked) return asked.error();

  Plan plan{slot, Quorum(owners, asked->needed, asked->primaries),
            services_.peers.reachable_of(services_.fallbacks(partition))};
  std::erase(plan.spare, services_.self);
  std::vector<NodeId> away = services_.peers.unreachable_of(owners);
  int filled = static_cast<int>(owners.size() - away.size());
  const int alive = filled;
  if (!ring.owns(services_.self, partition)) {
    const NodeId seat = away.empty() ? owners.front() : away.front();
    plan.place = Place(seat, slot);
    plan.quorum.stand_in(seat, services_.self);
    if (std::erase(away, seat) > 0) ++filled;
  }
  for (const NodeId owner : away) {
    if (plan.spare.empty()) break;
    plan.quorum.stand_in(owner, plan.spare.front());
    plan.spare.erase(plan.spare.begin());
    ++filled;
  }
  if (filled >= asked->needed && alive >= asked->primaries) return plan;
  services_.trace.mark(Mark::put_refused_too_few_alive);
  return too_few(alive, filled, owners.size(), *asked);
}

Result<PutCoordinator::Minted> PutCoordinator::mint(const Place& place, const PutRequest& request, Now now) {
  if (const std::optional<Dot> dot = requests_.find(request.request)) {
    Result<EntryPtr> held = services_.replica.read(place, request.key);
    if (!held) return held.error();
    if (*held && (*held)->record.clock.covers(*dot)) {  // else the record was lost since: the write must be made again
      services_.trace.mark(Mark::put_retry_recognised);
      return Minted{*held, *dot, services_.replica.last_commit()};
    }
  }
  const Membership& document = services_.topology.document();
  const Result<CausalContext> seen = seen_by(request, document.cluster_key, place.slot);
  if (!seen) {
    if (seen.error().code == Errc::conflict) services_.trace.mark(Mark::token_refused_session_only);
    return seen.error();
  }
  const Kind kind = document.bucket(request.key.bucket)->kind;
  Result<Replica::Written> written = place.is_hint() ? services_.hints.put(place, kind, request, *seen, now.wall)
                                     : services_.study.own_legs
                                         ? services_.replica.propose(place, kind, request, *seen, now.wall)
                                         : services_.replica.put(place, kind, request, *seen, now.wall);
  if (!written) return written.error();
  requests_.remember(request.request, written->dot);
  return Minted{written->entry, written->dot, written->commit};
}

void PutCoordinator::send(CallId call, const Open& open, std::span<const NodeId> nodes) {
  Replicate message{.call = call,
                    .epoch = services_.topology.document().epoch,
                    .key = open.key,
                    .state = open.state,
                    .kind = open.kind};
  for (const NodeId node : nodes) {
    if (node == services_.self && !services_.study.own_legs) continue;
    const std::optional<NodeId> owner = open.quorum.stands_in_for(node);
    message.purpose = owner ? Purpose::hint : Purpose::write;
    message.owner = owner.value_or(NodeId{});
    services_.outbox.send(node, message);
  }
}

// The next fallback down the rank takes the owner's seat, if there is one left.
void PutCoordinator::call_stand_in(CallId call, Open& open, NodeId owner) {
  while (!open.spare.empty() && !services_.peers.reachable(open.spare.front())) open.spare.erase(open.spare.begin());
  if (open.spare.empty()) return;
  const NodeId fallback = open.spare.front();
  open.spare.erase(open.spare.begin());
  services_.trace.mark(Mark::put_called_stand_in);
  open.quorum.stand_in(owner, fallback);
  send(call, open, {&fallback, 1});
}

void PutCoordinator::on_replicated(NodeId from, const Replicated& reply) {
  Open* open = open_.find(reply.call);
  if (open == nullptr) return;  // settled already, or of an earlier life
  if (reply.outcome != Errc::ok) {
    open->quorum.refuse(from);
    const NodeId owner = open->quorum.stands_in_for(from).value_or(from);
    const std::vector<NodeId> unsettled = open->quorum.unsettled();
    const bool stood_in_by_other = owner == from && open->quorum.stand_in_of(owner) != NodeId{};
    if (std::ranges::find(unsettled, owner) != unsettled.end() && !stood_in_by_other)
      call_stand_in(reply.call, *open, owner);
  } else if (!open->quorum.acknowledged(from)) {
    open->quorum.acknowledge(from);
    open->durable = open->durable && reply.durable;
  }
  settle(reply.call);
}

void PutCoordinator::settle(CallId call) {
  Open& open = *open_.find(call);
  const Quorum::Verdict verdict = open.quorum.verdict();
  if (!open.answered && verdict == Quorum::Verdict::enough) answer(open);
  if (!open.answered && verdict == Quorum::Verdict::impossible) give_up(open, "; the others refused it");
  if (open.answered && nothing_to_wait_for(open)) close(call);
}

bool PutCoordinator::nothing_to_wait_for(const Open& open) const {
  if (open.quorum.unsettled().empty() || answered_ > kLingeringMax) return true;
  return open.spare.empty() && services_.peers.reachable_of(open.quorum.silent()).empty();
}

void PutCoordinator::answer(Open& open) {
  services_.trace.mark(Mark::put_answered_by_quorum);
  if (open.quorum.stand_ins() > 0) services_.trace.mark(Mark::put_answered_with_stand_ins);
  open.receipt.call = open.asker_call;
  open.receipt.outcome = count_sentence(Errc::ok, open.quorum, "");
  open.receipt.stand_ins = open.quorum.stand_ins();
  open.receipt.durable = open.durable;
  services_.reply(open.asker, std::move(open.receipt));
  mark_answered(open);
}

void PutCoordinator::give_up(Open& open, const std::string& why) {
  services_.trace.mark(Mark::put_indeterminate);
  const Error error = count_sentence(Errc::indeterminate, open.quorum, why + "; it may have been applied");
  services_.reply(open.asker, PutReply{open.asker_call, error});
  mark_answered(open);
}

void PutCoordinator::mark_answered(Open& open) {
  open.answered = true;
  ++answered_;
  open_requests_.erase(open.request);
}

void PutCoordinator::close(CallId call) {
  const bool hurried = answered_ > kLingeringMax;
  const Open done = open_.close(call);
  --answered_;
  for (const NodeId owner : done.quorum.unsettled()) {
    if (owner == services_.self) continue;  // it has the state; its disk has not said so yet
    // An owner that is merely slow under a flood has the state on its way: a hint more would make the flood worse.
    const bool kept = (!hurried || !services_.peers.reachable(owner)) && keep_hint(owner, done);
    // Without a copy of its own this node cannot tell when it is mended; the other owners find it all the same.
    const bool can_tell = services_.topology.ring()->owns(services_.self, done.partition);
    if (!kept && can_tell && services_.repair_marks.add(owner, done.partition))
      services_.trace.mark(Mark::partition_marked_for_repair);
  }
}

// Nobody else keeps the state for this owner, so this node does, though it counts for nothing. False when it may not.
bool PutCoordinator::keep_hint(NodeId owner, const Open& done) {
  if (!services_.study.hints) return false;
  const Slot slot = slot_of(services_.topology.document().cluster_key, done.key);
  const Replicate missed{.call = {},
                         .epoch = services_.topology.document().epoch,
                         .key = done.key,
                         .state = done.state,
                         .kind = done.kind,
                         .purpose = Purpose::hint,
                         .owner = owner};
  return static_cast<bool>(services_.hints.keep(owner, slot, missed));
}

void PutCoordinator::tick(Now now) {
  for (const CallId call : open_.due(now.mono)) {
    Open& open = *open_.find(call);
    if (now.mono >= open.deadline) {
      if (!open.answered) give_up(open, " before the deadline");
      close(call);
      continue;
    }
    for (const NodeId owner : open.quorum.unsettled()) {
      const NodeId stand_in = open.quorum.stand_in_of(owner);
      if (stand_in == NodeId{} || !services_.peers.reachable(stand_in)) call_stand_in(call, open, owner);
    }
    services_.trace.mark(Mark::put_resent);
    send(call, open, open.quorum.silent());
    open.patience *= 2;
    open_.wake_at(call, std::min(open.deadline, now.mono + open.patience));
  }
}

}  // namespace shoal
