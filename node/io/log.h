// Logging: spdlog with levels, a rotated file, and JSON lines for machines.
#pragma once

#include "node/base/result.h"
#include "node/io/config.h"

namespace shoal {

// Sets the process's default logger.
Status start_logging(const Config& config);

}  // namespace shoal
