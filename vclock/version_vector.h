// A version vector: for each actor, "I have seen its dots up to here".
#pragma once

#include <cstdint>
#include <vector>

#include "vclock/dot.h"

namespace shoal {

class VersionVector {
 public:
  struct Entry {
    Actor actor;
    std::uint64_t counter = 0;
    auto operator<=>(const Entry&) const = default;
  };

  VersionVector() = default;
  // Any order, duplicates allowed (the highest wins), zero counters dropped: total over hostile input.
  explicit VersionVector(std::vector<Entry> entries);

  // 0 for an actor never seen.
  [[nodiscard]] std::uint64_t at(const Actor& actor) const;
  [[nodiscard]] bool covers(const Dot& dot) const { return dot.counter <= at(dot.actor); }

  // Every dot that `other` covers is covered here too (equality included).
  [[nodiscard]] bool descends(const VersionVector& other) const;
  [[nodiscard]] bool concurrent_with(const VersionVector& other) const {
    return !descends(other) && !other.descends(*this);
  }

  // Never lowers an entry.
  void raise(const Dot& dot);
  // Pointwise maximum.
  void join(const VersionVector& other);

  // Sorted by actor, counters above zero.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  friend bool operator==(const VersionVector&, const VersionVector&) = default;

 private:
  std::vector<Entry> entries_;
};

}  // namespace shoal
