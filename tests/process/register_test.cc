// The checker of the kill loop can fail: each of its rules is broken once.
#include "tests/process/register.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::test {
namespace {

using testing::HasSubstr;
using testing::Optional;
using Values = std::vector<std::string>;

class RegisterTest : public testing::Test {
 protected:
  static Receipt receipt(unsigned siblings = 1) { return {.acks = 2, .needed = 2, .siblings = siblings}; }
  static Error unsure() { return fail(Errc::indeterminate, "no answer"); }

  std::string write(const Result<Receipt>& outcome) {
    std::string value = register_.begin_write().value;
    register_.end_write(outcome);
    return value;
  }
  std::optional<std::string> complaint(const Values& values) { return register_.complaint(values); }

  Register register_{"key"};
};

TEST_F(RegisterTest, AnAcknowledgedValueMustBeThere) {
  const std::string a = write(receipt());
  EXPECT_EQ(complaint({a}), std::nullopt);
  EXPECT_THAT(complaint({}), Optional(HasSubstr("value 0 was acknowledged and is lost")));
}

TEST_F(RegisterTest, AReplacedValueMustNotComeBack) {
  const std::string a = write(receipt());
  const std::string b = write(receipt());
  EXPECT_EQ(complaint({b}), std::nullopt);
  EXPECT_THAT(complaint({a, b}), Optional(HasSubstr("value 0 was replaced and is back")));
  EXPECT_THAT(complaint({a}), Optional(HasSubstr("value 1 was acknowledged and is lost")));
}

TEST_F(RegisterTest, AnUnsureValueMayOrMayNotBeThereAndMayHideWhatItCovers) {
  const std::string a = write(receipt());
  const std::string b = write(unsure());
  EXPECT_TRUE(register_.in_doubt());
  EXPECT_EQ(complaint({a}), std::nullopt);
  EXPECT_EQ(complaint({b}), std::nullopt);
  EXPECT_EQ(complaint({a, b}), std::nullopt);
}

// A write whose context did not see the unsure one stands beside it.
TEST_F(RegisterTest, AnUnsureValueIsNotCoveredByAWriterThatNeverSawIt) {
  const std::string a = write(receipt());
  const std::string b = write(unsure());
  register_.saw(Values{a}, {});
  const std::string c = write(receipt());
  EXPECT_EQ(complaint({b, c}), std::nullopt);
  EXPECT_EQ(complaint({c}), std::nullopt);
  register_.saw(Values{b, c}, {});
  const std::string d = write(receipt());
  EXPECT_EQ(complaint({d}), std::nullopt);
  EXPECT_THAT(complaint({b, d}), Optional(HasSubstr("value 1 was replaced and is back")));
  EXPECT_THAT(complaint({a, d}), Optional(HasSubstr("value 0 was replaced and is back")));
}

TEST_F(RegisterTest, ARefusedValueMustNotBeThere) {
  const std::string a = write(fail(Errc::unavailable, "too few"));
  EXPECT_EQ(complaint({}), std::nullopt);
  EXPECT_THAT(complaint({a}), Optional(HasSubstr("though the write was refused")));
}

TEST_F(RegisterTest, AValueMustNotBeThereTwiceOrChanged) {
  const std::string a = write(receipt());
  EXPECT_THAT(complaint({a, a}), Optional(HasSubstr("twice")));
  EXPECT_THAT(complaint({a + "x"}), Optional(HasSubstr("never written")));
  EXPECT_THAT(complaint({"7|key|"}), Optional(HasSubstr("never written")));
}

// The copy of a retry that landed late may bring back what was replaced; losing is still noticed.
TEST(RegisterOfARetryingWriter, MayComeBackButNotBeLost) {
  Register tolerant("key", true);
  Values values;
  for (int i = 0; i < 2; ++i) {
    values.push_back(tolerant.begin_write().value);
    tolerant.end_write(Receipt{.acks = 2, .needed = 2});
  }
  EXPECT_EQ(tolerant.complaint(values), std::nullopt);
  EXPECT_THAT(tolerant.complaint(Values{values[0]}), Optional(HasSubstr("lost")));
}

}  // namespace
}  // namespace shoal::test
