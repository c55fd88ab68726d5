#pragma once

#include <cstdint>

#include "vclock/dot.h"

namespace shoal {

inline constexpr Actor kRegisterActor{Incarnation{~std::uint64_t{0}}, 0};

}  // namespace shoal
