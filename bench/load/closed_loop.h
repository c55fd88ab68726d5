// Closed loop: a fixed number of requests in flight, each replaced when it is answered. Says what the system can carry;
// says little about latency under a given rate.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bench/load/histogram.h"
#include "client/shoal/client.hpp"

namespace shoal {

enum class LoadKind : std::uint8_t { put, get };

struct LoadOptions {
  LoadKind kind = LoadKind::put;
  int inflight = 48;
  std::string bucket = "default";
  std::string prefix = "key:";
  std::uint64_t keys = 100'000;  // at least `inflight`
  std::size_t value_bytes = 100;
  std::chrono::milliseconds warm_up{500};
  std::chrono::milliseconds duration{3000};
  std::uint64_t seed = 1;
};

struct LoadResult {
  std::uint64_t operations = 0;  // answered well, after the warm-up
  std::uint64_t errors = 0;
  double seconds = 0;
  Histogram latency;
  std::string first_error;

  [[nodiscard]] double per_second() const { return static_cast<double>(operations) / seconds; }
};

// A get reads keys that fill() wrote. A put replaces what this run wrote last under the key, with the context of that
// write; give it a prefix of its own. Each request in flight has keys of its own, so that no two race for one.
LoadResult run_closed_loop(Client& client, const LoadOptions& options);

// The names of a data set's keys.
std::string numbered_key(const std::string& prefix, std::uint64_t index);

// Writes every key once.
Status fill(Client& client, const LoadOptions& options);

}  // namespace shoal
