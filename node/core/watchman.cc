#include "node/core/watchman.h"

#include "node/ring/lookup.h"

namespace shoal {
namespace {

EventKind kind_of(Liveness liveness) {
  switch (liveness) {
    case Liveness::alive: return EventKind::member_alive;
    case Liveness::suspect: return EventKind::member_suspect;
    case Liveness::dead: return EventKind::member_dead;
  }
  return EventKind::member_dead;
}

std::string described(const Membership& document) {
  return "membership document " + std::to_string(document.epoch.value) + ": " +
         std::to_string(document.members.size()) + " members, " + std::to_string(document.buckets.size()) +
         " buckets beside default" + (document.forming ? ", still forming" : "");
}

}  // namespace

void Watchman::liveness(const Membership& document, NodeId member, Liveness before, Liveness now_seen, WallTime wall) {
  if (before == now_seen) return;
  since_ms_[member] = wall.ms;
  events_.add(wall, kind_of(now_seen), member,
              name_in(document, member) + " is " + to_string(now_seen) + ", was " + to_string(before));
}

void Watchman::document(const Membership& document, NodeId self, WallTime wall) {
  if (document.epoch == epoch_) return;
  const bool first = epoch_ == Epoch{};
  epoch_ = document.epoch;
  events_.add(wall, first ? EventKind::started : EventKind::document_adopted, NodeId{},
              first ? name_in(document, self) + " started with " + described(document) : described(document));
}

void Watchman::store(const Error& trouble, WallTime wall) {
  const bool bad = trouble.code != Errc::ok && trouble.code != Errc::overloaded && trouble.code != Errc::closed;
  if (bad == in_trouble_) return;
  in_trouble_ = bad;
  events_.add(wall, bad ? EventKind::store_trouble : EventKind::store_recovered, NodeId{},
              bad ? trouble.message : "the store takes writes again");
}

void Watchman::hints(const Membership& document, const Hints& hints, WallTime wall) {
  for (const auto& [owner, queue] : hints.queues()) {
    const bool kept = queue.hints > 0;
    if (kept == hinted_.contains(owner)) continue;
    if (kept) hinted_.insert(owner);
    if (!kept) hinted_.erase(owner);
    const std::string name = name_in(document, owner);
    events_.add(wall, kept ? EventKind::hints_began : EventKind::hints_delivered, owner,
                kept ? "hints are kept for " + name : "all hints for " + name + " are delivered");
  }
  const bool full = hints.bytes() >= hints.bytes_max();
  if (full && !hints_full_)
    events_.add(wall, EventKind::hints_full, NodeId{},
                "the hints reached their bound of " + std::to_string(hints.bytes_max()) +
                    " bytes: this node stands in for nobody until some are delivered");
  hints_full_ = full;
}

void Watchman::repair_marks(std::size_t marks, WallTime wall) {
  if (marks > 0 && !marked_)
    events_.add(wall, EventKind::to_repair, NodeId{},
                "an owner missed a write that no fallback could keep: its partition needs repair");
  marked_ = marks > 0;
}

std::int64_t Watchman::since_ms(NodeId member) const {
  const auto known = since_ms_.find(member);
  return known != since_ms_.end() ? known->second : 0;
}

}  // namespace shoal
