// A few replicas of one record beside an oracle that needs no clocks.
//
// The oracle gives every write a number and keeps, for every replica, two plain sets: the writes it knows of and those
// among them that some client had seen when it wrote again. What is known and not superseded is alive. The real
// record must say exactly that, in a few counters: `disagreement` compares the two after each step.
//
// Hybrid times are the world's own: a write's is drawn, but exceeds what its context has seen.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "node/base/rng.h"
#include "vclock/record.h"

namespace shoal {

inline void PrintTo(Kind kind, std::ostream* out) { *out << name_of(kind); }  // googletest shows parameters with it

using Writes = std::uint64_t;  // a set of writes, one bit each

struct Copy {
  Record record;
  Ownership ownership;
  Writes known = 0;
  Writes superseded = 0;
};

struct ReadContext {
  VersionVector seen;
  Hlc hlc;
  Writes known = 0;
};

class World {
 public:
  static constexpr std::size_t kWritesMax = 64;

  World(Kind kind, std::size_t replicas);

  [[nodiscard]] const Copy& at(std::size_t replica) const { return nodes_[replica].copy; }
  [[nodiscard]] std::size_t replicas() const { return nodes_.size(); }
  [[nodiscard]] bool full() const { return writes_.size() == kWritesMax; }
  [[nodiscard]] static ReadContext read(const Copy& copy);

  // Precondition: !full().
  void put(std::size_t replica, const ReadContext& context, std::uint64_t wall, bool tombstone = false);
  void merge(std::size_t into, const Copy& from);
  void lose(std::size_t replica);                          // the record is gone, the node runs on
  void restart(std::size_t replica);                       // the record stays
  void roll_back(std::size_t replica, const Copy& older);  // wakes up with an older state of its own
  void merge_everybody();

  // Empty when the record says what the oracle says; else what is different.
  [[nodiscard]] std::string disagreement(const Copy& copy) const;

 private:
  struct Node {
    Minter minter;
    Copy copy;
  };
  struct Made {
    Dot dot;
    Hlc hlc;
  };
  [[nodiscard]] Writes alive(const Copy& copy) const;

  Kind kind_;
  std::vector<Node> nodes_;
  std::vector<Made> writes_;
};

}  // namespace shoal
