#include "tests/house/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::house {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(CodeOnly, BlanksCommentsAndLiteralsAndKeepsEveryOffset) {
  EXPECT_EQ(code_only("a // b\nc"), "a     \nc");
  EXPECT_EQ(code_only("a /* b\n */ c"), "a     \n    c");
  EXPECT_EQ(code_only("f(\"}\\\"{\", '{');"), "f(      ,    );");
  EXPECT_EQ(code_only("R\"x()\" {)x\";"), "           ;");
  EXPECT_EQ(code_only("\"// no comment\"; x"), "               ; x");
  EXPECT_EQ(code_only("\"never closed"), "             ");
  EXPECT_EQ(code_only("\"\\"), "  ");
  EXPECT_EQ(code_only("/* never closed"), "               ");
}

TEST(Shape, FindsFunctionsInNamespacesAndClasses) {
  const auto functions = functions_of(
      "namespace a {\n"                                 // 1
      "int free_one() {\n  if (x) {\n  }\n}\n"          // 2 to 5
      "template <class T>\nstruct S : Base<T> {\n"      // 6, 7
      "  S() : a_{1} {}\n"                              // 8: the member's braces count as one more, of one line
      "  int method() const {\n    return 1;\n  }\n"    // 9 to 11
      "  std::vector<int> values{1, 2};\n};\n"          // 12, 13
      "TEST(A, B) {\n  std::string s = \"}\";\n}\n}\n"  // 14 to 16
  );
  ASSERT_THAT(functions, SizeIs(testing::Ge(4)));
  EXPECT_EQ(functions.front().line, 2U);
  EXPECT_EQ(functions.front().lines, 4U);
  EXPECT_EQ(functions.at(functions.size() - 2).line, 9U);
  EXPECT_EQ(functions.at(functions.size() - 2).lines, 3U);
  EXPECT_EQ(functions.back().line, 14U);
  EXPECT_EQ(functions.back().lines, 3U);
}

TEST(Shape, PreprocessorBracesDoNotConfuseTheCount) {
  const auto functions = functions_of("#define OPEN {\n#define LONG \\\n  {\nvoid f() {\n}\n");
  ASSERT_THAT(functions, SizeIs(1));
  EXPECT_EQ(functions.front().line, 4U);
}

TEST(Shape, LongFunctionsFilesAndLinesAreNoticed) {
  const std::string at_limit = "void f() {\n" + repeated("  g();\n", kFunctionLinesMax - 2) + "}\n";
  const std::string over_limit = "void f() {\n" + repeated("  g();\n", kFunctionLinesMax - 1) + "}\n";
  EXPECT_THAT(size_complaints({"x.cc", at_limit}), IsEmpty());
  EXPECT_THAT(size_complaints({"x.cc", over_limit}), ElementsAre(HasSubstr("x.cc:1: a function of 61 lines")));
  EXPECT_THAT(size_complaints({"x.cc", repeated("\n", kFileLinesMax)}), IsEmpty());
  EXPECT_THAT(size_complaints({"x.cc", repeated("\n", kFileLinesMax + 1)}), SizeIs(1));
  EXPECT_THAT(size_complaints({"x.cc", repeated("é", kColumnsMax) + "\n"}), IsEmpty());
  EXPECT_THAT(size_complaints({"x.cc", "\n" + repeated("x", kColumnsMax + 1)}),
              ElementsAre("x.cc:2: over 120 columns"));
}

TEST(Shape, WorkPutOffAndMachinePathsAreNoticed) {
  EXPECT_THAT(word_complaints({"x.cc", std::string("// TO") + "DO: later\n"}), SizeIs(1));
  EXPECT_THAT(word_complaints({"x.cc", std::string("// FIX") + "ME\n"}), SizeIs(1));
  EXPECT_THAT(word_complaints({"docs/x.md", std::string("see /wo") + "rk/shared\n"}), SizeIs(1));
  EXPECT_THAT(word_complaints({"docs/x.md", std::string("`/ro") + "ot/x`\n"}), SizeIs(1));
  EXPECT_THAT(word_complaints({"x.cc", "// mastodon, hash_tree/root/leaf, $HOME/work/x\n"}), IsEmpty());
}

TEST(Shape, DeadFilesAreNoticed) {
  const File cmake{"node/CMakeLists.txt",
                   "shoal_room(x\n  SOURCES base/a.cc)\n# base/c.cc\nadd(${CMAKE_SOURCE_DIR}/b.cc)\n"};
  EXPECT_THAT(dead_file_complaints({cmake, {"node/base/a.cc", ""}, {"b.cc", ""}}), IsEmpty());
  EXPECT_THAT(dead_file_complaints({cmake, {"node/base/b.cc", ""}}), SizeIs(1));
  EXPECT_THAT(dead_file_complaints({cmake, {"node/base/c.cc", ""}}), SizeIs(1));
  const File loop{"node/CMakeLists.txt",
                  "foreach(name one two)\n  add_executable(${name} odd/${name}.cc)\nendforeach()\n"};
  EXPECT_THAT(dead_file_complaints({loop, {"node/odd/one.cc", ""}, {"node/odd/two.cc", ""}}), IsEmpty());
  EXPECT_THAT(dead_file_complaints({loop, {"node/odd/three.cc", ""}}), SizeIs(1));
}

TEST(Shape, TestsThatAreNotGoogleTestAreNoticed) {
  EXPECT_THAT(foreign_test_complaints({{"tests/x/CMakeLists.txt", "shoal_test(a SOURCES a.cc)\n"}}), IsEmpty());
  EXPECT_THAT(foreign_test_complaints({{"tests/x/CMakeLists.txt", "x()\n  add_test(NAME a COMMAND sh a)\n"}}),
              SizeIs(1));
}

TEST(Shape, NewRoomsAtTheTopAreNoticed) {
  EXPECT_THAT(top_level_complaints({"node", "build", ".ci", "README.md", "dev"}), IsEmpty());
  EXPECT_THAT(top_level_complaints({"node", "utils", "notes.txt"}), SizeIs(2));
}

}  // namespace
}  // namespace shoal::house
