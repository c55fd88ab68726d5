// The small text files of a data folder: one "word value" a line, the last one a checksum of all before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shoal {

// Reads "WORD value\n" off the front.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view word);
std::optional<std::uint64_t> take_number(std::string_view& text, std::string_view word, int base);

// "check <16 hex digits>\n" of the text before it.
std::string check_line(std::string_view text);

}  // namespace shoal
