#include "merkle/digest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "node/base/rng.h"

namespace shoal {
namespace {

std::vector<Hash128> some_states(std::size_t count) {
  std::vector<Hash128> states;
  for (std::size_t i = 0; i < count; ++i) states.push_back(hash128(HashKey{}, "state " + std::to_string(i)));
  return states;
}

Digest digest_of(const std::vector<Hash128>& states) {
  Digest digest;
  for (const Hash128& state : states) digest.add(state);
  return digest;
}

TEST(Digest, TheOrderDoesNotMatter) {
  std::vector<Hash128> states = some_states(50);
  const Digest before = digest_of(states);
  Rng rng(1);
  for (std::size_t i = states.size(); i > 1; --i) std::swap(states[i - 1], states[rng.below(i)]);
  EXPECT_EQ(digest_of(states), before);
}

TEST(Digest, RemovingUndoesAdding) {
  const std::vector<Hash128> states = some_states(3);
  Digest digest = digest_of(states);
  digest.remove(states[1]);
  EXPECT_EQ(digest, digest_of({states[0], states[2]}));
}

// With XOR the second addition would cancel the first and nobody would see it.
TEST(Digest, TheSameStateTwiceShows) {
  const std::vector<Hash128> states = some_states(1);
  Digest twice = digest_of(states);
  twice.add(states[0]);
  EXPECT_NE(twice, Digest{});
  EXPECT_NE(twice, digest_of(states));
}

TEST(Digest, EverySubsetOfTenDiffers) {
  const std::vector<Hash128> states = some_states(10);
  std::vector<Digest> digests;
  for (unsigned subset = 0; subset < 1024; ++subset) {
    Digest digest;
    for (std::size_t i = 0; i < states.size(); ++i)
      if ((subset >> i & 1) != 0) digest.add(states[i]);
    digests.push_back(digest);
  }
  std::ranges::sort(digests);
  EXPECT_EQ(std::ranges::adjacent_find(digests), digests.end());
}

}  // namespace
}  // namespace shoal
