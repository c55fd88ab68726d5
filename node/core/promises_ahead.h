// Promises ahead: whoever accepts a change promises its proposer's next ballot as well, so that the next change of the
// key, made by the same node, begins with its second phase: one round trip.
//
// What is remembered of a key is used once, since one ballot proposes one value, and only in the epoch in which it was
// promised. Bounded: the oldest is forgotten first, and costs a first phase.
//
// Rystsov, "CASPaxos" (arXiv:1802.07000), section 2.2.1, "one-round trip optimization".
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "node/base/ids.h"
#include "node/paxos/ballot.h"
#include "node/paxos/register.h"

namespace shoal {

class PromisesAhead {
 public:
  static constexpr std::size_t kKeysMax = 16'384;
  static constexpr std::size_t kBytesMax = std::size_t{16} << 20;  // of values

  struct Promised {
    Epoch epoch;
    paxos::Ballot accepted;  // the promised one is the proposer's next
    paxos::RegisterPtr value;
    std::set<NodeId> by;  // a majority of the owners
  };

  void remember(const Slot& slot, Promised promised) {
    static_cast<void>(take(slot));
    bytes_ += promised.value->value.size();
    oldest_.emplace(next_, slot);
    keys_.emplace(slot, std::pair(next_++, std::move(promised)));
    while (keys_.size() > kKeysMax || bytes_ > kBytesMax) static_cast<void>(take(oldest_.begin()->second));
  }

  // What is known of the key, and no more afterwards.
  std::optional<Promised> take(const Slot& slot) {
    const auto known = keys_.find(slot);
    if (known == keys_.end()) return std::nullopt;
    Promised promised = std::move(known->second.second);
    oldest_.erase(known->second.first);
    keys_.erase(known);
    bytes_ -= promised.value->value.size();
    return promised;
  }

 private:
  std::map<Slot, std::pair<std::uint64_t, Promised>> keys_;
  std::map<std::uint64_t, Slot> oldest_;
  std::uint64_t next_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace shoal
