// The shape of the code, held by a test instead of by reviewers: sizes that fit a screen, nothing left for later,
// nothing dead, nothing that holds on one machine only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/house/source.h"

namespace shoal::house {

inline constexpr std::size_t kColumnsMax = 120;
inline constexpr std::size_t kFileLinesMax = 600;
inline constexpr std::size_t kFunctionLinesMax = 60;

struct Function {
  std::size_t line = 0;  // of its opening brace
  std::size_t lines = 0;
};

// Functions at namespace or class scope, found by counting braces: exact enough for code that clang-format laid out.
std::vector<Function> functions_of(std::string_view text);

// Long lines, long files, long functions. For C++ files.
std::vector<std::string> size_complaints(const File& file);

// Words that put work off, and paths of somebody's machine. For every text file.
std::vector<std::string> word_complaints(const File& file);

// Sources that no CMakeLists.txt compiles.
std::vector<std::string> dead_file_complaints(const std::vector<File>& files);

// Tests that are not made by shoal_test, which makes GoogleTest programs and nothing else.
std::vector<std::string> foreign_test_complaints(const std::vector<File>& files);

// Names at the top of the tree that do not belong there.
std::vector<std::string> top_level_complaints(const std::vector<std::string>& names);

}  // namespace shoal::house
