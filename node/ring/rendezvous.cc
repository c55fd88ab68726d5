#include "node/ring/rendezvous.h"

#include <algorithm>
#include <bit>
#include <set>
#include <tuple>

#include "node/base/bytes.h"

namespace shoal {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kFractionBits = 48;

}  // namespace

std::uint64_t negative_log2(std::uint64_t hash) {
  // x = 2 * hash + 1 stands for hash + 1/2 exactly; -log2((hash + 1/2) / 2^64) = 65 - log2(x).
  const Wide x = (Wide{hash} << 1) | 1;
  const int high = hash == 0 ? 0 : 64 - std::countl_zero(hash);      // position of the top bit of x
  Wide mantissa = high <= 63 ? x << (63 - high) : x >> (high - 63);  // in [2^63, 2^64): 1.xxx with 63 fractional bits
  std::uint64_t log2 = static_cast<std::uint64_t>(high);
  for (int bit = 0; bit < kFractionBits; ++bit) {
    mantissa = (mantissa * mantissa) >> 63;
    const bool carry = (mantissa >> 64) != 0;
    log2 = (log2 << 1) | (carry ? 1 : 0);
    if (carry) mantissa >>= 1;
  }
  return (std::uint64_t{65} << kFractionBits) - log2;
}

bool cheaper(const Candidate& a, const Candidate& b) {
  const Wide left = Wide{a.cost} * b.weight;
  const Wide right = Wide{b.cost} * a.weight;
  return std::tie(left, a.index) < std::tie(right, b.index);
}

std::uint64_t draw(const HashKey& key, PartitionId partition, NodeId node) {
  std::string bytes;
  append_u64(bytes, partition.value);
  append_u64(bytes, node.value);
  return hash128(key, bytes).hi;
}

std::vector<std::uint32_t> rank_with_zones(std::vector<Candidate> candidates, const std::vector<std::string>& zones,
                                           std::uint32_t owners) {
  std::ranges::sort(candidates, cheaper);
  std::set<std::string> used;
  std::vector<std::uint32_t> ranked;
  std::vector<std::uint32_t> rest;
  for (const Candidate& candidate : candidates) {
    const bool fresh_zone = ranked.size() < owners && used.insert(zones[candidate.index]).second;
    (fresh_zone ? ranked : rest).push_back(candidate.index);
  }
  ranked.insert(ranked.end(), rest.begin(), rest.end());
  return ranked;
}

}  // namespace shoal
