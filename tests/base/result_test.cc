#include "node/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace shoal {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Errc::invalid, "the number is odd");
  return number / 2;
}

TEST(Result, HoldsAValue) {
  const Result<int> result = half(8);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(*result, 4);
  EXPECT_EQ(result.value(), 4);
  EXPECT_EQ(result.value_or(7), 4);
}

TEST(Result, HoldsAnError) {
  const Result<int> result = half(7);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), (Error{.code = Errc::invalid, .message = "the number is odd"}));
  EXPECT_EQ(result.value_or(7), 7);
}

TEST(Result, ThrowsItsErrorWhenAskedForAMissingValue) {
  try {
    static_cast<void>(half(7).value());
    FAIL() << "no exception";
  } catch (const BadResult& bad) {
    EXPECT_EQ(bad.error().code, Errc::invalid);
    EXPECT_STREQ(bad.what(), "the number is odd");
  }
}

TEST(Result, GivesAwayAValueThatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 3);
}

TEST(Result, ReachesIntoAndChangesItsValue) {
  Result<std::string> result = std::string("ab");
  result->push_back('c');
  *result += 'd';
  EXPECT_EQ(result.value(), "abcd");
  EXPECT_EQ(result->size(), 4u);
}

TEST(Result, OfNothingIsAStatus) {
  const Status fine = Unit{};
  const Status failed = fail(Errc::no_space, "the disk is full");
  EXPECT_TRUE(fine);
  EXPECT_FALSE(failed);
}

TEST(Error, OnlyAnUnconfirmedWriteMayHaveBeenApplied) {
  for (int code = 0; code <= static_cast<int>(Errc::closed); ++code) {
    const Error error{.code = static_cast<Errc>(code), .message = ""};
    EXPECT_EQ(error.maybe_applied(), error.code == Errc::indeterminate) << describe(error.code);
  }
}

TEST(Errc, EachCodeHasItsOwnDescription) {
  std::set<std::string> seen{"unknown error"};
  for (int code = 0; code <= static_cast<int>(Errc::closed); ++code)
    EXPECT_TRUE(seen.insert(describe(static_cast<Errc>(code))).second) << "code " << code;
}

}  // namespace
}  // namespace shoal
