#include "node/core/levels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal {
namespace {

struct Row {
  Level level;
  std::int32_t asked;
  std::int32_t primaries;
  std::int32_t of_bucket;
  int needed;
  int by_owners;
};

TEST(Levels, TableOfThreeOwners) {
  const Row rows[] = {
      {Level::eventual, 0, 0, 0, 1, 0}, {Level::eventual, 0, 0, -1, 1, 0}, {Level::eventual, 2, 0, 0, 2, 0},
      {Level::quorum, 0, 0, 0, 2, 0},   {Level::quorum, 0, 0, 1, 1, 0},    {Level::quorum, 0, 0, -1, 3, 0},
      {Level::quorum, 3, 0, 1, 3, 0},   {Level::quorum, -1, 0, 0, 3, 0},   {Level::quorum, 1, 2, 0, 2, 2},
      {Level::quorum, 0, -1, 0, 3, 3},  {Level::session, 0, 0, 0, 2, 0},   {Level::session, 0, 1, 1, 1, 1},
      {Level::all, 0, 0, 1, 3, 3},      {Level::all, 2, 0, 0, 3, 3},       {Level::all, 0, 1, 0, 3, 1},
  };
  for (const Row& row : rows) {
    const Wanted found = wanted(row.level, row.asked, row.primaries, row.of_bucket, 3).value();
    EXPECT_EQ(found.needed, row.needed) << &row - rows;
    EXPECT_EQ(found.primaries, row.by_owners) << &row - rows;
  }
}

TEST(Levels, MoreReplicasThanThereAreIsASentence) {
  EXPECT_THAT(wanted(Level::quorum, 4, 0, 0, 3).error().message, testing::HasSubstr("asks for 4 replicas"));
  EXPECT_THAT(wanted(Level::quorum, 0, 4, 0, 3).error().message, testing::HasSubstr("asks for 4 replicas"));
  EXPECT_EQ(wanted(Level::quorum, -2, 0, 0, 3).error().code, Errc::invalid);
}

}  // namespace
}  // namespace shoal
