#include "node/core/list_coordinator.h"

#include <algorithm>
#include <utility>

#include "node/base/limits.h"
#include "node/core/get_coordinator.h"

namespace shoal {
namespace {

bool matches(const FetchKeys& request, const Key& key) {
  return key.bucket == request.bucket && key.name.starts_with(request.prefix);
}

}  // namespace

KeysFetched scan_keys(Store& store, const PreferenceLists& ring, const FetchKeys& request) {
  KeysFetched reply{request.call, request.epoch, Errc::ok, {}, std::nullopt};
  const Place begin = ring.first_slot(request.partition);
  const bool last = request.partition.value + 1 == ring.document().partitions;
  const Place end = last ? Place(NodeId{1}, Slot{}) : Place(ring.first_slot(PartitionId{request.partition.value + 1}));
  const std::size_t limit = std::clamp<std::size_t>(request.limit, 1, kListLimitMax);
  // A place before the partition would show the keys of others.
  std::optional<Place> after;
  if (request.after && Place(*request.after) >= begin) after = *request.after;
  const Result<std::vector<PlacedEntry>> held = store.scan(begin, end, after, limit);
  const auto unreadable = [](const PlacedEntry& item) { return item.entry == nullptr; };
  if (!held || std::ranges::any_of(*held, unreadable)) {
    reply.outcome = held ? Errc::corrupt : held.error().code;
    return reply;
  }
  for (const PlacedEntry& item : *held)
    if (matches(request, item.entry->key))
      reply.keys.push_back(KeyState{item.place.slot, item.entry->key.name,
                                    std::make_shared<const Record>(without_values(item.entry->record))});
  if (held->size() == limit) reply.next = held->back().place.slot;
  return reply;
}

void ListCoordinator::on_request(const Address& asker, const ListRequest& request, Instant deadline, Now now) {
  const std::span<const NodeId> owners = services_.formation.ring()->owners(request.partition);
  const Result<int> needed = replies_needed(request.r, owners.size());
  if (!needed) return services_.reply(asker, ListReply{request.call, needed.error(), {}, std::nullopt});
  AskOrder order = ask_order(owners, services_.self, services_.peers, *needed);
  const CallId call = services_.new_call();
  const Open& open =
      open_.add(call, std::min(deadline, now.mono + 4 * kWidenAfter),
                Open{asker, request, Quorum(owners, *needed), std::move(order.rest), {}, std::nullopt, deadline});
  fetch(call, open, order.first);
}

void ListCoordinator::fetch(CallId call, const Open& open, std::span<const NodeId> owners) {
  const ListRequest& page = open.request;
  const Epoch epoch = services_.formation.document().epoch;
  for (const NodeId owner : owners)
    services_.outbox.send(owner,
                          FetchKeys{call, epoch, page.bucket, page.prefix, page.partition, page.after, page.limit});
}

void ListCoordinator::on_keys_fetched(NodeId from, const KeysFetched& reply) {
  Open* open = open_.find(reply.call);
  if (open == nullptr || open->quorum.acknowledged(from)) return;
  const Bucket* bucket = services_.formation.document().bucket(open->request.bucket);
  const Kind kind = bucket != nullptr ? bucket->kind : Kind::siblings;
  if (reply.outcome != Errc::ok) {
    open->quorum.refuse(from);
    fetch(reply.call, *open, std::exchange(open->unasked, {}));  // who refused is not asked again before the timer
  } else {
    open->quorum.acknowledge(from);
    if (reply.next) open->scanned_to = std::min(reply.next, open->scanned_to ? open->scanned_to : reply.next);
    for (const KeyState& key : reply.keys) {
      const auto [held, fresh] = open->keys.try_emplace(key.slot, Merged{key.name, *key.state});
      if (!fresh) merge(kind, held->second.record, *key.state);
    }
  }
  if (open->quorum.verdict() != Quorum::Verdict::waiting) answer(reply.call);
}

void ListCoordinator::answer(CallId call) {
  const Open done = open_.close(call);
  ListReply reply{done.request.call, {.code = Errc::ok, .message = {}}, {}, std::nullopt};
  reply.outcome.acks = done.quorum.acks();
  reply.outcome.needed = done.quorum.needed();
  if (done.quorum.verdict() != Quorum::Verdict::enough) {
    reply.outcome.code = Errc::timeout;
    reply.outcome.message = "only " + std::to_string(done.quorum.acks()) + " of " +
                            std::to_string(done.quorum.needed()) + " replicas answered the listing";
  } else {
    for (const auto& [slot, merged] : done.keys)
      if ((!done.scanned_to || slot <= *done.scanned_to) && !live_siblings(merged.record).empty())
        reply.names.push_back(merged.name);
    reply.next = done.scanned_to;
    if (done.quorum.acks() > 1) services_.trace.mark(Mark::list_merged);
  }
  services_.reply(done.asker, std::move(reply));
}

void ListCoordinator::tick(Now now) {
  for (const CallId call : open_.due(now.mono)) {
    const Open& open = *open_.find(call);
    if (now.mono >= open.deadline) {
      answer(call);
      continue;
    }
    fetch(call, open, open.quorum.missing());
    open_.wake_at(call, std::min(open.deadline, now.mono + 8 * kWidenAfter));
  }
}

}  // namespace shoal
