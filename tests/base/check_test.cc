#include "node/base/check.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Check, StopsTheProcessAndNamesTheConditionAndThePlace) {
  const int members = 0;
  EXPECT_DEATH(SHOAL_CHECK(members > 0), "internal check failed: members > 0 .*check_test.cc:[0-9]+");
}

TEST(Check, EvaluatesItsConditionOnce) {
  int evaluations = 0;
  SHOAL_CHECK(++evaluations == 1);
  EXPECT_EQ(evaluations, 1);
}

}  // namespace
}  // namespace shoal
