// Folder check: reads every structure of a stopped node's data folder and says what it found. Changes nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "node/base/result.h"

namespace shoal {

struct FolderCheck {
  std::vector<std::string> found;  // one sentence for each part, in order
  std::vector<std::string> wrong;  // one for each thing that is damaged or missing; the first kDamagesTold of many
  std::uint64_t damages = 0;
  std::uint64_t records = 0;  // in LMDB
  std::uint64_t hints = 0;
  std::uint64_t acceptors = 0;
};

inline constexpr std::size_t kDamagesTold = 20;

// An error when the folder cannot be looked at: it is none, is in use, is of a newer format, or cannot be read.
Result<FolderCheck> check_folder(const std::filesystem::path& dir);

}  // namespace shoal
