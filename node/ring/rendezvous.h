// Weighted rendezvous hashing: every member draws a cost for every partition, and the cheapest come first.
//
// A member's cost is -log2(u) / weight with u in (0,1) from a hash of (partition, member): the probability to come
// first is then proportional to weight, and adding a member moves only what it wins. One ranking gives both the owners
// and the order of the fallbacks. (Thaler and Ravishankar, 1998; weights by the exponential race of Efraimidis and
// Spirakis, 2006.)
//
// Integers only, so that all platforms agree bit for bit: the logarithm is fixed-point with 48 fractional bits,
// computed by repeated squaring.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "node/base/hash.h"
#include "node/base/ids.h"

namespace shoal {

// -log2((hash + 1/2) / 2^64) with 48 fractional bits: 0 is never reached, 65 << 48 bounds it.
std::uint64_t negative_log2(std::uint64_t hash);

struct Candidate {
  std::uint32_t index = 0;  // the caller's name for it; breaks ties
  std::uint64_t cost = 0;   // negative_log2 of its hash
  std::uint32_t weight = 1;
};

// Cheapest first: cost / weight, compared without dividing.
bool cheaper(const Candidate& a, const Candidate& b);

// The draw of one member for one partition under the cluster's key.
std::uint64_t draw(const HashKey& key, PartitionId partition, NodeId node);

// Owners first, then fallbacks in rank order. Owners: the best of each zone that has none yet until min(n, zones)
// zones are used, then the best remaining; `zones[index]` names a candidate's zone. Returns indexes.
std::vector<std::uint32_t> rank_with_zones(std::vector<Candidate> candidates, const std::vector<std::string>& zones,
                                           std::uint32_t owners);

}  // namespace shoal
