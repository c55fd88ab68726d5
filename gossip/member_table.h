// Member table: the newest that is known of every member but this one.
//
// A member's states form a chain, so that merging what anybody says, in any order and however often, gives every node
// the same answer. The order, first difference decides:
//   1. the incarnation: a later process start replaces everything that was said of an earlier life
//   2. inc_no, the refutation number: only the member itself raises it, to contradict an accusation
//   3. dead > suspect > alive: an accusation stands until it is refuted
// (SWIM, Das et al. 2002, section 4.2, with the incarnation in front.)
//
// Members come from the membership document; rumours never add one.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "gossip/liveness.h"
#include "node/base/hash.h"
#include "node/base/ids.h"
#include "node/base/time.h"

namespace shoal {

struct PeerState {
  Incarnation incarnation;  // none: never heard of since this process started
  std::uint64_t inc_no = 0;
  Liveness liveness = Liveness::alive;
  auto operator<=>(const PeerState&) const = default;
};

constexpr PeerState newer(const PeerState& a, const PeerState& b) { return a < b ? b : a; }

class MemberTable {
 public:
  struct Entry {
    PeerState state;
    Instant since{};    // when its liveness changed last, or when it was added
    Instant started{};  // when this life of it was first heard of, or when it was added
  };
  using Entries = std::map<NodeId, Entry>;

  // Alive until something else is heard. Does nothing when it is there already.
  void add(NodeId node, Instant now) { entries_.try_emplace(node, Entry{{}, now, now}); }
  void remove(NodeId node);

  // nullptr: not a member.
  [[nodiscard]] const Entry* find(NodeId node) const {
    const auto it = entries_.find(node);
    return it == entries_.end() ? nullptr : &it->second;
  }
  [[nodiscard]] bool is(NodeId node, Liveness liveness) const {
    const Entry* entry = find(node);
    return entry != nullptr && entry->state.liveness == liveness;
  }

  // True when `state` is newer than what was known. Precondition: a member.
  bool merge(NodeId node, const PeerState& state, Instant now);

  [[nodiscard]] const Entries& entries() const { return entries_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t dead() const { return dead_; }
  // The next dead member after `node`, going round; none when nobody is dead.
  [[nodiscard]] NodeId next_dead_after(NodeId node) const;

  // Of all states, `self` among them: equal where the same is known.
  [[nodiscard]] Hash128 digest(NodeId self, const PeerState& own) const;

 private:
  Entries entries_;
  std::size_t dead_ = 0;
};

}  // namespace shoal
