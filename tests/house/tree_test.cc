// The rules of arrows.h and shape.h, held against the tree as it stands.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/house/arrows.h"
#include "tests/house/shape.h"

namespace shoal::house {
namespace {

constexpr std::array<std::string_view, 6> kRoomTops = {"node/", "gossip/", "merkle/", "vclock/", "client/", "bench/"};

bool in_a_room(const File& file) {
  return std::ranges::any_of(kRoomTops, [&](std::string_view top) { return file.path.starts_with(top); });
}

class Tree : public testing::Test {
 protected:
  void add(const std::vector<std::string>& complaints) {
    for (const std::string& line : complaints) ADD_FAILURE() << line;
  }

  const std::vector<File> files_ = text_files(SHOAL_SOURCE_DIR);
};

// The other tests would be content with an empty tree.
TEST_F(Tree, IsRead) {
  EXPECT_GT(std::ranges::count_if(files_, in_a_room), 30);
  EXPECT_TRUE(std::ranges::any_of(files_, [](const File& file) { return file.path == "node/base/ids.h"; }));
}

TEST_F(Tree, KeepsItsArrows) {
  for (const File& file : files_)
    if (in_a_room(file) && is_cpp(file.path)) add(arrow_complaints(file));
}

TEST_F(Tree, KeepsItsSizes) {
  for (const File& file : files_)
    if (is_cpp(file.path)) add(size_complaints(file));
}

TEST_F(Tree, LeavesNothingForLaterAndNamesNoMachine) {
  for (const File& file : files_) add(word_complaints(file));
}

TEST_F(Tree, CompilesEverySource) { add(dead_file_complaints(files_)); }

TEST_F(Tree, TestsWithGoogleTestOnly) { add(foreign_test_complaints(files_)); }

TEST_F(Tree, HasNoOtherRoomsAtTheTop) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(SHOAL_SOURCE_DIR))
    names.push_back(entry.path().filename().string());
  add(top_level_complaints(names));
}

}  // namespace
}  // namespace shoal::house
