#include "tests/house/source.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <regex>

namespace shoal::house {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Where the literal or comment that starts at `at` ends (one past its last character); `at` itself if none starts
// there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t end_of_blank(std::size_t at) const {
    if (starts(at, "//")) return until("\n", at, 0);
    if (starts(at, "/*")) return until("*/", at + 2, 2);
    if (starts(at, "R\"") && (at == 0 || !is_word(text_[at - 1]))) return end_of_raw_string(at);
    if (text_[at] == '"') return end_of_quoted(at, '"');
    if (text_[at] == '\'' && (at == 0 || !is_word(text_[at - 1])))
      return end_of_quoted(at, '\'');  // 1'000 is no literal
    return at;
  }

 private:
  [[nodiscard]] bool starts(std::size_t at, std::string_view what) const {
    return text_.substr(at, what.size()) == what;
  }

  [[nodiscard]] std::size_t until(std::string_view what, std::size_t from, std::size_t include) const {
    const std::size_t found = text_.find(what, from);
    return found == std::string_view::npos ? text_.size() : found + include;
  }

  [[nodiscard]] std::size_t end_of_quoted(std::size_t at, char quote) const {
    for (++at; at < text_.size() && text_[at] != quote && text_[at] != '\n'; ++at)
      if (text_[at] == '\\') ++at;
    return std::min(at + 1, text_.size());
  }

  [[nodiscard]] std::size_t end_of_raw_string(std::size_t at) const {
    const std::size_t open = text_.find('(', at);
    if (open == std::string_view::npos) return text_.size();
    const std::string close = ")" + std::string(text_.substr(at + 2, open - at - 2)) + "\"";
    return until(close, open, close.size());
  }

  std::string_view text_;
};

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool is_ours(const std::filesystem::path& top_name) {
  return top_name != ".git" && top_name != ".cache" && top_name != "build";
}

}  // namespace

std::string code_only(std::string_view text) {
  std::string code(text);
  const Scanner scanner(text);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = scanner.end_of_blank(at);
    for (std::size_t i = at; i < end; ++i)
      if (code[i] != '\n') code[i] = ' ';
    at = std::max(end, at + 1);
  }
  return code;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<Include> includes_of(std::string_view text) {
  static const std::regex directive(R"(^\s*#\s*include\b)");
  static const std::regex target(R"([<"]([^>"]+)[>"])");
  const std::string code = code_only(text);
  const auto code_lines = lines_of(code);
  const auto lines = lines_of(text);
  std::vector<Include> found;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::match_results<std::string_view::const_iterator> match;
    if (std::regex_search(code_lines[i].begin(), code_lines[i].end(), directive) &&
        std::regex_search(lines[i].begin(), lines[i].end(), match, target))
      found.push_back({i + 1, match[1].str(), *match[0].first == '"'});
  }
  return found;
}

bool is_cpp(std::string_view path) {
  static constexpr std::array<std::string_view, 5> kEndings = {".h", ".cc", ".hpp", ".cpp", ".ipp"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return path.ends_with(ending); });
}

std::vector<File> text_files(const std::filesystem::path& root) {
  std::vector<File> files;
  for (const auto& top : std::filesystem::directory_iterator(root)) {
    if (!is_ours(top.path().filename())) continue;
    const auto take = [&](const std::filesystem::directory_entry& entry) {
      if (!entry.is_regular_file()) return;
      std::string text = read(entry.path());
      if (text.find('\0') != std::string::npos) return;
      files.push_back({std::filesystem::relative(entry.path(), root).generic_string(), std::move(text)});
    };
    take(top);
    if (!top.is_directory()) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top.path())) take(entry);
  }
  std::ranges::sort(files, {}, &File::path);
  return files;
}

std::string complaint(std::string_view path, std::size_t line, std::string_view sentence) {
  return std::string(path) + ":" + std::to_string(line) + ": " + std::string(sentence);
}

}  // namespace shoal::house
