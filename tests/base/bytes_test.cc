#include "node/base/bytes.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "node/base/rng.h"

namespace shoal {
namespace {

using namespace std::string_literals;

TEST(Blob, SharesItsBytesAmongCopies) {
  const Blob original(std::string(1000, 'x'));
  const Blob copy = original;
  EXPECT_EQ(copy.view().data(), original.view().data());
}

TEST(Blob, ComparesByContent) {
  EXPECT_EQ(Blob("abc"), Blob("abc"));
  EXPECT_LT(Blob("abc"), Blob("abd"));
  EXPECT_EQ(Blob(), Blob(""));
  EXPECT_EQ(Blob("a\0b"s).size(), 3u);
}

TEST(Hex, IsLowerCaseTwoDigitsAByte) {
  EXPECT_EQ(to_hex(""), "");
  EXPECT_EQ(to_hex("\x00\x0f\xa5\xff"s), "000fa5ff");
}

// RFC 4648 section 10, padding removed.
TEST(Base64Url, MatchesThePublishedVectors) {
  EXPECT_EQ(to_base64url(""), "");
  EXPECT_EQ(to_base64url("f"), "Zg");
  EXPECT_EQ(to_base64url("fo"), "Zm8");
  EXPECT_EQ(to_base64url("foo"), "Zm9v");
  EXPECT_EQ(to_base64url("foob"), "Zm9vYg");
  EXPECT_EQ(to_base64url("fooba"), "Zm9vYmE");
  EXPECT_EQ(to_base64url("foobar"), "Zm9vYmFy");
}

TEST(Base64Url, UsesTheAlphabetThatNeedsNoEscapes) { EXPECT_EQ(to_base64url("\xfb\xff\xfe"), "-__-"); }

TEST(Base64Url, ReturnsEveryLengthUnchanged) {
  Rng rng(1);
  std::string bytes;
  for (int length = 0; length <= 300; ++length) {
    const auto back = from_base64url(to_base64url(bytes));
    ASSERT_TRUE(back) << "length " << length;
    ASSERT_EQ(*back, bytes);
    bytes.push_back(static_cast<char>(rng.below(256)));
  }
}

TEST(Base64Url, RefusesWhatItNeverWrites) {
  for (const std::string& text : {"Z"s, "Zm9vY"s, "Zg=="s, "Zg="s, "="s, "Zm+v"s, "Zm/v"s, "Zm9v "s, " Zm9v"s, "Zm 9v"s,
                                  "Zm9v\n"s, "Zm9\0"s, "Zm9\xe9"s, "Zm.v"s}) {
    const auto result = from_base64url(text);
    ASSERT_FALSE(result) << '"' << text << '"';
    EXPECT_EQ(result.error().code, Errc::invalid);
    EXPECT_FALSE(result.error().message.empty());
  }
}

TEST(Base64Url, KnowsSixtyFourDigits) {
  std::string digits;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = "Zm9" + std::string(1, static_cast<char>(byte));
    if (from_base64url(text)) digits += text.back();
  }
  EXPECT_EQ(digits, "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
}

// One text for one value: "Zh" would mean "f" as well.
TEST(Base64Url, RefusesStrayBitsAtTheEnd) {
  EXPECT_FALSE(from_base64url("Zh"));
  EXPECT_FALSE(from_base64url("Zm9"));
}

TEST(U64, IsBigEndian) {
  std::string out = "x";
  append_u64(out, 0x0102030405060708u);
  EXPECT_EQ(out, "x\x01\x02\x03\x04\x05\x06\x07\x08"s);
  EXPECT_EQ(read_u64(out.substr(1)), 0x0102030405060708u);
}

TEST(U64, SortsAsTheNumbersDo) {
  std::string previous;
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{256},
                                    std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max()}) {
    std::string bytes;
    append_u64(bytes, value);
    EXPECT_LT(previous, bytes);
    EXPECT_EQ(read_u64(bytes), value);
    previous = bytes;
  }
}

TEST(U64, NeedsEightBytes) { EXPECT_DEATH(read_u64("1234567"), "eight_bytes"); }

}  // namespace
}  // namespace shoal
