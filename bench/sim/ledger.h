// Ledger: what the world knows about every write, because it sees into every disk. Clients and nodes never ask it.
//
// A node *holds* a dot when its record, or a hint that it keeps, covers the dot: on disk for a node that promises
// `sync`, in memory for a relaxed one. As long as one node holds a dot without a gap, the value must survive or be
// superseded by somebody who saw it; when the last holder loses it, the dot is orphaned and nothing is owed any more.
//
// It checks while it listens:
//  (1) a dot names one write for ever, and first appears at the node whose life minted it, or is the version of a
//      register, which nobody mints;
//  (2) a node's record never goes backwards;
//  (3) what a sync covered is still there after a crash;
//  (4) a hint is erased only when its owner has had all of it on its disk.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/sim/fault.h"
#include "bench/sim/store_witness.h"
#include "node/base/ids.h"
#include "vclock/record.h"

namespace shoal::sim {

struct DotFacts {
  Dot dot;
  Slot slot;
  RequestId request;
  Hlc hlc;
  bool tombstone = false;
  std::string value;
  NodeSet held = 0;
  NodeSet ever_held = 0;
  NodeSet ever_synced = 0;  // was on disk there at some time
  NodeSet lost = 0;         // a copy was destroyed there
  bool orphaned = false;    // at some time after the first holder there was none
};

// What names one write: a dot, with its key where each key counts for itself, as registers do.
using DotName = std::pair<Dot, Slot>;

class Ledger final : public StoreWitness {
 public:
  void set_relaxed(NodeSet relaxed) { relaxed_ = relaxed; }
  void named(std::uint32_t node, NodeId id) override { nodes_[id] = node; }
  void born(std::uint32_t node, Incarnation life) override { lives_[life] = node; }
  void wrote(std::uint32_t node, const Place& place, const Record* before, const Record& after) override;
  void synced(std::uint32_t node, const Slot& slot, const Record& record) override;
  void dropped_hint(std::uint32_t node, NodeId owner, const Slot& slot, const Record& hint) override;
  void erased(std::uint32_t node, const Slot& slot, const Record* left) override;
  void survived_crash(std::uint32_t node, const Slot& slot, const Record* left) override;
  void destroyed(std::uint32_t node, const Slot& slot, const Record& lost, const Record* left) override;

  // The dots that a client's operation made: more than one after a retry at another node.
  [[nodiscard]] std::vector<const DotFacts*> dots_of(const RequestId& request) const;
  [[nodiscard]] const std::map<DotName, DotFacts>& dots() const { return facts_; }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

 private:
  void learn(std::uint32_t node, const Slot& slot, const Sibling& sibling);
  static void release(DotFacts& facts, std::uint32_t node);
  void violation(std::string sentence);
  template <class Visit>
  void each_dot(const Slot& slot, Visit visit);

  NodeSet relaxed_ = 0;
  std::map<NodeId, std::uint32_t> nodes_;
  std::map<Incarnation, std::uint32_t> lives_;
  std::map<DotName, DotFacts> facts_;
  std::map<Slot, std::vector<DotFacts*>> by_slot_;
  std::map<RequestId, std::vector<DotFacts*>> by_request_;
  std::vector<std::string> violations_;
};

std::string to_text(const Dot& dot);
std::string to_text(const RequestId& request);

}  // namespace shoal::sim
