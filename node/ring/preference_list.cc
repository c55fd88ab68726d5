#include "node/ring/preference_list.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "node/base/check.h"
#include "node/ring/rendezvous.h"

namespace shoal {

PreferenceLists::PreferenceLists(Membership document) : document_(std::move(document)) {
  SHOAL_CHECK(well_formed(document_));
  std::vector<const Member*> holders;
  std::vector<std::string> zones;
  for (const Member& member : document_.members) {
    if (member.state == MemberState::removed || member.state == MemberState::joining) continue;
    holders.push_back(&member);
    zones.push_back(member.zone);
  }
  width_ = holders.size();
  ranked_.reserve(width_ * document_.partitions);
  std::vector<Candidate> candidates(width_);
  for (std::uint32_t p = 0; p < document_.partitions; ++p) {
    for (std::uint32_t i = 0; i < width_; ++i) {
      const std::uint64_t hash = draw(document_.cluster_key, PartitionId{p}, holders[i]->id);
      candidates[i] = Candidate{i, negative_log2(hash), holders[i]->weight};
    }
    for (const std::uint32_t index : rank_with_zones(candidates, zones, document_.replicas))
      ranked_.push_back(holders[index]->id);
  }
}

PartitionId PreferenceLists::partition_of(const Slot& slot) const {
  return {static_cast<std::uint32_t>(slot.hi >> (64 - std::countr_zero(document_.partitions)))};
}

Slot PreferenceLists::first_slot(PartitionId partition) const {
  return {std::uint64_t{partition.value} << (64 - std::countr_zero(document_.partitions)), 0};
}

std::span<const NodeId> PreferenceLists::ranked(PartitionId partition) const {
  SHOAL_CHECK(partition.value < document_.partitions);
  return std::span(ranked_).subspan(partition.value * width_, width_);
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
