// What is on a disk when the power goes: the operations that a FaultyDisk remembers, replayed.
#pragma once

#include <filesystem>
#include <vector>

#include "node/base/rng.h"
#include "tests/io/faulty_disk.h"

namespace shoal::test {

// Which of the pages, sizes and names that no sync has settled are on the disk.
enum class Unsynced { lost, half, kept };

// Writes into the empty folder `to` what `from` may hold when the power goes during operation `cut - 1`. What was
// synced before is there; of what was changed since, a random half, or nothing, or all. What a failed sync was to save
// counts as clean: no later sync brings it to the disk. Names are not lost like that: a file system that cannot write
// its journal does not go on.
void cut_power(const std::vector<DiskOp>& ops, std::size_t cut, Unsynced unsynced, Rng& rng,
               const std::filesystem::path& from, const std::filesystem::path& to);

// What is in the folder now, as operations that are all on the disk: the beginning of a further life.
std::vector<DiskOp> ops_that_made(const std::filesystem::path& folder);

}  // namespace shoal::test
