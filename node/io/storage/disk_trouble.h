// What a disk's refusal means, and what to tell people. Codes are errno's.
#pragma once

#include <filesystem>
#include <string>

#include "node/base/result.h"

namespace shoal {

// Errc::no_space or Errc::io.
Errc disk_errc(int code);

// LMDB and the kernel call a write that was cut short EIO. It is a full disk (ENOSPC) when there is no room left.
int full_or_broken(int code, const std::filesystem::path& dir);

// Why nothing more can be saved there for now, and what the node does about it.
Error disk_trouble(int code, const std::filesystem::path& dir);

}  // namespace shoal
