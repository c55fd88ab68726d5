// "Did you mean ...?": the known word nearest to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shoal {

// "; did you mean \"...\"?" or nothing when no known word is near (Levenshtein distance at most a third of its length).
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace shoal
