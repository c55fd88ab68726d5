#include "vclock/record.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace shoal {
namespace {

void append_dot(std::string& out, const Dot& dot) {
  append_u64(out, dot.actor.incarnation.value);
  append_u64(out, dot.actor.epoch);
  append_u64(out, dot.counter);
}

bool dot_order(const Sibling& a, const Sibling& b) { return a.dot < b.dot; }

// Somebody saw dots of our current actor that our own clock does not have: we forgot them.
void renounce_if_behind(Ownership& ownership, const VersionVector& mine, const VersionVector& theirs) {
  const Actor actor{ownership.incarnation, ownership.epoch};
  if (ownership.epoch != 0 && theirs.at(actor) > mine.at(actor)) ownership.epoch = 0;
}

bool lww_order(const Sibling& a, const Sibling& b) { return std::tie(a.hlc, a.dot) < std::tie(b.hlc, b.dot); }

// The maximum over both sides together, never over what the generic merge leaves: two merges could otherwise each
// drop the other's winner and leave no value at all.
std::vector<Sibling> lww_winner(std::vector<Sibling> ours, const std::vector<Sibling>& theirs) {
  ours.insert(ours.end(), theirs.begin(), theirs.end());
  if (ours.empty()) return ours;
  return {*std::max_element(ours.begin(), ours.end(), lww_order)};
}

// Keep what both hold, and what one holds and the other has never heard of.
std::vector<Sibling> surviving_siblings(const Record& a, const Record& b) {
  std::vector<Sibling> kept;
  for (const Sibling& sibling : a.siblings)
    if (!b.clock.covers(sibling.dot) || b.find(sibling.dot) != nullptr) kept.push_back(sibling);
  for (const Sibling& sibling : b.siblings)
    if (!a.clock.covers(sibling.dot)) kept.push_back(sibling);
  std::sort(kept.begin(), kept.end(), dot_order);
  return kept;
}

}  // namespace

const Sibling* Record::find(const Dot& dot) const {
  const auto it = std::lower_bound(siblings.begin(), siblings.end(), dot,
                                   [](const Sibling& sibling, const Dot& wanted) { return sibling.dot < wanted; });
  return it != siblings.end() && it->dot == dot ? &*it : nullptr;
}

PutResult put(Kind kind, Record& record, Ownership& ownership, const Write& write, const Minter& minter) {
  renounce_if_behind(ownership, record.clock, write.seen);
  std::erase_if(record.siblings, [&](const Sibling& sibling) { return write.seen.covers(sibling.dot); });
  record.clock.join(write.seen);
  Sibling fresh{mint(record, ownership, minter), write.hlc, write.request, write.tombstone, write.value};
  PutResult result{.dot = fresh.dot};
  if (kind == Kind::lww) {
    result.losers = record.siblings.size();
    record.siblings = lww_winner(std::move(record.siblings), {std::move(fresh)});
  } else {
    const auto place = std::lower_bound(record.siblings.begin(), record.siblings.end(), fresh, dot_order);
    record.siblings.insert(place, std::move(fresh));
  }
  return result;
}

std::size_t merge(Kind kind, Record& record, Ownership& ownership, const Record& other) {
  renounce_if_behind(ownership, record.clock, other.clock);
  return merge(kind, record, other);
}

std::size_t merge(Kind kind, Record& record, const Record& other) {
  std::vector<Sibling> survivors = surviving_siblings(record, other);
  std::size_t losers = 0;
  if (kind == Kind::lww) {
    losers = survivors.size() > 1 ? survivors.size() - 1 : 0;
    survivors = lww_winner(std::move(record.siblings), other.siblings);
  }
  record.siblings = std::move(survivors);
  record.clock.join(other.clock);
  record.stamp = std::min(record.stamp, other.stamp);
  return losers;
}

std::vector<const Sibling*> live_siblings(const Record& record) {
  std::vector<const Sibling*> live;
  for (const Sibling& sibling : record.siblings) {
    const bool shown = std::ranges::any_of(live, [&](const Sibling* other) {
      return sibling.request != RequestId{} && other->request == sibling.request;
    });
    if (!sibling.tombstone && !shown) live.push_back(&sibling);
  }
  return live;
}

Hlc highest_hlc(const Record& record) {
  Hlc highest;
  for (const Sibling& sibling : record.siblings) highest = std::max(highest, sibling.hlc);
  return highest;
}

Record without_values(Record record) {
  for (Sibling& sibling : record.siblings) sibling.value = Blob();
  return record;
}

std::string causal_bytes(const Record& record) {
  std::string out;
  append_u64(out, record.clock.entries().size());
  for (const VersionVector::Entry& entry : record.clock.entries()) append_dot(out, {entry.actor, entry.counter});
  for (const Sibling& sibling : record.siblings) {
    append_dot(out, sibling.dot);
    out.push_back(sibling.tombstone ? 1 : 0);
  }
  return out;
}

}  // namespace shoal
