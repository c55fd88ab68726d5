#include "node/core/get_coordinator.h"

#include <algorithm>
#include <string>
#include <utility>

#include "vclock/context.h"

namespace shoal {
AskOrder ask_order(std::span<const NodeId> owners, NodeId self, const Peers& peers, int first) {
  std::vector<NodeId> ordered(owners.begin(), owners.end());
  const auto rank = [&](NodeId node) { return node == self ? 0 : static_cast<int>(peers.of(node)) + 1; };
  std::ranges::stable_sort(ordered, {}, rank);
  const auto split = ordered.begin() + std::min<std::ptrdiff_t>(first, std::ssize(ordered));
  return {{ordered.begin(), split}, {split, ordered.end()}};
}

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

void GetCoordinator::on_request(const Address& asker, const GetRequest& request, Instant deadline, Now now) {
  const Ring& ring = services_.formation.ring();
  const Slot slot = slot_of(ring->document().cluster_key, request.key);
  const std::span<const NodeId> owners = ring->owners(ring->partition_of(slot));
  const auto refuse = [&](const Error& error) { services_.reply(asker, GetReply{request.call, error, {}, {}}); };

  const Bucket& bucket = *ring->document().bucket(request.key.bucket);
  const Result<int> needed = replies_needed(request.r != 0 ? request.r : bucket.r, owners.size());
  if (!needed) return refuse(needed.error());
  const int alive = services_.peers.reachable_among(owners);
  if (alive < *needed)
    return refuse({.code = Errc::unavailable,
                   .message = "only " + std::to_string(alive) + " of the key's " + std::to_string(owners.size()) +
                              " owners are up and r is " + std::to_string(*needed),
                   .acks = alive,
                   .needed = *needed});

  AskOrder order = ask_order(owners, services_.self, services_.peers, *needed);
  const CallId call = services_.new_call();
  open_.add(call, std::min(deadline, now.mono + kWidenAfter),
            Open{asker,
                 request.call,
                 request.key,
                 slot,
                 bucket.kind,
                 Quorum(owners, *needed),
                 std::move(order.rest),
                 {},
                 deadline});
  fetch(call, request.key, order.first);
}

void GetCoordinator::fetch(CallId call, const Key& key, std::span<const NodeId> owners) {
  const Epoch epoch = services_.formation.document().epoch;
  for (const NodeId owner : owners) services_.outbox.send(owner, Fetch{call, epoch, key});
}

void GetCoordinator::widen(CallId call, Open& open) {
  if (open.unasked.empty()) return;
  services_.trace.mark(Mark::get_widened);
  fetch(call, open.key, std::exchange(open.unasked, {}));
}

void GetCoordinator::on_fetched(NodeId from, const Fetched& reply) {
  Open* open = open_.find(reply.call);
  if (open == nullptr || open->quorum.acknowledged(from)) return;
  if (reply.outcome != Errc::ok) {
    open->quorum.refuse(from);
    widen(reply.call, *open);
  } else {
    add(*open, from, reply);
  }
  if (open->quorum.verdict() != Quorum::Verdict::waiting) answer(reply.call);
}

void GetCoordinator::add(Open& open, NodeId from, const Fetched& reply) {
  const bool first = open.quorum.acks() == 0;
  open.quorum.acknowledge(from);
  const Record held = reply.state ? *reply.state : Record{};
  if (!first && held.clock != open.merged.clock) services_.trace.mark(Mark::get_merged_differing_replies);
  if (open.merged.clock.empty()) {
    open.merged = held;
  } else {
    merge(open.kind, open.merged, held);
  }
}

void GetCoordinator::answer(CallId call) {
  const Open done = open_.close(call);
  const bool enough = done.quorum.verdict() == Quorum::Verdict::enough;
  GetReply reply = enough ? reply_of(done.merged, done.slot, services_.formation.document().cluster_key) : GetReply{};
  reply.call = done.asker_call;
  reply.outcome.acks = done.quorum.acks();
  reply.outcome.needed = done.quorum.needed();
  if (!enough) {
    services_.trace.mark(Mark::get_timed_out);
    reply.outcome.code = Errc::timeout;
    reply.outcome.message = "only " + std::to_string(done.quorum.acks()) + " of " +
                            std::to_string(done.quorum.needed()) + " replicas answered the read";
  } else if (reply.values.size() > 1) {
    services_.trace.mark(Mark::get_saw_siblings);
  }
  services_.reply(done.asker, std::move(reply));
}

void GetCoordinator::tick(Now now) {
  for (const CallId call : open_.due(now.mono)) {
    Open& open = *open_.find(call);
    if (now.mono >= open.deadline) {
      answer(call);
      continue;
    }
    // Not only the unasked: what was asked may have been lost on the way.
    open.unasked = open.quorum.missing();
    widen(call, open);
    open_.wake_at(call, std::min(open.deadline, now.mono + 8 * kWidenAfter));
  }
}

}  // namespace shoal
