#include "tests/house/shape.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

namespace shoal::house {
namespace {

constexpr std::array<std::string_view, 15> kTopLevel = {
    "CMakeLists.txt", "CMakePresets.json",
    "LICENSE",        "README.md",
    "bench",          "build",
    "client",         "dev",
    "docs",           "gossip",
    "merkle",         "node",
    "packaging",      "tests",
    "vclock",
};

bool is_cmake(std::string_view path) { return path == "CMakeLists.txt" || path.ends_with("/CMakeLists.txt"); }

std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));  // a UTF-8 character is one column
}

// Preprocessor lines hold braces that pair with nothing.
std::string without_directives(const std::string& code) {
  static const std::regex directive(R"((^|\n)[ \t]*#(\\\n|[^\n])*)");
  std::string out = code;
  for (std::sregex_iterator it(code.begin(), code.end(), directive), end; it != end; ++it)
    for (auto i = it->position(); i < it->position() + it->length(); ++i)
      if (auto& c = out[static_cast<std::size_t>(i)]; c != '\n') c = ' ';
  return out;
}

// What stands before a brace, back to the end of what came before it.
enum class Opens { scope, function, other };

Opens what_opens(const std::string& head) {
  static const std::regex scope(
      R"(^\s*(template\s*<[^{]*>\s*)?(inline\s+)?(class|struct|union|enum|namespace|extern)\b[^()]*$)");
  if (std::regex_search(head, scope)) return Opens::scope;
  return head.find('(') == std::string::npos ? Opens::other : Opens::function;
}

// Walks the braces of one file. Inside a function nothing else is looked for.
class BraceCounter {
 public:
  void take(char c) {
    if (c == '\n') ++line_;
    if (c == '{') return open();
    if (c == '}') return close();
    if (c == ';') return head_.clear();
    const bool space = c == ' ' || c == '\n';
    if (!space || !head_.ends_with(' ')) head_ += space ? ' ' : c;
  }

  [[nodiscard]] std::vector<Function> functions() && { return std::move(functions_); }

 private:
  void open() {
    ++depth_;
    if (!inside_ && what_opens(head_) == Opens::function) inside_ = Inside{depth_, line_};
    head_.clear();
  }

  void close() {
    if (inside_ && inside_->depth == depth_) {
      functions_.push_back({inside_->line, line_ - inside_->line + 1});
      inside_.reset();
    }
    if (depth_ > 0) --depth_;
    head_.clear();
  }

  struct Inside {
    std::size_t depth;
    std::size_t line;
  };
  std::size_t line_ = 1;
  std::size_t depth_ = 0;
  std::optional<Inside> inside_;
  std::string head_;
  std::vector<Function> functions_;
};

std::vector<std::string> words_of(const File& cmake) {
  static const std::regex comment(R"(#[^\n]*)");
  std::string text = std::regex_replace(cmake.text, comment, "");
  std::ranges::replace_if(
      text, [](char c) { return c == '(' || c == ')' || c == '"'; }, ' ');
  std::istringstream words(text);
  return {std::istream_iterator<std::string>(words), {}};
}

// Every word of a CMakeLists.txt, read as a path from the repo root. A loop's variable may be any word of the file.
void add_named_paths(const File& cmake, std::set<std::string>& paths) {
  static const std::regex root(R"(^\$\{(CMAKE|PROJECT)_SOURCE_DIR\}/)");
  static const std::regex variable(R"(\$\{\w+\})");
  const auto folder = std::filesystem::path(cmake.path).parent_path();
  const std::vector<std::string> words = words_of(cmake);
  for (const std::string& word : words) {
    const std::string from_root = std::regex_replace(word, root, "");
    const auto path = from_root == word ? folder / word : std::filesystem::path(from_root);
    const std::string name = path.lexically_normal().generic_string();
    if (!std::regex_search(name, variable))
      paths.insert(name);
    else
      for (const std::string& value : words) paths.insert(std::regex_replace(name, variable, value));
  }
}

}  // namespace

std::vector<Function> functions_of(std::string_view text) {
  BraceCounter counter;
  for (const char c : without_directives(code_only(text))) counter.take(c);
  return std::move(counter).functions();
}

std::vector<std::string> size_complaints(const File& file) {
  std::vector<std::string> complaints;
  const auto lines = lines_of(file.text);
  if (lines.size() > kFileLinesMax)
    complaints.push_back(complaint(file.path, lines.size(), "a file this long has more than one reason to exist"));
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (columns(lines[i]) > kColumnsMax) complaints.push_back(complaint(file.path, i + 1, "over 120 columns"));
  for (const Function& function : functions_of(file.text))
    if (function.lines > kFunctionLinesMax)
      complaints.push_back(
          complaint(file.path, function.line, "a function of " + std::to_string(function.lines) + " lines: split it"));
  return complaints;
}

std::vector<std::string> word_complaints(const File& file) {
  // Spelled so that this file does not complain about itself.
  static const std::regex put_off(R"(\b(TO)"
                                  R"(DO|FIX)"
                                  R"(ME)\b)");
  static const std::regex machine(R"((^|[^\w./~$}-])/(wo)"
                                  R"(rk|ro)"
                                  R"(ot)/)");
  std::vector<std::string> complaints;
  const auto lines = lines_of(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (std::regex_search(lines[i].begin(), lines[i].end(), put_off))
      complaints.push_back(complaint(file.path, i + 1, "do it now, or say in the docs that it is not done"));
    if (std::regex_search(lines[i].begin(), lines[i].end(), machine))
      complaints.push_back(complaint(file.path, i + 1, "a path that exists on one machine only"));
  }
  return complaints;
}

std::vector<std::string> dead_file_complaints(const std::vector<File>& files) {
  std::set<std::string> named;
  for (const File& file : files)
    if (is_cmake(file.path)) add_named_paths(file, named);
  std::vector<std::string> complaints;
  for (const File& file : files)
    if (file.path.ends_with(".cc") && !named.contains(file.path))
      complaints.push_back(complaint(file.path, 1, "no CMakeLists.txt compiles it"));
  return complaints;
}

std::vector<std::string> foreign_test_complaints(const std::vector<File>& files) {
  static const std::regex foreign(R"((^|\n)[^#\n]*\badd_test\s*\()");
  std::vector<std::string> complaints;
  for (const File& file : files)
    if (is_cmake(file.path) && std::regex_search(file.text, foreign))
      complaints.push_back(complaint(file.path, 1, "add_test: make it a GoogleTest program with shoal_test"));
  return complaints;
}

std::vector<std::string> top_level_complaints(const std::vector<std::string>& names) {
  std::vector<std::string> complaints;
  for (const std::string& name : names)
    if (!name.starts_with('.') && std::ranges::find(kTopLevel, name) == kTopLevel.end())
      complaints.push_back(complaint(name, 1, "the top of the house has no such room"));
  return complaints;
}

}  // namespace shoal::house
