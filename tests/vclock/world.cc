#include "tests/vclock/world.h"

#include <algorithm>
#include <tuple>

#include "node/base/check.h"

namespace shoal {
namespace {

std::string name(std::size_t write) { return std::string("write ") + std::to_string(write) + " "; }
std::string value_of(std::size_t write) { return std::to_string(write); }

}  // namespace

World::World(Kind kind, std::size_t replicas) : kind_(kind), nodes_(replicas) {
  for (std::size_t i = 0; i < replicas; ++i) nodes_[i].minter.incarnation = Incarnation::of(1, i + 1);
}

ReadContext World::read(const Copy& copy) { return {copy.record.clock, highest_hlc(copy.record), copy.known}; }

void World::put(std::size_t replica, const ReadContext& context, std::uint64_t wall, bool tombstone) {
  SHOAL_CHECK(!full());
  auto& [minter, copy] = nodes_[replica];
  ++minter.counter;
  Write write;
  write.seen = context.seen;
  write.hlc = {std::max(wall, context.hlc.value + 1)};
  write.tombstone = tombstone;
  write.value = Blob(value_of(writes_.size()));
  const Dot dot = shoal::put(kind_, copy.record, copy.ownership, write, minter).dot;
  copy.known |= context.known | Writes{1} << writes_.size();
  copy.superseded |= context.known;
  writes_.push_back(Made{dot, write.hlc});
}

void World::merge(std::size_t into, const Copy& from) {
  Copy& copy = nodes_[into].copy;
  shoal::merge(kind_, copy.record, copy.ownership, from.record);
  copy.known |= from.known;
  copy.superseded |= from.superseded;
}

void World::lose(std::size_t replica) { nodes_[replica].copy = {}; }

void World::restart(std::size_t replica) {
  Minter& minter = nodes_[replica].minter;
  minter = {Incarnation::of(minter.incarnation.start() + 1, minter.incarnation.value), 0};
}

void World::roll_back(std::size_t replica, const Copy& older) {
  nodes_[replica].copy = older;
  restart(replica);
}

void World::merge_everybody() {
  for (std::size_t i = 1; i < nodes_.size(); ++i) merge(0, at(i));
  for (std::size_t i = 1; i < nodes_.size(); ++i) merge(i, at(0));
}

// lww: the newest of all that is known. A write exceeds what it supersedes, so the newest is never superseded.
Writes World::alive(const Copy& copy) const {
  if (kind_ == Kind::siblings || copy.known == 0) return copy.known & ~copy.superseded;
  std::size_t newest = World::kWritesMax;
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    if ((copy.known >> i & 1) == 0) continue;
    if (newest == kWritesMax ||
        std::tie(writes_[newest].hlc, writes_[newest].dot) < std::tie(writes_[i].hlc, writes_[i].dot))
      newest = i;
  }
  return Writes{1} << newest;
}

std::string World::disagreement(const Copy& copy) const {
  const Writes expected = alive(copy);
  std::size_t held = 0;
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    const bool known = (copy.known >> i & 1) != 0;
    const bool live = (expected >> i & 1) != 0;
    const Sibling* sibling = copy.record.find(writes_[i].dot);
    if (copy.record.clock.covers(writes_[i].dot) != known)
      return name(i) + (known ? "was forgotten" : "was never seen");
    if ((sibling != nullptr) != live) return name(i) + (live ? "was lost" : "came back");
    if (live && sibling->value.view() != value_of(i)) return name(i) + "has another value";
    held += live ? 1 : 0;
  }
  if (held != copy.record.siblings.size()) return "a sibling that nobody wrote";
  const auto by_dot = [](const Sibling& a, const Sibling& b) { return a.dot < b.dot; };
  if (!std::is_sorted(copy.record.siblings.begin(), copy.record.siblings.end(), by_dot)) return "siblings out of order";
  return {};
}

}  // namespace shoal
