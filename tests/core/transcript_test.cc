// Every story in tests/scenarios still goes as it is told there. SHOAL_REWRITE=1 in the environment tells them anew:
// read what changed, and keep it only if you can say why.
#include "tests/core/transcript.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace shoal {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> stories() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(SHOAL_SOURCE_DIR) / "tests/scenarios"))
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::string read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Story : public testing::TestWithParam<fs::path> {};

TEST_P(Story, GoesAsItIsTold) {
  const std::string told = read(GetParam());
  ASSERT_TRUE(told.starts_with("# ")) << "a story opens with one sentence";
  const std::string now = Transcript().run(told);
  if (std::getenv("SHOAL_REWRITE") != nullptr) std::ofstream(GetParam()) << now;
  EXPECT_EQ(told, now) << "see " << GetParam();
  EXPECT_EQ(now, Transcript().run(told)) << "a second run goes another way";
}

std::string name_of_story(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.stem().string();
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Story, testing::ValuesIn(stories()), name_of_story);

}  // namespace
}  // namespace shoal
