#include "node/base/hash.h"

#include <gtest/gtest.h>

#include <string>

#include "node/base/bytes.h"

namespace shoal {
namespace {

HashKey counting_key() {
  HashKey key;
  for (unsigned char i = 0; i < 16; ++i) key.bytes[i] = i;
  return key;
}

std::string hex(const Hash128& hash) {
  std::string bytes;
  append_u64(bytes, hash.hi);
  append_u64(bytes, hash.lo);
  return to_hex(bytes);
}

std::string counting_bytes(int length) {
  std::string bytes;
  for (int i = 0; i < length; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

// The vectors that SipHash's authors publish: key 00..0f, input 00, 01, 02, ...
TEST(Hash128, MatchesThePublishedVectors) {
  EXPECT_EQ(hex(hash128(counting_key(), "")), "a3817f04ba25a8e66df67214c7550293");
  EXPECT_EQ(hex(hash128(counting_key(), counting_bytes(1))), "da87c1d86b99af44347659119b22fc45");
  EXPECT_EQ(hex(hash128(counting_key(), counting_bytes(2))), "8177228da4a45dc7fca38bdef60affe4");
  EXPECT_EQ(hex(hash128(counting_key(), counting_bytes(3))), "9c70b60c5267a94e5f33b6b02985ed51");
  EXPECT_EQ(hex(hash128(counting_key(), counting_bytes(15))), "5493e99933b0a8117e08ec0f97cfc3d9");
}

TEST(Hash128, DependsOnTheKey) { EXPECT_NE(hash128(counting_key(), "x"), hash128(HashKey{}, "x")); }

TEST(SlotOf, IsTheHashOfLengthBucketAndName) {
  const Hash128 expected = hash128(counting_key(),
                                   "\x07"
                                   "default"
                                   "name");
  EXPECT_EQ(slot_of(counting_key(), {"default", "name"}), (Slot{expected.hi, expected.lo}));
}

TEST(SlotOf, KeepsBucketsAndNamesApart) {
  EXPECT_NE(slot_of(counting_key(), {"a", "bc"}), slot_of(counting_key(), {"ab", "c"}));
  EXPECT_NE(slot_of(counting_key(), {"", "abc"}), slot_of(counting_key(), {"abc", ""}));
}

TEST(SlotOf, DependsOnTheClustersKey) {
  EXPECT_NE(slot_of(counting_key(), {"a", "b"}), slot_of(HashKey{}, {"a", "b"}));
}

}  // namespace
}  // namespace shoal
