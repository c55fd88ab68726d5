// Tree walk: one exchange (merkle/exchange.h) of this node's tree with a peer's, as questions and answers. Finds what
// differs, and changes nothing but digests that turn out to be wrong.
//
//   here -> peer    ComparePair, CompareBranches, CompareElements
//   peer -> here    PairCompared, BranchesCompared, ElementsCompared
//
// Invariant: a record is named as differing only after its two digests were compared, and differed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "merkle/exchange.h"
#include "node/core/message.h"
#include "node/core/services.h"

namespace shoal {

class TreeWalk {
 public:
  // `services` outlives the walk.
  TreeWalk(Services& services, NodeId peer);

  // Sends the next question to the peer. False: everything was compared. Precondition: the last one was answered, and
  // the walk is not stale.
  bool ask(CallId call, Now now);
  // The answer to the last question. False: it is no answer, a refusal, or the membership document has changed since:
  // the walk is over.
  [[nodiscard]] bool take(const PairCompared& answer);
  [[nodiscard]] bool take(const BranchesCompared& answer);
  // What differs, as the peer holds it.
  [[nodiscard]] std::optional<std::vector<Element>> take(const ElementsCompared& answer);

  [[nodiscard]] NodeId peer() const { return peer_; }
  [[nodiscard]] const std::vector<PartitionId>& shared() const { return shared_; }
  [[nodiscard]] std::size_t partitions_done() const { return exchange_.partitions_done(); }
  // The membership document has changed since: the trees' shared part may be another.
  [[nodiscard]] bool stale() const { return services_.topology.document().epoch != epoch_; }
  // The peer has answered once.
  [[nodiscard]] bool begun() const { return exchange_.begun(); }
  // The peer held the same of everything when it was asked.
  [[nodiscard]] bool equal() const { return exchange_.equal(); }
  // Leaves compared record by record so far.
  [[nodiscard]] const std::map<PartitionId, std::uint32_t>& leaves_that_differed() const { return leaves_; }
  // In questions and answers, about.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  void send(CallId call, const Exchange::Leaves& leaves);
  [[nodiscard]] bool is_valid(Errc outcome) const { return outcome == Errc::ok && !stale(); }

  Services& services_;
  const NodeId peer_;
  const Epoch epoch_;
  const std::vector<PartitionId> shared_;
  Exchange exchange_;
  Instant asked_at_{};  // the first question
  // The leaves at hand, and where among them those stand that could be asked for.
  std::size_t at_hand_ = 0;
  std::vector<std::pair<LeafId, std::size_t>> asked_;
  std::size_t done_ = 0;  // of those at hand
  std::map<PartitionId, std::uint32_t> leaves_;
  std::uint64_t bytes_ = 0;
};

// The partitions that both own, ascending.
std::vector<PartitionId> shared_partitions(const PreferenceLists& ring, NodeId a, NodeId b);

}  // namespace shoal
