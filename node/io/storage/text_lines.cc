#include "node/io/storage/text_lines.h"

#include <xxhash.h>

#include <charconv>
#include <system_error>

#include "node/base/bytes.h"

namespace shoal {

std::optional<std::string_view> take_line(std::string_view& text, std::string_view word) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(word) || text[word.size()] != ' ') return std::nullopt;
  const std::string_view value = text.substr(word.size() + 1, end - word.size() - 1);
  text.remove_prefix(end + 1);
  return value;
}

std::optional<std::uint64_t> take_number(std::string_view& text, std::string_view word, int base) {
  const std::optional<std::string_view> value = take_line(text, word);
  std::uint64_t number = 0;
  if (!value) return std::nullopt;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number, base);
  if (error != std::errc() || end != value->data() + value->size()) return std::nullopt;
  return number;
}

std::string check_line(std::string_view text) {
  std::string bytes;
  append_u64(bytes, XXH3_64bits(text.data(), text.size()));
  return "check " + to_hex(bytes) + "\n";
}

}  // namespace shoal
