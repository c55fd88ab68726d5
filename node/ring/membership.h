// The membership document: who belongs to the cluster, numbered by epoch.
//
// Placement is a pure function of it. A higher epoch wins; two documents of one epoch with different content are a
// split brain and stop the node. Liveness never changes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/hash.h"
#include "node/base/ids.h"
#include "node/base/kind.h"

namespace shoal {

inline constexpr std::uint32_t kPartitionsMin = 256;
inline constexpr std::uint32_t kPartitionsMax = 65536;
inline constexpr std::uint32_t kPartitionsDefault = 4096;
inline constexpr std::uint32_t kReplicasDefault = 3;
inline constexpr std::uint32_t kReplicasMax = 9;
inline constexpr std::uint32_t kWeightMax = 65535;
inline constexpr std::uint32_t kWeightDefault = 100;

enum class MemberState : std::uint8_t { joining = 0, member = 1, leaving = 2, removed = 3 };

const char* to_string(MemberState state);

struct Member {
  NodeId id;
  std::string name;     // unique among members that are not removed
  std::string address;  // HOST:PORT of clients, as other machines reach it; peers listen on PORT+1, gossip on PORT+3
  std::string zone;
  std::uint32_t weight = kWeightDefault;  // 1..kWeightMax, relative capacity
  MemberState state = MemberState::member;
  friend bool operator==(const Member&, const Member&) = default;
};

// A document is chosen by a majority of the voters that the one before it names.
inline constexpr std::size_t kVotersMax = 7;

inline constexpr std::size_t kBucketsMax = 1000;

// Keys live in buckets. `kind` never changes; r and w are what requests get that do not say otherwise.
struct Bucket {
  std::string name;  // 1 to kBucketBytesMax bytes
  Kind kind = Kind::siblings;
  std::int32_t r = 0;  // 0: a majority of the owners, -1: all of them
  std::int32_t w = 0;
  friend bool operator==(const Bucket&, const Bucket&) = default;
};

struct Membership {
  ClusterId cluster;
  HashKey cluster_key;
  Epoch epoch;
  std::uint32_t partitions = kPartitionsDefault;  // Q, a power of two, fixed for ever
  std::uint32_t replicas = kReplicasDefault;      // n, fixed for ever
  NodeId founder;
  std::vector<NodeId> voters;   // sorted, 1 to kVotersMax: a majority of them chooses the next document
  bool voters_named = false;    // by a person: the cluster does not choose others by itself
  bool forming = true;          // members may still join; closed for good before the first client write
  std::vector<Member> members;  // sorted by id; removed ones stay, their ids never come back
  std::vector<Bucket> buckets;  // sorted by name; "default" is there even when it is not listed
  friend bool operator==(const Membership&, const Membership&) = default;

  [[nodiscard]] const Member* find(NodeId id) const;
  [[nodiscard]] const Member* find(const std::string& name) const;  // not among removed members
  [[nodiscard]] const Bucket* bucket(std::string_view name) const;  // nullptr: there is none
  // `voters`, or the founder alone in a document of a release that had none.
  [[nodiscard]] std::vector<NodeId> choosers() const;
};

// A document that every invariant above holds for. Decoding asks before anybody else sees it.
bool well_formed(const Membership& document);

}  // namespace shoal
