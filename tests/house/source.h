// Source text as the house's checks see it: code without comments and literals, its includes, and the files of the
// tree.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::house {

struct File {
  std::string path;  // from the repo root, with forward slashes
  std::string text;
};

struct Include {
  std::size_t line = 0;
  std::string target;
  bool quoted = false;
};

// The same text with comments and the insides of literals blanked out: every offset and line stays where it was.
std::string code_only(std::string_view text);

std::vector<std::string_view> lines_of(std::string_view text);

// Every #include of the code; those in comments and raw strings do not count.
std::vector<Include> includes_of(std::string_view text);

bool is_cpp(std::string_view path);

// All text files of the tree, but for what git and the build keep there; sorted by path.
std::vector<File> text_files(const std::filesystem::path& root);

// "path:line: sentence", as compilers say it.
std::string complaint(std::string_view path, std::size_t line, std::string_view sentence);

}  // namespace shoal::house
