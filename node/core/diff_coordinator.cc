#include "node/core/diff_coordinator.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace shoal {
namespace {

constexpr Millis kTimeoutMax = std::chrono::minutes(10);

Error check(const Services& services, NodeId peer, std::size_t open) {
  const Member* member = services.topology.document().find(peer);
  if (member == nullptr || member->state == MemberState::removed)
    return fail(Errc::invalid, "the node to compare with is no member of the cluster");
  if (peer == services.self) return fail(Errc::invalid, "a node does not differ from itself; name two nodes");
  if (!services.peers.reachable(peer)) return fail(Errc::unavailable, member->name + " is not up");
  if (open >= DiffCoordinator::kOpenMax) return fail(Errc::overloaded, "this node compares enough already; try later");
  return {.code = Errc::ok, .message = {}};
}

}  // namespace

void DiffCoordinator::on_request(const Address& asker, const DiffRequest& request, Now now) {
  DiffReply reply;
  reply.call = request.call;
  reply.outcome = check(services_, request.peer, open_.size());
  if (reply.outcome.code != Errc::ok) return services_.outbox.send(asker, std::move(reply));
  Open open{.asker = asker,
            .request = request,
            .deadline = now.mono + std::clamp(request.timeout, Millis(1), kTimeoutMax),
            .walk = TreeWalk(services_, request.peer),
            .unnamed = {},
            .reply = std::move(reply)};
  open.request.limit = std::min(request.limit, kKeysMax);
  open.reply.partitions = static_cast<std::uint32_t>(open.walk.shared().size());
  go_on(std::move(open), now);
}

bool DiffCoordinator::take(Open& open, const ElementsCompared& answer) {
  const std::optional<std::vector<Element>> differing = open.walk.take(answer);
  if (!differing) return false;
  open.reply.differences += differing->size();
  for (const Element& element : *differing)
    if (open.reply.keys.size() + open.unnamed.size() < open.request.limit) open.unnamed.push_back(element);
  return true;
}

bool DiffCoordinator::take(Open& open, const StatesPulled& answer) {
  if (answer.outcome != Errc::ok || answer.covered == 0 || answer.covered > open.asked ||
      open.asked > open.unnamed.size())
    return false;
  for (std::uint32_t i = 0; i < answer.covered; ++i) {
    name(open, open.unnamed.front(), answer);
    open.unnamed.pop_front();
  }
  return true;
}

void DiffCoordinator::name(Open& open, const Element& element, const StatesPulled& answer) {
  KeyDiff diff;
  if (const Result<EntryPtr> here = services_.store.read(element.slot); here && *here != nullptr) {
    diff.key = (*here)->key;
    diff.here = std::make_shared<const Record>(without_values((*here)->record));
  }
  for (const KeyedState& state : answer.states) {
    if (slot_of(services_.topology.document().cluster_key, state.key) != element.slot) continue;
    diff.key = state.key;
    diff.there = state.state;
  }
  if (diff.here != nullptr || diff.there != nullptr) open.reply.keys.push_back(std::move(diff));
}

void DiffCoordinator::go_on(Open open, Now now) {
  if (open.walk.stale())
    return refuse(open, fail(Errc::unavailable, "the membership document has just changed; ask again"));
  const CallId call = services_.new_call();
  open.asked = 0;
  if (!open.unnamed.empty()) {
    PullStates question{call, services_.topology.document().epoch, {}, true};
    open.asked = std::min(open.unnamed.size(), kSlotsAtOnce);
    for (std::size_t i = 0; i < open.asked; ++i) question.slots.push_back(open.unnamed[i].slot);
    services_.outbox.send(open.walk.peer(), std::move(question));
  } else if (!open.walk.ask(call, now)) {
    for (const auto& [partition, leaves] : open.walk.leaves_that_differed())
      open.reply.differ.push_back({partition, leaves});
    services_.outbox.send(open.asker, std::move(open.reply));
    return;
  }
  const Instant deadline = open.deadline;
  open_.add(call, deadline, std::move(open));
}

void DiffCoordinator::refuse(Open& open, const Error& error) {
  DiffReply reply;
  reply.call = open.request.call;
  reply.outcome = error;
  services_.outbox.send(open.asker, std::move(reply));
}

void DiffCoordinator::tick(Now now) {
  for (const CallId call : open_.due(now.mono)) {
    Open open = open_.close(call);
    refuse(open, fail(Errc::timeout, "the comparison took longer than its timeout; allow more time"));
  }
}

}  // namespace shoal
