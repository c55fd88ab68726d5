#include "node/core/promises_ahead.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

Slot slot(std::uint64_t number) { return {number, 0}; }

PromisesAhead::Promised promised(std::size_t bytes = 1) {
  auto value = std::make_shared<paxos::Register>();
  value->value = Blob(std::string(bytes, 'v'));
  return {.epoch = {1}, .accepted = {1, Incarnation{1}}, .value = std::move(value), .by = {NodeId{1}, NodeId{2}}};
}

TEST(PromisesAhead, AreUsedOnce) {
  PromisesAhead ahead;
  EXPECT_FALSE(ahead.take(slot(1)));
  ahead.remember(slot(1), promised());
  EXPECT_TRUE(ahead.take(slot(1)));
  EXPECT_FALSE(ahead.take(slot(1)));
}

TEST(PromisesAhead, TheOldestKeyIsForgottenFirst) {
  PromisesAhead ahead;
  for (std::uint64_t i = 0; i <= PromisesAhead::kKeysMax; ++i) ahead.remember(slot(i), promised());
  EXPECT_FALSE(ahead.take(slot(0)));
  EXPECT_TRUE(ahead.take(slot(1)));
  EXPECT_TRUE(ahead.take(slot(PromisesAhead::kKeysMax)));
}

TEST(PromisesAhead, LargeValuesCountByTheirSize) {
  PromisesAhead ahead;
  const std::size_t half = PromisesAhead::kBytesMax / 2;
  for (std::uint64_t i = 1; i <= 3; ++i) ahead.remember(slot(i), promised(half));
  EXPECT_FALSE(ahead.take(slot(1)));
  EXPECT_TRUE(ahead.take(slot(2)));
  ahead.remember(slot(3), promised(2 * half + 1));
  EXPECT_FALSE(ahead.take(slot(3))) << "larger than all that may be kept";
}

}  // namespace
}  // namespace shoal
