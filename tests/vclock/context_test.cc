#include "vclock/context.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "node/base/limits.h"

namespace shoal {
namespace {

constexpr Slot kSlot{0x1111, 0x2222};

HashKey cluster_key(unsigned char seed) {
  HashKey key;
  key.bytes.fill(seed);
  return key;
}

CausalContext example() {
  CausalContext context;
  context.slot = kSlot;
  context.seen = VersionVector({{{Incarnation::of(3, 17), 5}, 9}, {{Incarnation::of(1, 4), 1}, 2}});
  context.hlc = {0x0123'4567'89ab'cdefu};
  context.stamp = 42;
  return context;
}

// A context that claims to have seen `actors` writers.
CausalContext of_many(std::uint64_t actors) {
  CausalContext context;
  context.slot = kSlot;
  std::vector<VersionVector::Entry> entries;
  for (std::uint64_t i = 1; i <= actors; ++i) entries.push_back(VersionVector::Entry{{{i}, 1}, i});
  context.seen = VersionVector(std::move(entries));
  return context;
}

void expect_refused(std::string_view bytes, const HashKey& key, Slot slot, const std::string& why) {
  const auto result = decode_context(bytes, key, slot);
  ASSERT_FALSE(result) << why;
  EXPECT_EQ(result.error().code, Errc::bad_context);
  EXPECT_NE(result.error().message.find(why), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().message.find("read the key again"), std::string::npos) << "no way out is named";
}

TEST(Context, ReturnsWhatWentIn) {
  for (const bool may_overwrite : {false, true}) {
    CausalContext context = example();
    context.may_overwrite = may_overwrite;
    const auto back = decode_context(encode_context(context, cluster_key(1)), cluster_key(1), kSlot);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, context);
  }
}

// The context of a key that nobody wrote.
TEST(Context, MayHaveSeenNothing) {
  const auto back = decode_context(encode_context(of_many(0), cluster_key(1)), cluster_key(1), kSlot);
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->seen.empty());
}

// The drawing at the top of context.h.
TEST(Context, HasTheDocumentedSize) {
  EXPECT_EQ(encode_context(of_many(0), cluster_key(1)).size(), 34u + 16u);
  EXPECT_EQ(encode_context(of_many(7), cluster_key(1)).size(), 34u + 7u * 24u + 16u);
}

TEST(Context, TravelsAsText) {
  const std::string text = to_base64url(encode_context(example(), cluster_key(1)));
  EXPECT_EQ(text.find_first_of("+/= \n"), std::string::npos);
  const auto bytes = from_base64url(text);
  ASSERT_TRUE(bytes);
  const auto back = decode_context(*bytes, cluster_key(1), kSlot);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, example());
}

TEST(Context, IsRefusedWithAnySingleBitFlipped) {
  const std::string good = encode_context(example(), cluster_key(1));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    expect_refused(bad, cluster_key(1), kSlot, "damaged");
  }
}

TEST(Context, IsRefusedCutAnywhereOrWithSomethingAppended) {
  const std::string good = encode_context(example(), cluster_key(1));
  for (std::size_t length = 0; length < good.size(); ++length)
    expect_refused(std::string_view(good).substr(0, length), cluster_key(1), kSlot, "damaged");
  expect_refused(good + "x", cluster_key(1), kSlot, "damaged");
  expect_refused(good + std::string(24, '\0'), cluster_key(1), kSlot, "damaged");
  expect_refused(good + good, cluster_key(1), kSlot, "damaged");
}

// Taking one entry out must not pass, even though the length then still fits.
TEST(Context, IsRefusedWithAnEntryRemoved) {
  std::string bytes = encode_context(example(), cluster_key(1));
  bytes.erase(34, 24);
  expect_refused(bytes, cluster_key(1), kSlot, "damaged");
}

TEST(Context, IsRefusedForAnotherKey) {
  const std::string bytes = encode_context(example(), cluster_key(1));
  expect_refused(bytes, cluster_key(1), {kSlot.hi, kSlot.lo + 1}, "another key");
  expect_refused(bytes, cluster_key(1), {kSlot.hi + 1, kSlot.lo}, "another key");
}

TEST(Context, IsRefusedInAnotherCluster) {
  expect_refused(encode_context(example(), cluster_key(1)), cluster_key(2), kSlot, "another cluster");
}

TEST(Context, IsRefusedOverTheLimit) {
  constexpr std::uint64_t kActorsMax = (kContextBytesMax - 34 - 16) / 24;
  EXPECT_TRUE(decode_context(encode_context(of_many(kActorsMax), cluster_key(1)), cluster_key(1), kSlot));
  expect_refused(encode_context(of_many(kActorsMax + 1), cluster_key(1)), cluster_key(1), kSlot, "too long");
}

// Signed by this cluster, but by a release that writes another format.
TEST(Context, OfAnUnknownFormatIsRefused) {
  std::string body = encode_context(example(), cluster_key(1));
  body.resize(body.size() - 16);
  body[0] = 2;
  const Hash128 mac = hash128(cluster_key(1), "shoal context:" + body);
  append_u64(body, mac.hi);
  append_u64(body, mac.lo);
  expect_refused(body, cluster_key(1), kSlot, "format");
}

// Two contexts of different keys or permissions never share a text.
TEST(Context, BytesDependOnEveryField) {
  const std::string original = encode_context(example(), cluster_key(1));
  std::vector<CausalContext> others(5, example());
  others[0].slot.lo += 1;
  others[1].seen.raise({{Incarnation::of(1, 4), 1}, 3});
  others[2].hlc.value += 1;
  others[3].may_overwrite = false;
  others[4].stamp += 1;
  for (const CausalContext& other : others) EXPECT_NE(encode_context(other, cluster_key(1)), original);
}

}  // namespace
}  // namespace shoal
