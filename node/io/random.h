// The system's chance, for what must differ from everybody else's: ids, salts, seeds.
#pragma once

#include <cstdint>

namespace shoal {

std::uint64_t random_u64();

// Never 0, which means "none" where ids are used.
std::uint64_t random_id();

}  // namespace shoal
