// Dissemination: rumours that ride on other messages, a bounded number of times each.
//
// Infection-style: every node that learns something new passes it on a few times, which reaches all with high
// probability in O(log n) rounds at a cost that does not grow with the cluster.
//
// Invariants:
//  (1) One rumour per member: a newer one takes the place of the older, and starts counting again.
//  (2) A rumour is sent at most retransmit_limit() times, then forgotten. (Who missed it learns by state exchange.)
//  (3) Those sent least go first, the newest of them first.
//
// (SWIM section 4.1; memberlist's TransmitLimitedQueue.)
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "gossip/messages.h"

namespace shoal {

// mult * ceil(log10(n + 1)).
int retransmit_limit(int mult, std::size_t n);

class Dissemination {
 public:
  void add(const Rumour& rumour);
  void forget(NodeId node);
  // Appends rumours to `out` until it holds `rumours_max`; each counts as sent.
  void take(std::vector<Rumour>& out, std::size_t rumours_max, int limit);

  [[nodiscard]] bool empty() const { return rumours_.empty(); }
  [[nodiscard]] std::size_t size() const { return rumours_.size(); }

 private:
  struct Turn {
    int sent = 0;
    std::uint64_t age = 0;  // smaller is newer
    NodeId node;
    auto operator<=>(const Turn&) const = default;
  };
  struct Item {
    Rumour rumour;
    Turn turn;
  };

  std::map<NodeId, Item> rumours_;
  std::set<Turn> turns_;
  std::uint64_t next_age_ = ~std::uint64_t{0};
};

}  // namespace shoal
