// Read answers: what a read has been told, merged. Decides; sends nothing.
//
// The idea (Dynamo's and Cassandra's digest reads): one replica sends its record, the others only the digest of theirs.
// A digest that equals that of a record which is here says "I hold just that" and needs no more. Any other digest is
// *unexplained* until its replica has sent the record itself.
//
// Invariants:
//  (1) What a known replica held when it answered is covered by the merged record.
//  (2) The merged record is the join of whole records: nothing is in it that no replica sent.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "node/base/hash.h"
#include "node/base/kind.h"
#include "node/core/message.h"

namespace shoal {

class ReadAnswers {
 public:
  ReadAnswers(Kind kind, const Slot& slot) : kind_(kind), slot_(slot) {}

  // An answer whose outcome is ok. A later one of the same replica replaces what is remembered of it.
  void add(NodeId from, const Fetched& reply);

  // What this replica held is in the merged record.
  [[nodiscard]] bool knows(NodeId node) const;
  [[nodiscard]] std::vector<NodeId> known() const;
  // Replicas whose digest nothing explains, one for each such digest.
  [[nodiscard]] std::vector<NodeId> unexplained() const;
  [[nodiscard]] bool is_unexplained(NodeId node) const { return held_.contains(node) && !knows(node); }
  // A record, or the word of a replica that it holds nothing, is here: digests will do from now on.
  [[nodiscard]] bool has_state() const { return !explained_.empty(); }

  [[nodiscard]] const Record& merged() const { return merged_; }
  // Replicas that answered and did not hold all of the merged record.
  [[nodiscard]] std::vector<NodeId> behind() const;
  // Two replicas answered with different records.
  [[nodiscard]] bool differed() const { return differed_; }

 private:
  [[nodiscard]] Hash128 digest_of(const Record& record) const;

  Kind kind_;
  Slot slot_;
  std::map<NodeId, Hash128> held_;  // digests; zero: nothing
  std::set<Hash128> explained_;     // digests of what was merged
  Record merged_;
  Hash128 merged_digest_;
  bool differed_ = false;
};

}  // namespace shoal
