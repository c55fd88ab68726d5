// What is lost on purpose: nothing without a file, what the file says while it can be understood.
#include "node/io/fault_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace shoal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr NodeId kA{1};
constexpr NodeId kB{2};
constexpr NodeId kC{3};

Membership three_members() {
  Membership document;
  document.members = {Member{.id = kA, .name = "a"}, Member{.id = kB, .name = "b"}, Member{.id = kC, .name = "c"}};
  return document;
}

std::string complaint_of(const Status& status) { return status ? "" : status.error().message; }

class FaultFilterTest : public testing::Test {
 protected:
  void write(const std::string& text) const { std::ofstream(file_) << text; }
  // The next time that it is due.
  void look() { filter.look(three_members(), filter.next_look()); }
  void TearDown() override { std::filesystem::remove(file_); }

  const std::filesystem::path file_ = testing::TempDir() + "shoald-faults-" + std::to_string(::getpid());
  FaultFilter filter{file_, kA};
};

TEST(FaultRules, AreOneARowWithComments) {
  EXPECT_THAT(parse_faults("# nothing\n\n  drop b # the link to b\ndrop c")->drop, ElementsAre("b", "c"));
  EXPECT_THAT(parse_faults("")->drop, IsEmpty());
}

TEST(FaultRules, ThatCannotBeUnderstoodAreNamedWithTheirLine) {
  for (const char* wrong : {"drop", "drop b c", "lose b", "dropb"}) {
    const Result<FaultRules> rules = parse_faults("drop a\n" + std::string(wrong));
    ASSERT_FALSE(rules) << wrong;
    EXPECT_EQ(rules.error().message, "line 2: a rule is \"drop NODE\", not \"" + std::string(wrong) + "\"");
  }
}

TEST(FaultRules, NameMembersByNameOrId) {
  Membership document = three_members();
  EXPECT_THAT(*dropped_members({{"c", to_string(kB)}}, document, kA), ElementsAre(kB, kC));
  EXPECT_EQ(dropped_members({{"d"}}, document, kA).error().message, "there is no member \"d\" to drop");
  EXPECT_THAT(dropped_members({{"a"}}, document, kA).error().message, HasSubstr("is this node itself"));
  document.members[2].state = MemberState::removed;
  EXPECT_FALSE(dropped_members({{"c"}}, document, kA));
}

TEST(NoFaults, AreEverLookedFor) {
  FaultFilter off("", kA);
  EXPECT_EQ(off.next_look(), kNever);
  off.look(three_members(), Instant{});
  EXPECT_FALSE(off.drops(kB));
}

TEST_F(FaultFilterTest, FollowsItsFile) {
  write("");
  look();
  EXPECT_FALSE(filter.drops(kB));
  write("drop b\n");
  look();
  EXPECT_TRUE(filter.drops(kB));
  EXPECT_FALSE(filter.drops(kC));
  write("");
  look();
  EXPECT_FALSE(filter.drops(kB));
}

TEST_F(FaultFilterTest, LooksOnlyWhenItIsTime) {
  write("drop b\n");
  look();
  write("");
  filter.look(three_members(), filter.next_look() - Duration(1));
  EXPECT_TRUE(filter.drops(kB));
}

TEST_F(FaultFilterTest, KeepsItsRulesWhenTheFileCannotBeUnderstoodOrIsGone) {
  write("drop b\n");
  look();
  for (const char* wrong : {"drop b\nlose c\n", "drop nobody\n", "drop a\n"}) {
    write(wrong);
    look();
    EXPECT_TRUE(filter.drops(kB)) << wrong;
    EXPECT_FALSE(filter.drops(kC)) << wrong;
  }
  std::filesystem::remove(file_);
  look();
  EXPECT_TRUE(filter.drops(kB));
}

TEST_F(FaultFilterTest, AFileIsCheckedBeforeTheStart) {
  EXPECT_EQ(complaint_of(check_faults_file(file_)), "the file of faults " + file_.string() + " cannot be read");
  EXPECT_THAT(complaint_of(check_faults_file(testing::TempDir())), HasSubstr("cannot be read"));
  write("drop\n");
  EXPECT_EQ(complaint_of(check_faults_file(file_)), file_.string() + ", line 1: a rule is \"drop NODE\", not \"drop\"");
  write(std::string(1 << 17, '#'));
  EXPECT_THAT(complaint_of(check_faults_file(file_)), HasSubstr("is larger than 64 KiB"));
  write("drop anybody\n");
  EXPECT_EQ(complaint_of(check_faults_file(file_)), "");
}

}  // namespace
}  // namespace shoal
