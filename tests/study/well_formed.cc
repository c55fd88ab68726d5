#include "tests/study/well_formed.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace shoal::study {
namespace {

std::string near(std::string_view what, std::string_view text) {
  return std::string(what) + ": " + std::string(text.substr(0, 80));
}

// What stands between tags, and in attributes.
bool is_clean(std::string_view text) {
  constexpr std::array<std::string_view, 5> kEntities = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  for (std::size_t at = text.find_first_of("<&"); at != std::string_view::npos; at = text.find_first_of("<&", at + 1))
    if (std::ranges::none_of(kEntities, [&](auto entity) { return text.substr(at).starts_with(entity); })) return false;
  return true;
}

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == ':' || c == '_'; }

std::size_t name_length(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_name) - text.begin());
}

// The inside of a tag: a name and attributes.
std::string wrong_tag(std::string_view inside) {
  std::string_view rest = inside;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  const std::size_t name = name_length(rest);
  if (name == 0) return near("no name", inside);
  rest.remove_prefix(name);
  while (true) {
    const std::size_t next = rest.find_first_not_of(" \n");
    if (next == std::string_view::npos || rest.substr(next) == "/") return "";
    rest.remove_prefix(next);
    const std::size_t length = name_length(rest);
    if (next == 0 || length == 0 || rest.substr(length, 2) != "=\"") return near("attributes", inside);
    const std::size_t end = rest.find('"', length + 2);
    if (end == std::string_view::npos) return near("an attribute without an end", inside);
    if (!is_clean(rest.substr(length + 2, end - length - 2))) return near("an attribute that is not escaped", inside);
    rest.remove_prefix(end + 1);
  }
}

std::string name_in(const std::string& inside) { return inside.substr(0, inside.find_first_of(" /\n")); }

}  // namespace

std::string why_not_well_formed(std::string_view xml) {
  std::vector<std::string> open;
  if (xml.starts_with("<?xml")) xml.remove_prefix(xml.find("?>") + 2);
  while (true) {
    const std::size_t begin = xml.find('<');
    const std::string text(xml.substr(0, begin));
    if (!is_clean(text)) return near("text that is not escaped", text);
    if (begin == std::string_view::npos) break;
    const std::size_t end = xml.find('>', begin);
    if (end == std::string_view::npos) return near("a tag without an end", xml.substr(begin));
    const std::string inside(xml.substr(begin + 1, end - begin - 1));
    if (std::string why = wrong_tag(inside); !why.empty()) return why;
    if (inside.starts_with('/')) {
      if (open.empty() || open.back() != inside.substr(1)) return near("closes what is not open", inside);
      open.pop_back();
    } else if (!inside.ends_with('/')) {
      open.push_back(name_in(inside));
    }
    xml.remove_prefix(end + 1);
  }
  return open.empty() ? "" : near("is not closed", open.back());
}

}  // namespace shoal::study
