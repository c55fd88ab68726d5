// Store: what the brain needs of a disk. LMDB implements it in a node, a map with simulated failures in the simulator.
//
// A write is visible to reads at once and belongs to a commit; the driver calls Node::durable(id) when that commit and
// all before it are on disk. Reads never wait for a sync. Single-threaded: one core, one store.
//
// Invariants every implementation keeps:
//  (1) durable(c) is reported only after everything written under ids <= c survives a power cut.
//  (2) After a crash, what was reported durable is there; what was not may be there or not, record by record.
//  (3) A write is never taken back while the process lives: a failed sync keeps it in memory, refuses new writes
//      through `admit`, and is tried again from the start with all bytes (never as if the first try had left some).
//  (4) The tree holds the digest of every own copy that is visible to reads, and of nothing else; after a crash as
//      well. What cannot be read any more counts as it did when it was written.
//  (5) What was durable at a place of acceptors is never answered with "nothing": when it is lost, by the disk or
//      because the store was restored from a snapshot, it cannot be read until somebody writes there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "merkle/tree.h"
#include "node/base/hash.h"
#include "node/base/ids.h"
#include "node/base/kind.h"
#include "node/base/result.h"
#include "node/paxos/acceptor.h"
#include "node/paxos/register.h"
#include "node/ring/membership.h"
#include "vclock/record.h"

namespace shoal {

// What this node has promised and accepted as a voter on a key of a strong bucket.
using KeyAcceptor = paxos::Acceptor<paxos::RegisterPtr>;
using KeyAcceptorPtr = std::shared_ptr<const KeyAcceptor>;

// The same of the membership document that comes after number `follows`.
struct TopologyVote {
  Epoch follows;
  paxos::Acceptor<std::optional<Membership>> acceptor;
  friend bool operator==(const TopologyVote&, const TopologyVote&) = default;
};
using TopologyVotePtr = std::shared_ptr<const TopologyVote>;

// What one replica holds for one key.
struct Entry {
  Key key;
  Record record;
  Ownership ownership;
  Kind kind = Kind::siblings;  // of the key's bucket
  std::uint64_t losers = 0;    // concurrent values that this replica dropped, in a bucket of kind lww
  Hash128 digest;              // of its slot and the record's causal state (state_digest.h)
  KeyAcceptorPtr acceptor;     // at Place::acceptor_of alone, and then there is no record
  TopologyVotePtr vote;        // at Place::vote() alone, and then there is nothing else
  friend bool operator==(const Entry&, const Entry&) = default;
};
using EntryPtr = std::shared_ptr<const Entry>;

// Where an entry lies: this node's own copy of a slot; a hint, the state of the slot that `owner` has missed; or what
// this node remembers as an acceptor of the slot's key. In this order.
struct Place {
  static constexpr NodeId kAcceptor{~std::uint64_t{0}};  // no node's id

  NodeId owner;  // 0: this node's own copy
  Slot slot;

  Place() = default;
  Place(const Slot& own) : slot(own) {}  // NOLINT(google-explicit-constructor)
  Place(NodeId missed_by, const Slot& missed) : owner(missed_by), slot(missed) {}

  static Place acceptor_of(const Slot& slot) { return {kAcceptor, slot}; }
  // This node's vote on the next membership document stands behind all of them.
  static Place vote() { return acceptor_of({.hi = ~std::uint64_t{0}, .lo = ~std::uint64_t{0}}); }

  [[nodiscard]] bool is_own() const { return owner.value == 0; }
  [[nodiscard]] bool is_acceptor() const { return owner == kAcceptor; }
  [[nodiscard]] bool is_hint() const { return !is_own() && !is_acceptor(); }
  auto operator<=>(const Place&) const = default;
};

struct PlacedEntry {
  Place place;
  EntryPtr entry;  // null: it is there and cannot be read
};

struct PlacedDigest {
  Slot slot;
  Hash128 digest;
};

class Store {
 public:
  virtual ~Store() = default;

  // nullptr: nothing is held. Errc::corrupt or Errc::io: the answer is "don't know", never "absent".
  virtual Result<EntryPtr> read(const Place& place) = 0;

  // Up to `limit` entries with places in (after, end), or [begin, end) when `after` is absent, ascending. Own copies,
  // hints or acceptors, one of them in one scan.
  virtual Result<std::vector<PlacedEntry>> scan(const Place& begin, const Place& end, std::optional<Place> after,
                                                std::size_t limit) = 0;

  // The digests of the own copies in [begin, end) as they were written, ascending. Reads no values and verifies
  // nothing: a range may hold large records and cost little.
  virtual Result<std::vector<PlacedDigest>> scan_digests(const Place& begin, const Place& end) = 0;

  // May new client writes be taken? Errc::no_space, Errc::io or Errc::overloaded with a sentence otherwise.
  virtual Status admit() = 0;
  // May states that peers send be taken? A far higher bound, for memory's sake: whoever is refused keeps the state, as
  // a hint or a mark, and comes again. Errc::overloaded otherwise.
  virtual Status admit_peers() = 0;

  virtual CommitId write(const Place& place, EntryPtr entry) = 0;
  // Nothing is held there any more: a delivered hint, or an own copy that cannot be read and that no owner knows of.
  virtual CommitId erase(const Place& place) = 0;

  // The membership document, in the same commits as records, and never made to wait in `relaxed`. Whoever drives the
  // node reads it back at the next start and hands it over in NodeConfig.
  virtual CommitId save_document(const Membership& document) = 0;

  // The commit is synced as soon as the disk can, in `relaxed` as well: somebody's word depends on it.
  virtual void hurry(CommitId commit) = 0;

  // Own records held, tombstones included; may lag behind by the commits in flight.
  virtual std::uint64_t records() = 0;

  // The digests of own copies. Of one partition until a document was saved that says how many there are.
  [[nodiscard]] virtual const Tree& tree() const = 0;
  // What the records of a leaf add up to by themselves, when the tree says otherwise: bytes on the disk have changed.
  virtual void correct(const TreeNode& leaf, const Digest& digest) = 0;
};

}  // namespace shoal
