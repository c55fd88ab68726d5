#include "gossip/incarnations.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using Verdict = Incarnations::Verdict;

TEST(Incarnations, Table) {
  struct Row {
    const char* why;
    std::uint64_t node;
    std::uint64_t start;
    std::uint64_t random;
    Verdict verdict;
  };
  const Row rows[] = {
      {"never heard of", 1, 3, 77, Verdict::newer},
      {"the same again", 1, 3, 77, Verdict::current},
      {"an older start", 1, 2, 99, Verdict::stale},
      {"a copy of the folder, smaller", 1, 3, 76, Verdict::clone},
      {"a copy of the folder, larger", 1, 3, 78, Verdict::clone},
      {"nobody knows that the first is the right one", 1, 3, 77, Verdict::clone},
      {"a restart", 1, 4, 1, Verdict::newer},
      {"what was current is old now", 1, 3, 77, Verdict::stale},
      {"a copy of the older life is old, too", 1, 3, 5, Verdict::stale},
      {"another node", 2, 1, 1, Verdict::newer},
      {"the first one still", 1, 4, 1, Verdict::current},
  };
  Incarnations incarnations;
  for (const Row& row : rows)
    EXPECT_EQ(incarnations.observe({row.node}, Incarnation::of(row.start, row.random)), row.verdict) << row.why;
}

}  // namespace
}  // namespace shoal
