// Membership documents for tests.
#pragma once

#include <algorithm>
#include <string>

#include "node/ring/membership.h"

namespace shoal {

inline NodeId node_id(std::uint64_t number) { return {0x1000 + number}; }

// Member `number`, alone in no zone.
inline Member member(std::uint64_t number, std::uint32_t weight = kWeightDefault, const std::string& zone = "") {
  Member out;
  out.id = node_id(number);
  out.name = std::string("n") + std::to_string(number);
  out.address = "host-" + out.name + ":7000";
  out.zone = zone;
  out.weight = weight;
  return out;
}

inline void add(Membership& document, const Member& newcomer) {
  document.members.push_back(newcomer);
  std::ranges::sort(document.members, {}, &Member::id);
}

inline Member& nth(Membership& document, std::uint64_t number) {
  return *std::ranges::find(document.members, node_id(number), &Member::id);
}

// Members 0..count-1, dealt out to zones z0, z1, ... in turn, or to no zone at all.
inline Membership cluster_of(std::uint64_t count, std::uint64_t zones = 0) {
  Membership document;
  document.cluster = {77};
  document.cluster_key.bytes.fill(9);
  document.epoch = {1};
  document.founder = node_id(0);
  for (std::uint64_t i = 0; i < count; ++i)
    add(document, member(i, kWeightDefault, zones == 0 ? "" : std::string("z") + std::to_string(i % zones)));
  return document;
}

}  // namespace shoal
