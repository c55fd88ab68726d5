// Probe order: whose turn it is.
//
// Every pass goes through all members in a new random order, so that a dead one is probed by each member within 2n - 1
// periods at worst, and two members never march in step for long. A newcomer gets a random place in the pass under way.
// (SWIM section 4.3.)
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "node/base/ids.h"
#include "node/base/rng.h"

namespace shoal {

class ProbeOrder {
 public:
  void add(NodeId node, Rng& rng) {
    const std::size_t at = rng.below(order_.size() + 1);
    if (at < next_) ++next_;
    order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(at), node);
  }

  void remove(NodeId node) {
    const auto it = std::ranges::find(order_, node);
    if (it == order_.end()) return;
    if (static_cast<std::size_t>(it - order_.begin()) < next_) --next_;
    order_.erase(it);
  }

  // The next of the pass that `wanted` accepts; none when it accepts nobody.
  template <class Wanted>
  std::optional<NodeId> next(Rng& rng, Wanted wanted) {
    for (std::size_t tried = 0; tried < 2 * order_.size(); ++tried) {
      if (next_ == order_.size()) shuffle(rng);
      const NodeId node = order_[next_++];
      if (wanted(node)) return node;
    }
    return std::nullopt;
  }

  // At most `count` different members that `wanted` accepts: the next ones of the list from a place drawn at random.
  template <class Wanted>
  std::vector<NodeId> some(std::size_t count, Rng& rng, Wanted wanted) const {
    std::vector<NodeId> chosen;
    if (order_.empty()) return chosen;
    const std::size_t first = rng.below(order_.size());
    for (std::size_t i = 0; i < order_.size() && chosen.size() < count; ++i) {
      const NodeId node = order_[(first + i) % order_.size()];
      if (wanted(node)) chosen.push_back(node);
    }
    return chosen;
  }

 private:
  void shuffle(Rng& rng) {
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[rng.below(i)]);
    next_ = 0;
  }

  std::vector<NodeId> order_;
  std::size_t next_ = 0;  // its place in the pass; never past the end
};

}  // namespace shoal
