#include "node/ring/preference_list.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "node/base/check.h"
#include "node/ring/rendezvous.h"

namespace shoal {

namespace {

bool holds_data(const Member& member) {
  return member.state != MemberState::removed && member.state != MemberState::joining;
}

// Everything that ranks depend on is the same.
bool ranks_alike(const Membership& a, const Membership& b) {
  const auto alike = [](const Member& x, const Member& y) {
    return x.id == y.id && holds_data(x) == holds_data(y) && x.weight == y.weight && x.zone == y.zone;
  };
  return a.cluster_key == b.cluster_key && a.partitions == b.partitions && a.replicas == b.replicas &&
         std::ranges::equal(a.members, b.members, alike);
}

std::vector<NodeId> rank_all(const Membership& document) {
  std::vector<const Member*> holders;
  std::vector<std::string> zones;
  for (const Member& member : document.members) {
    if (!holds_data(member)) continue;
    holders.push_back(&member);
    zones.push_back(member.zone);
  }
  std::vector<NodeId> ranked;
  ranked.reserve(holders.size() * document.partitions);
  std::vector<Candidate> candidates(holders.size());
  for (std::uint32_t p = 0; p < document.partitions; ++p) {
    for (std::uint32_t i = 0; i < holders.size(); ++i) {
      const std::uint64_t hash = draw(document.cluster_key, PartitionId{p}, holders[i]->id);
      candidates[i] = Candidate{i, negative_log2(hash), holders[i]->weight};
    }
    for (const std::uint32_t index : rank_with_zones(candidates, zones, document.replicas))
      ranked.push_back(holders[index]->id);
  }
  return ranked;
}

}  // namespace

PreferenceLists::PreferenceLists(Membership document, const PreferenceLists* before) : document_(std::move(document)) {
  SHOAL_CHECK(well_formed(document_));
  const bool alike = before != nullptr && ranks_alike(document_, before->document_);
  ranked_ = alike ? before->ranked_ : std::make_shared<const std::vector<NodeId>>(rank_all(document_));
  width_ = ranked_->size() / document_.partitions;
}

PartitionId PreferenceLists::partition_of(const Slot& slot) const {
  return {static_cast<std::uint32_t>(slot.hi >> (64 - std::countr_zero(document_.partitions)))};
}

Slot PreferenceLists::first_slot(PartitionId partition) const {
  return {std::uint64_t{partition.value} << (64 - std::countr_zero(document_.partitions)), 0};
}

std::span<const NodeId> PreferenceLists::ranked(PartitionId partition) const {
  SHOAL_CHECK(partition.value < document_.partitions);
  return std::span(*ranked_).subspan(partition.value * width_, width_);
}

std::span<const NodeId> PreferenceLists::owners(PartitionId partition) const {
  return ranked(partition).first(std::min<std::size_t>(width_, document_.replicas));
}

std::span<const NodeId> PreferenceLists::fallbacks(PartitionId partition) const {
  return ranked(partition).subspan(std::min<std::size_t>(width_, document_.replicas));
}

bool PreferenceLists::owns(NodeId node, PartitionId partition) const {
  const auto owners_here = owners(partition);
  return std::ranges::find(owners_here, node) != owners_here.end();
}

}  // namespace shoal
