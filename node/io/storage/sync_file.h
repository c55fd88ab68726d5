// Small files that survive a power cut.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace shoal {

// Makes the names in a folder durable: a new file is lost without it, however well its bytes are synced.
Status sync_directory(const std::filesystem::path& dir);

// Makes the bytes of a file durable that somebody else has written.
Status sync_file(const std::filesystem::path& file);

// Errc::corrupt when a synced copy is not what it was copied from. What the system still remembers of the copy is
// dropped first, where that can be asked for: it is the disk that is read.
Status verify_copy(const std::filesystem::path& original, const std::filesystem::path& copy);

// Replaces `file` as a whole: afterwards it holds either the old bytes or the new ones, and the new ones when this
// succeeds.
Status write_durably(const std::filesystem::path& file, std::string_view bytes);

// Errc::not_found when there is no such file; Errc::too_large beyond `bytes_max`.
Result<std::string> read_small(const std::filesystem::path& file, std::size_t bytes_max);

}  // namespace shoal
