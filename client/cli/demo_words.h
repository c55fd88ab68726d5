// What the acts of the demo share.
#pragma once

#include <array>
#include <chrono>
#include <cstdio>
#include <set>
#include <string>

#include "client/shoal/client.hpp"

namespace shoal::cli {

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline std::string rounded(double value, int digits = 1) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

// The digests of what the owners hold; "" of one that holds nothing. One alone: they hold the same.
inline std::set<std::string> owner_states(const Explanation& explained) {
  std::set<std::string> states;
  for (const ReplicaReport& replica : explained.replicas)
    if (replica.owner) states.insert(replica.copy ? replica.copy->digest : "");
  return states;
}

}  // namespace shoal::cli
