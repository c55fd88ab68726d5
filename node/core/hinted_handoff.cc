#include "node/core/hinted_handoff.h"

#include <algorithm>

namespace shoal {
namespace {

constexpr Duration kRefillEvery = std::chrono::milliseconds(20);

}  // namespace

HintedHandoff::HintedHandoff(Services& services, std::uint64_t bytes_per_second)
    : services_(services), rate_(bytes_per_second) {}

void HintedHandoff::step_back(Walk& walk, Now now) {
  walk.on_the_way.clear();
  walk.after.reset();
  walk.answer_by = kNever;
  walk.next_try = now.mono + walk.back_off;
  walk.back_off = std::min(2 * walk.back_off, kBackOffMax);
}

bool HintedHandoff::on_replicated(NodeId from, const Replicated& reply, Now now) {
  const auto walk = walks_.find(from);
  if (walk == walks_.end()) return false;
  const auto found = walk->second.on_the_way.find(reply.call);
  if (found == walk->second.on_the_way.end()) return false;
  if (reply.outcome == Errc::corrupt || reply.outcome == Errc::refused) {
    // About this record alone, which the owner cannot read just now: the others need not wait for it.
    services_.trace.mark(Mark::handoff_refused);
    walk->second.on_the_way.erase(found);
    if (walk->second.on_the_way.empty()) walk->second.answer_by = kNever;
    advance(from, walk->second, now);
    return true;
  }
  if (reply.outcome != Errc::ok || !reply.durable) {
    services_.trace.mark(Mark::handoff_refused);
    step_back(walk->second, now);
    return true;
  }
  services_.hints.delivered(found->second.place, found->second.sent->record);
  walk->second.on_the_way.erase(found);
  if (services_.hints.waiting_for(from) == 0) return walks_.erase(walk), true;
  walk->second.back_off = kBackOffMin;
  walk->second.answer_by = walk->second.on_the_way.empty() ? kNever : now.mono + kAnswerWithin;
  advance(from, walk->second, now);
  return true;
}

void HintedHandoff::on_liveness(NodeId owner, Liveness liveness, Now now) {
  if (services_.hints.waiting_for(owner) == 0) return;
  Walk& walk = walks_[owner];
  if (liveness == Liveness::dead) {
    step_back(walk, now);
  } else if (liveness == Liveness::alive) {
    start_again(walk, now);
  }
}

void HintedHandoff::start_again(Walk& walk, Now now) {
  walk.after.reset();
  walk.next_try = now.mono;
  walk.back_off = kBackOffMin;
}

void HintedHandoff::deliver_now(Now now) {
  for (auto& [owner, walk] : walks_) start_again(walk, now);
}

void HintedHandoff::tick(Now now) {
  for (const auto& [owner, queue] : services_.hints.queues())
    if (queue.hints > 0) walks_.try_emplace(owner);
  for (auto& [owner, walk] : walks_) {
    if (now.mono >= walk.answer_by) {
      services_.trace.mark(Mark::handoff_unanswered);
      step_back(walk, now);
    }
    advance(owner, walk, now);
  }
  std::erase_if(walks_, [&](const auto& item) {
    return services_.hints.waiting_for(item.first) == 0 && item.second.on_the_way.empty();
  });
}

void HintedHandoff::advance(NodeId owner, Walk& walk, Now now) {
  if (services_.hints.waiting_for(owner) == 0 || now.mono < walk.next_try || !services_.peers.reachable(owner)) return;
  rate_.refill(now.mono);
  if (walk.on_the_way.size() >= kWindow || rate_.is_spent()) return;
  const auto page = services_.hints.next(owner, walk.after, kWindow - walk.on_the_way.size());
  if (page)
    for (const PlacedEntry& hint : *page) {
      if (rate_.is_spent()) return;
      walk.after = hint.place;
      if (hint.entry) send(owner, walk, hint, now);
    }
  // All of it was sent: what is left then has changed, or cannot be read.
  if (walk.on_the_way.empty()) step_back(walk, now);
}

void HintedHandoff::send(NodeId owner, Walk& walk, const PlacedEntry& hint, Now now) {
  const CallId call = services_.new_call();
  walk.on_the_way.emplace(call, OnTheWay{hint.place, hint.entry});
  if (walk.answer_by == kNever) walk.answer_by = now.mono + kAnswerWithin;
  const std::uint64_t bytes = hint_bytes(*hint.entry);
  rate_.spend(bytes);
  services_.traffic.handoff_bytes += bytes;
  services_.outbox.send(owner, Replicate{.call = call,
                                         .epoch = services_.topology.document().epoch,
                                         .key = hint.entry->key,
                                         .state = RecordPtr(hint.entry, &hint.entry->record),
                                         .kind = hint.entry->kind,
                                         .purpose = Purpose::handoff,
                                         .owner = owner});
}

Instant HintedHandoff::next_try(NodeId owner) const {
  if (!services_.peers.reachable(owner)) return kNever;
  const auto walk = walks_.find(owner);
  return walk != walks_.end() ? walk->second.next_try : Instant{};
}

Instant HintedHandoff::next_deadline() const {
  Instant next = kNever;
  for (const auto& [owner, walk] : walks_) {
    next = std::min(next, walk.answer_by);
    if (!services_.peers.reachable(owner)) continue;
    if (services_.hints.waiting_for(owner) == 0 || walk.on_the_way.size() >= kWindow) continue;
    if (rate_.is_spent()) {
      next = std::min(next, std::max(walk.next_try, rate_.refilled() + kRefillEvery));
    } else if (walk.on_the_way.empty()) {
      next = std::min(next, walk.next_try);
    }
  }
  for (const auto& [owner, queue] : services_.hints.queues())
    if (queue.hints > 0 && !walks_.contains(owner)) return Instant{};
  return next;
}

}  // namespace shoal
