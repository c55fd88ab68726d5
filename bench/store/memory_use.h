// What this process holds in memory that is its own: not LMDB's mapped pages, which the system takes back as it needs.
#pragma once

#include <cstdint>

namespace shoal {

// RssAnon now; 0 where the system does not tell.
std::uint64_t anonymous_bytes();

}  // namespace shoal
