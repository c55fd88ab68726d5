// What an outage costs those who go on: two studies on real nodes of this machine, each the median of several runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "node/base/result.h"

namespace shoal {

struct OutageSettings {
  std::filesystem::path dir;
  std::uint64_t keys = 20'000;  // that are read and written at a steady rate
  std::size_t value_bytes = 100;
  int seconds = 5;  // of each phase
  int outage_seconds = 60;
  std::uint64_t storm_keys = 200'000;  // written during the outage
  int runs = 3;
};

// One of three replicas is stopped (SIGSTOP) under a third of the load that the cluster can carry: latencies before, in
// the first 5 s, and afterwards; and how many writes a put became, by attempts at more than one node.
Status study_hang(const OutageSettings& settings);

// One of five nodes is away (SIGKILL) while as much is written as goes, and comes back: hints kept, the time until they
// are delivered, the holders' memory, and latencies under a third of the load before, meanwhile, and afterwards.
Status study_hint_storm(const OutageSettings& settings);

}  // namespace shoal
