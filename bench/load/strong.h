// Puts and gets of a strong bucket beside a 3-node etcd, both synced, in one run on this machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "node/base/result.h"

namespace shoal {

struct StrongSettings {
  std::filesystem::path dir;
  int seconds = 3;             // of each measurement
  int runs = 3;                // taking turns; ratios are of their medians
  std::uint64_t keys = 1'000;  // put again and again: a key that this node put last takes one round trip
  std::size_t value_bytes = 100;
};

Status bench_strong(const StrongSettings& settings);

}  // namespace shoal
