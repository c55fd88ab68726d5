// Reading what the user feeds in.
#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "node/base/result.h"

namespace shoal::cli {

// The rest of a stream, but not much more than the largest value: what is longer is refused later anyway.
Result<std::string> read_value(std::FILE* stream, const std::string& name);
Result<std::string> read_value_file(const std::string& path);

// A text of ours, 64 MiB at most; nothing when there is no such file.
Result<std::optional<std::string>> read_text_file(const std::string& path);
// Whoever reads the file finds the old text or the new one, also after a power cut.
Status replace_file(const std::string& path, const std::string& text);

}  // namespace shoal::cli
