// What nodes hold of a key, as text and as JSON.
#pragma once

#include <string>
#include <vector>

#include "client/cli/output.h"

namespace shoal::cli {

std::string joined(const std::vector<std::string>& words, const char* separator = ", ");
// "INCARNATION/EPOCH:COUNTER ..."
std::string clock_text(const Holding& holding);
// [{"actor": ..., "counter": ...}, ...]
Json clock_json(const Holding& holding);

}  // namespace shoal::cli
