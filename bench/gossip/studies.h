// What is measured of the failure detector. Every study is a function of its options and seeds.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/gossip/summary.h"
#include "bench/gossip/world.h"

namespace shoal::gossip_sim {

// ---- how soon a death is seen, and what watching costs ---------------------------------------------------------

struct DetectionOptions {
  std::uint32_t nodes = 3;
  std::vector<std::uint64_t> seeds;
  std::uint32_t kills = 10;  // one after the other; each killed member comes back
  std::uint32_t loss_per_million = 0;
};

struct Detection {
  Summary first_probe;        // in periods, begun ones counted: from the death to the first probe of the dead member
  Summary declared;           // seconds from the death until somebody declares it
  Summary spread;             // seconds from then until all members know
  Summary messages;           // per member and second, while nothing happens
  Summary bytes;              // the same
  std::uint64_t unknown = 0;  // deaths that somebody had not heard of after a minute
};

Detection detect(const DetectionOptions& options);

// The mean of Detection::first_probe if every member drew its target at random in every period (SWIM, section 3.1).
double first_probe_in_theory(std::uint32_t nodes);

// ---- how often a healthy member is taken for dead --------------------------------------------------------------

struct FalsePositiveOptions {
  std::uint32_t nodes = 128;
  std::uint32_t slow = 1;
  Slowness slowness;
  bool lifeguard = true;
  std::vector<std::uint64_t> seeds;
  Duration lasts = std::chrono::minutes(2);
};

// Events, one for each observer, about members that are healthy.
struct FalsePositives {
  Summary deaths_at_healthy;  // per seed
  Summary suspicions_at_healthy;
  Summary deaths_anywhere;
  Summary messages;  // per member and second
};

FalsePositives false_positives(const FalsePositiveOptions& options);

// ---- how long it takes until all is well again -----------------------------------------------------------------

enum class Trouble : std::uint8_t { isolated_member, halves };

struct RecoveryOptions {
  std::uint32_t nodes = 5;
  Trouble trouble = Trouble::isolated_member;
  Duration lasts = std::chrono::minutes(3);
  std::vector<std::uint64_t> seeds;
};

struct Recovery {
  Summary no_dead;         // seconds from healing until nobody takes anybody for dead
  Summary all_alive;       // until nobody is even suspected, for good
  std::uint64_t open = 0;  // seeds that had not recovered after five minutes
};

Recovery recover(const RecoveryOptions& options);

}  // namespace shoal::gossip_sim
