#include "node/core/explain_coordinator.h"

#include <algorithm>
#include <utility>

#include "node/base/limits.h"
#include "node/core/state_digest.h"
#include "node/ring/lookup.h"

namespace shoal {
namespace {

constexpr Millis kExplainTimeoutMax = std::chrono::minutes(1);

Held held_of(const Slot& slot, const Record& record, std::uint64_t losers) {
  Held held{std::make_shared<const Record>(without_values(record)), losers, state_digest(slot, record), {}};
  for (const Sibling& sibling : record.siblings) held.sizes.push_back(sibling.value.size());
  return held;
}

Error check(const Membership& document, const Key& key) {
  if (const Status valid = check_key(key); !valid) return valid.error();
  if (const Status there = check_bucket(document, key.bucket); !there) return there.error();
  return {.code = Errc::ok, .message = {}};
}

}  // namespace

Inspected inspect(Services& services, const Inspect& question) {
  Replica& replica = services.replica;
  const PreferenceLists& ring = *services.topology.ring();
  const Membership& document = ring.document();
  Inspected found;
  found.call = question.call;
  const Slot slot = slot_of(document.cluster_key, question.key);
  const Result<EntryPtr> own = replica.read(slot, question.key);
  if (!own) {
    found.outcome = own.error().code;
  } else if (*own != nullptr) {
    found.copy = held_of(slot, (*own)->record, (*own)->losers);
  }
  Record hints;
  std::uint64_t losers = 0;
  for (const Member& member : document.members) {
    const Result<EntryPtr> hint = replica.read(Place(member.id, slot), question.key);
    if (!hint) found.outcome = hint.error().code;
    if (!hint || *hint == nullptr) continue;
    found.hints_for.push_back(member.id);
    losers += (*hint)->losers + merge((*hint)->kind, hints, (*hint)->record);
  }
  if (!found.hints_for.empty()) found.hint = held_of(slot, hints, losers);
  const PartitionId partition = ring.partition_of(slot);
  for (const NodeId owner : ring.owners(partition))
    if (services.repair_marks.has(owner, partition)) found.to_repair.push_back(owner);
  return found;
}

void ExplainCoordinator::on_request(const Address& asker, const ExplainRequest& request, Now now) {
  const Ring& ring = services_.topology.ring();
  ExplainReply reply{request.call, check(ring->document(), request.key), Kind::siblings, {}, {}};
  if (reply.outcome.code != Errc::ok) return services_.outbox.send(asker, std::move(reply));
  reply.kind = ring->document().bucket(request.key.bucket)->kind;
  reply.partition = ring->partition_of(slot_of(ring->document().cluster_key, request.key));
  const std::size_t owners = ring->owners(reply.partition).size();
  for (const NodeId node : ring->ranked(reply.partition))
    reply.replicas.push_back(
        ReplicaView{node, services_.peers.of(node), reply.replicas.size() < owners, false, Inspected{}});
  const CallId call = services_.new_call();
  for (const ReplicaView& view : reply.replicas) services_.outbox.send(view.node, Inspect{call, request.key});
  const Millis timeout = std::clamp(request.timeout, Millis(1), kExplainTimeoutMax);
  open_.add(call, now.mono + timeout, Open{asker, request.call, std::move(reply)});
}

void ExplainCoordinator::on_inspected(NodeId from, const Inspected& found) {
  Open* open = open_.find(found.call);
  if (open == nullptr) return;
  const auto view = std::ranges::find(open->reply.replicas, from, &ReplicaView::node);
  if (view == open->reply.replicas.end()) return;
  view->answered = true;
  view->found = found;
  if (complete(*open)) answer(found.call);
}

bool ExplainCoordinator::complete(const Open& open) const {
  return std::ranges::all_of(open.reply.replicas, [&](const ReplicaView& view) {
    return view.answered || !services_.peers.reachable(view.node);
  });
}

void ExplainCoordinator::answer(CallId call) {
  Open done = open_.close(call);
  done.reply.outcome.acks = static_cast<int>(std::ranges::count(done.reply.replicas, true, &ReplicaView::answered));
  done.reply.outcome.needed = static_cast<int>(done.reply.replicas.size());
  services_.outbox.send(done.asker, std::move(done.reply));
}

void ExplainCoordinator::tick(Now now) {
  for (const CallId call : open_.due(now.mono)) answer(call);
}

}  // namespace shoal
