#include "node/ring/membership.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "node/base/limits.h"

namespace shoal {
namespace {

bool names_are_unique(const std::vector<Member>& members) {
  std::vector<std::string_view> names;
  for (const Member& member : members)
    if (member.state != MemberState::removed) names.push_back(member.name);
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) == names.end();
}

bool is_valid_bucket(const Bucket& bucket, std::int32_t replicas) {
  const auto quorum = [&](std::int32_t asked) { return asked >= -1 && asked <= replicas; };
  return !bucket.name.empty() && bucket.name.size() <= kBucketBytesMax && quorum(bucket.r) && quorum(bucket.w);
}

bool buckets_are_valid(const Membership& document) {
  const auto replicas = static_cast<std::int32_t>(document.replicas);
  const auto unordered = [](const Bucket& a, const Bucket& b) { return a.name >= b.name; };
  return document.buckets.size() <= kBucketsMax &&
         std::ranges::all_of(document.buckets, [&](const Bucket& b) { return is_valid_bucket(b, replicas); }) &&
         std::ranges::adjacent_find(document.buckets, unordered) == document.buckets.end();
}

bool voters_are_valid(const Membership& document) {
  const auto is_member = [&](NodeId voter) { return document.find(voter) != nullptr; };
  return document.voters.size() <= kVotersMax && std::ranges::all_of(document.voters, is_member) &&
         std::ranges::adjacent_find(document.voters, std::ranges::greater_equal()) == document.voters.end();
}

}  // namespace

const char* to_string(MemberState state) {
  switch (state) {
    case MemberState::joining: return "joining";
    case MemberState::member: return "member";
    case MemberState::leaving: return "leaving";
    case MemberState::removed: return "removed";
  }
  return "unknown";
}

const Member* Membership::find(NodeId id) const {
  const auto it = std::lower_bound(members.begin(), members.end(), id,
                                   [](const Member& member, NodeId wanted) { return member.id < wanted; });
  return it != members.end() && it->id == id ? &*it : nullptr;
}

const Member* Membership::find(const std::string& name) const {
  const auto it = std::ranges::find_if(
      members, [&](const Member& member) { return member.state != MemberState::removed && member.name == name; });
  return it != members.end() ? &*it : nullptr;
}

const Bucket* Membership::bucket(std::string_view name) const {
  static const Bucket kDefault{.name = std::string(kDefaultBucket)};
  const auto it = std::ranges::lower_bound(buckets, name, {}, &Bucket::name);
  if (it != buckets.end() && it->name == name) return &*it;
  return name == kDefaultBucket ? &kDefault : nullptr;
}

std::vector<NodeId> Membership::choosers() const { return voters.empty() ? std::vector{founder} : voters; }

bool well_formed(const Membership& document) {
  const auto valid = [](const Member& member) {
    return member.id.value != 0 && !member.name.empty() && !member.address.empty() && member.weight >= 1 &&
           member.weight <= kWeightMax && member.state <= MemberState::removed;
  };
  const auto ascending = [](const Member& a, const Member& b) { return a.id >= b.id; };
  return document.cluster.value != 0 && document.epoch.value != 0 && std::has_single_bit(document.partitions) &&
         document.partitions >= kPartitionsMin && document.partitions <= kPartitionsMax && document.replicas >= 1 &&
         document.replicas <= kReplicasMax && !document.members.empty() &&
         std::ranges::all_of(document.members, valid) &&
         std::ranges::adjacent_find(document.members, ascending) == document.members.end() &&
         names_are_unique(document.members) && buckets_are_valid(document) && voters_are_valid(document);
}

}  // namespace shoal
