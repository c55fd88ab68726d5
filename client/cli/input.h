// Reading what the user feeds in.
#pragma once

#include <cstdio>
#include <string>

#include "node/base/result.h"

namespace shoal::cli {

// The rest of a stream, but not much more than the largest value: what is longer is refused later anyway.
Result<std::string> read_value(std::FILE* stream, const std::string& name);
Result<std::string> read_value_file(const std::string& path);

}  // namespace shoal::cli
