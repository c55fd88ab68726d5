// What one store on one disk carries: five studies, each printed as it goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "node/base/result.h"
#include "node/io/storage/disk_store.h"

namespace shoal {

struct StoreBenchSettings {
  std::filesystem::path dir;  // empty, and gone afterwards
  std::uint64_t records = 1'000'000;
  std::size_t value_bytes = 100;
  double seconds = 5;  // of each measurement
  int rounds = 3;
  std::size_t inflight = 48;
  std::size_t overlay_mib = 256;
  bool sync = true;
};

// Puts per second at 1, 48 and 256 in flight: LMDB's own sync, and the store in both modes, alternating; and the floor,
// fdatasync of an appended block. Medians of the rounds.
Status study_durable(const StoreBenchSettings& settings);

// Puts of each second under a steady closed loop, long enough that checkpoints run all the time: once with the overlay
// that was asked for, once with a small one, and once on LMDB's own sync.
Status study_steady(const StoreBenchSettings& settings);

// Puts into a data set four times as large as the page cache that the process may use, beside the same without a
// limit, alternating. Says why and does nothing where no memory can be limited.
Status study_large(const StoreBenchSettings& settings);

// Puts into two stores, one of which keeps digests for the Merkle tree and one of which does not, alternating.
Status study_digests(const StoreBenchSettings& settings);

// One store takes `records` unique keys: rate, disk and memory; and the time to open it again, after a clean end and
// after a kill with as much in the log as there ever is.
Status study_fill(const StoreBenchSettings& settings);

// ---- what they share ----

// As a node opens its store.
StoreOptions store_options(const StoreBenchSettings& settings, const std::filesystem::path& dir, bool sync);

double median(std::vector<double> values);

}  // namespace shoal
