#include "vclock/version_vector.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace shoal {
namespace {

bool by_actor(const VersionVector::Entry& entry, const Actor& actor) { return entry.actor < actor; }

}  // namespace

VersionVector::VersionVector(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::erase_if(entries_, [](const Entry& entry) { return entry.counter == 0; });
  std::ranges::sort(entries_, [](const Entry& a, const Entry& b) {
    return std::tie(a.actor, b.counter) < std::tie(b.actor, a.counter);  // the highest counter of an actor first
  });
  const auto same = [](const Entry& a, const Entry& b) { return a.actor == b.actor; };
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
}

std::uint64_t VersionVector::at(const Actor& actor) const {
  const auto it = std::lower_bound(entries_.begin(), entries_.end(), actor, by_actor);
  return it != entries_.end() && it->actor == actor ? it->counter : 0;
}

bool VersionVector::descends(const VersionVector& other) const {
  return std::ranges::all_of(other.entries_, [this](const Entry& entry) { return entry.counter <= at(entry.actor); });
}

void VersionVector::raise(const Dot& dot) {
  if (dot.counter == 0) return;
  const auto it = std::lower_bound(entries_.begin(), entries_.end(), dot.actor, by_actor);
  if (it != entries_.end() && it->actor == dot.actor) {
    it->counter = std::max(it->counter, dot.counter);
  } else {
    entries_.insert(it, Entry{dot.actor, dot.counter});
  }
}

void VersionVector::join(const VersionVector& other) {
  for (const Entry& entry : other.entries_) raise({entry.actor, entry.counter});
}

}  // namespace shoal
