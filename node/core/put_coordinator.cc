#include "node/core/put_coordinator.h"

#include <algorithm>
#include <string>
#include <utility>

#include "node/base/limits.h"
#include "vclock/context.h"

namespace shoal {
namespace {

constexpr Duration kPatience = std::chrono::milliseconds(250);

Error count_sentence(Errc code, const Quorum& quorum, const std::string& why) {
  return Error{.code = code,
               .message = std::to_string(quorum.acks()) + " of " + std::to_string(quorum.needed()) +
                          " replicas acknowledged the write" + why,
               .acks = quorum.acks(),
               .needed = quorum.needed()};
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

}  // namespace

PutReply receipt_of(const Entry& entry, const Dot& dot, const Slot& slot, const HashKey& cluster_key) {
  const Record& record = entry.record;
  const bool alone = record.siblings.size() == 1 && record.siblings.front().dot == dot;
  PutReply receipt;
  receipt.siblings = static_cast<std::uint32_t>(live_siblings(record).size());
  receipt.context = encode_context(
      {.slot = slot, .seen = record.clock, .hlc = highest_hlc(record), .may_overwrite = alone, .stamp = record.stamp},
      cluster_key);
  return receipt;
}

void PutCoordinator::on_request(const Address& asker, const PutRequest& request, Instant deadline, Now now) {
  if (joins_open_request(asker, request)) return;
  const HashKey& cluster_key = services_.formation.document().cluster_key;
  const Slot slot = slot_of(cluster_key, request.key);
  const auto refuse = [&](const Error& error) {
    services_.reply(asker, PutReply{request.call, requests_.find(request.request) ? as_retry(error) : error});
  };

  Result<Quorum> quorum = quorum_for(request, slot);
  if (!quorum) return refuse(quorum.error());
  const Result<Minted> minted = mint(slot, request, now);
  if (!minted) return refuse(minted.error());

  PutReply receipt = receipt_of(*minted->entry, minted->dot, slot, cluster_key);
  if (receipt.siblings > 1) services_.trace.mark(Mark::put_left_siblings);
  const CallId call = services_.new_call();
  if (request.request != RequestId{}) open_requests_[request.request] = call;
  const Instant wake = std::min(deadline, now.mono + kPatience);
  const Open& open = open_.add(call, wake,
                               Open{asker, request.call, request.request, request.key, minted->entry->kind,
                                    RecordPtr(minted->entry, &minted->entry->record), *std::move(quorum), true,
                                    std::move(receipt), deadline, kPatience});
  std::vector<NodeId> others = open.quorum.missing();
  std::erase(others, services_.self);
  replicate(call, open, others);
  const Replicated own{call, services_.formation.document().epoch, Errc::ok, services_.sync};
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

Result<Quorum> PutCoordinator::quorum_for(const PutRequest& request, const Slot& slot) const {
  const Ring& ring = services_.formation.ring();
  const std::span<const NodeId> owners = ring->owners(ring->partition_of(slot));
  const Bucket& bucket = *ring->document().bucket(request.key.bucket);
  const Result<int> needed = replies_needed(request.w != 0 ? request.w : bucket.w, owners.size());
  if (!needed) return needed.error();
  const int alive = services_.peers.reachable_among(owners);
  if (alive >= *needed) return Quorum(owners, *needed);
  services_.trace.mark(Mark::put_refused_too_few_alive);
  return Error{.code = Errc::unavailable,
               .message = "only " + std::to_string(alive) + " of the key's " + std::to_string(owners.size()) +
                          " owners are up and w is " + std::to_string(*needed) + "; nothing was written",
               .acks = alive,
               .needed = *needed};
}

Result<PutCoordinator::Minted> PutCoordinator::mint(const Slot& slot, const PutRequest& request, Now now) {
  if (const std::optional<Dot> dot = requests_.find(request.request)) {
    Result<EntryPtr> held = services_.replica.read(slot, request.key);
    if (!held) return held.error();
    if (*held && (*held)->record.clock.covers(*dot)) {  // else the record was lost since: the write must be made again
      services_.trace.mark(Mark::put_retry_recognised);
      return Minted{*held, *dot, services_.replica.last_commit()};
    }
  }
  const Result<CausalContext> seen = seen_by(request, services_.formation.document().cluster_key, slot);
  if (!seen) {
    if (seen.error().code == Errc::conflict) services_.trace.mark(Mark::token_refused_session_only);
    return seen.error();
  }
  const Bucket& bucket = *services_.formation.document().bucket(request.key.bucket);
  Result<Replica::Written> written = services_.replica.put(slot, bucket.kind, request, *seen, now.wall);
  if (!written) return written.error();
  requests_.remember(request.request, written->dot);
  return Minted{written->entry, written->dot, written->commit};
}

void PutCoordinator::replicate(CallId call, const Open& open, std::span<const NodeId> owners) {
  const Epoch epoch = services_.formation.document().epoch;
  for (const NodeId owner : owners)
    services_.outbox.send(owner, Replicate{call, epoch, open.key, open.state, open.kind});
}

void PutCoordinator::on_replicated(NodeId from, const Replicated& reply) {
  Open* open = open_.find(reply.call);
  if (open == nullptr) return;  // answered already, or of an earlier life
  if (reply.outcome != Errc::ok) {
    open->quorum.refuse(from);
  } else if (!open->quorum.acknowledged(from)) {
    open->quorum.acknowledge(from);
    open->durable = open->durable && reply.durable;
  }
  settle(reply.call);
}

void PutCoordinator::settle(CallId call) {
  const Open& open = *open_.find(call);
  if (open.quorum.verdict() == Quorum::Verdict::waiting) return;
  if (open.quorum.verdict() == Quorum::Verdict::impossible) return give_up(call, "; the others refused it");
  Open done = open_.close(call);
  open_requests_.erase(done.request);
  services_.trace.mark(Mark::put_answered_by_quorum);
  done.receipt.call = done.asker_call;
  done.receipt.outcome = count_sentence(Errc::ok, done.quorum, "");
  done.receipt.durable = done.durable;
  services_.reply(done.asker, std::move(done.receipt));
}

void PutCoordinator::give_up(CallId call, const std::string& why) {
  const Open done = open_.close(call);
  open_requests_.erase(done.request);
  services_.trace.mark(Mark::put_indeterminate);
  const Error error = count_sentence(Errc::indeterminate, done.quorum, why + "; it may have been applied");
  services_.reply(done.asker, PutReply{done.asker_call, error});
}

void PutCoordinator::tick(Now now) {
  for (const CallId call : open_.due(now.mono)) {
    Open& open = *open_.find(call);
    if (now.mono >= open.deadline) {
      give_up(call, " before the deadline");
      continue;
    }
    std::vector<NodeId> silent = open.quorum.missing();
    std::erase(silent, services_.self);
    services_.trace.mark(Mark::put_resent);
    replicate(call, open, silent);
    open.patience *= 2;
    open_.wake_at(call, std::min(open.deadline, now.mono + open.patience));
  }
}

}  // namespace shoal
