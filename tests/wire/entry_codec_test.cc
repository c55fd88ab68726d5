// Records and documents at rest: what was written comes back, and nothing else does.
#include "node/wire/entry_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/wire/samples.h"

namespace shoal {
namespace {

using testing::HasSubstr;

TEST(EntryCodec, ReadsWhatItWrote) {
  const Result<Entry> entry = decode_entry(encode_entry(sample_entry()));
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(*entry, sample_entry());
  const Result<Membership> document = decode_document(encode_document(sample_document()));
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(*document, sample_document());
}

TEST(EntryCodec, ReadsAnEntryWithoutSiblings) {
  const Entry bare{.key = {"default", "k"}};
  EXPECT_EQ(*decode_entry(encode_entry(bare)), bare);
}

TEST(EntryCodec, ReadsTheLargestValue) {
  Entry entry = sample_entry();
  entry.record.siblings[0].value = Blob(std::string(std::size_t{8} << 20, 'v'));
  EXPECT_EQ(*decode_entry(encode_entry(entry)), entry);
}

TEST(EntryCodec, NoticesEveryFlippedBit) {
  for (const std::string& bytes : {encode_entry(sample_entry()), encode_document(sample_document())}) {
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      const Result<Entry> entry = decode_entry(flipped);
      const Result<Membership> document = decode_document(flipped);
      ASSERT_FALSE(entry) << bit;
      ASSERT_FALSE(document) << bit;
      // In the format number a flipped bit reads as a newer format, except where it makes it zero.
      const Errc code = bit < 8 && bit != 1 ? Errc::refused : Errc::corrupt;
      ASSERT_EQ(entry.error().code, code) << bit;
      ASSERT_EQ(document.error().code, code) << bit;
    }
  }
}

TEST(EntryCodec, NoticesEveryTruncation) {
  const std::string bytes = encode_entry(sample_entry());
  for (std::size_t length = 0; length < bytes.size(); ++length)
    ASSERT_EQ(decode_entry(bytes.substr(0, length)).error().code, Errc::corrupt) << length;
  EXPECT_THAT(decode_entry("").error().message, HasSubstr("a record is cut short"));
  EXPECT_EQ(decode_entry(bytes + "x").error().code, Errc::corrupt);
}

TEST(EntryCodec, RefusesANewerFormatWithASentence) {
  std::string bytes = encode_document(sample_document());
  for (const int format : {3, 127, 128, 255}) {
    bytes[0] = static_cast<char>(format);
    const Error error = decode_document(bytes).error();
    EXPECT_EQ(error.code, Errc::refused);
    EXPECT_THAT(error.message, HasSubstr("the membership document has format " + std::to_string(format) +
                                         ", newer than this version reads; start the newer version again"));
  }
}

TEST(EntryCodec, DoesNotTakeOneForTheOther) {
  EXPECT_EQ(decode_document(encode_entry(sample_entry())).error().code, Errc::corrupt);
  EXPECT_EQ(decode_entry(encode_document(sample_document())).error().code, Errc::corrupt);
}

// The layout is on people's disks: it may be changed only together with the format number.
TEST(EntryCodec, WritesTheBytesThatAreDocumented) {
  const Entry bare{.key = {"b", "k"}, .record = {}, .ownership = {Incarnation{5}, 6}};
  const std::string bytes = encode_entry(bare);
  EXPECT_EQ(to_hex(bytes.substr(0, 1)), "02");
  // [["b", "k"], [5, 6], [[], [], 0], 0, 0]
  EXPECT_EQ(to_hex(bytes.substr(9)),
            "9592c40162c4016b9205069390"
            "90000000");
}

}  // namespace
}  // namespace shoal
