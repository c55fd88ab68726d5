// What is on a disk when the power goes: the operations that a FaultyDisk remembers, replayed.
#pragma once

#include <filesystem>
#include <vector>

#include "node/base/rng.h"
#include "tests/io/faulty_disk.h"

namespace shoal::test {

// Writes into the empty folder `to` what `from` may hold when the power goes during operation `cut - 1`. What was
// synced before is there; of the pages and names that were changed since, a random part is. What a failed sync was to
// save counts as clean: no later sync brings it to the disk.
void cut_power(const std::vector<DiskOp>& ops, std::size_t cut, Rng& rng, const std::filesystem::path& from,
               const std::filesystem::path& to);

}  // namespace shoal::test
