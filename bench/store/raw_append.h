// The floor under every durable put: one block appended to a file and synced, again and again.
#pragma once

#include <chrono>
#include <filesystem>

#include "node/base/result.h"

namespace shoal {

// `written`: into blocks that hold data already; otherwise into blocks that are only allocated. Syncs per second.
Result<double> raw_append_rate(const std::filesystem::path& dir, bool written, std::chrono::duration<double> duration);

}  // namespace shoal
