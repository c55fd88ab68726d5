// The README's commands do what the README says.
//
// Every fenced block of README.md that opens with
//
//   ```sh readme
//
// is run, in order, by one bash with `set -euo pipefail`, from the root of the tree, with the built programs first in
// PATH and no input. So a block holds commands only, without prompts and without their output; a later block may use
// what an earlier one set or started; what still runs in the background at the end is ended by its process id. Blocks
// that open with plain ```sh are for reading (installing packages, or what takes too long).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace shoal {
namespace {

// Each line of each runnable block.
std::string runnable_lines(std::istream& readme) {
  std::string commands;
  bool runnable = false;
  for (std::string line; std::getline(readme, line);) {
    const bool fence = line.starts_with("```");
    if (!fence && runnable) commands += line + "\n";
    if (fence) runnable = !runnable && line == "```sh readme";
  }
  return commands;
}

std::string script(const std::string& commands) {
  return "set -euo pipefail\n"
         "exec </dev/null\n"
         "trap 'for pid in $(jobs -p); do kill \"$pid\" || true; done; wait' EXIT\n"
         "cd '" SHOAL_SOURCE_DIR
         "'\n"
         "PATH='" SHOAL_BIN_DIR
         "':$PATH\n"
         "set -v\n" +
         commands;
}

TEST(Readme, RunnableBlocksAreTheMarkedOnes) {
  std::istringstream readme(
      "text\n```sh\nno\n```\n```sh readme\nyes 1\n\nyes 2\n```\nno\n```\nno\n```\n```sh readme\nyes 3\n```\n");
  EXPECT_EQ(runnable_lines(readme), "yes 1\n\nyes 2\nyes 3\n");
}

TEST(Readme, EveryRunnableCommandWorks) {
  std::ifstream readme(SHOAL_SOURCE_DIR "/README.md");
  ASSERT_TRUE(readme.good());
  const std::string commands = runnable_lines(readme);
  ASSERT_NE(commands, "") << "README.md has no block that opens with ```sh readme";
  const auto path = std::filesystem::path(SHOAL_BIN_DIR).parent_path() / "readme_commands.sh";
  std::ofstream(path) << script(commands);
  EXPECT_EQ(std::system(("timeout --kill-after=10 600 bash '" + path.string() + "'").c_str()), 0) << commands;
}

}  // namespace
}  // namespace shoal
