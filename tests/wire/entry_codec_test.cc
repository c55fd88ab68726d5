// Records and documents at rest: what was written comes back, and nothing else does.
#include "node/wire/entry_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include "tests/wire/samples.h"

namespace shoal {
namespace {

using testing::HasSubstr;

const Place kPlace(Slot{.hi = 0x0123456789abcdef, .lo = 0xfedcba9876543210});
const Place kHint(NodeId{5}, kPlace.slot);
const Place kAcceptor = Place::acceptor_of(kPlace.slot);

std::string sealed(const Entry& entry) { return encode_entry(kPlace, entry); }
Result<Entry> unsealed(std::string_view bytes) { return decode_entry(kPlace, bytes); }

TEST(EntryCodec, ReadsWhatItWrote) {
  const Result<Entry> entry = unsealed(sealed(sample_entry()));
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(*entry, sample_entry());
  const Result<Membership> document = decode_document(encode_document(sample_document()));
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(*document, sample_document());
}

Entry sample_acceptor() {
  KeyAcceptor acceptor;
  acceptor.accept({.counter = 8, .proposer = {3}}, sample_register());
  acceptor.prepare({.counter = 9, .proposer = {4}});
  return {.key = {"default", "k"},
          .kind = Kind::strong,
          .acceptor = std::make_shared<const KeyAcceptor>(std::move(acceptor))};
}

Entry sample_vote() {
  TopologyVote vote{.follows = {8}, .acceptor = {}};
  vote.acceptor.accept({.counter = 8, .proposer = {3}}, sample_document());
  return {.kind = Kind::strong, .vote = std::make_shared<const TopologyVote>(std::move(vote))};
}

bool same_memory(const Entry& a, const Entry& b) {
  const bool both = (a.acceptor != nullptr) == (b.acceptor != nullptr) && (a.vote != nullptr) == (b.vote != nullptr);
  if (!both || (a.vote && *a.vote != *b.vote)) return false;
  if (!a.acceptor) return a.key == b.key;
  const bool values = (a.acceptor->value != nullptr) == (b.acceptor->value != nullptr);
  const bool same_value = values && (!a.acceptor->value || *a.acceptor->value == *b.acceptor->value);
  return a.key == b.key && a.acceptor->promised == b.acceptor->promised &&
         a.acceptor->accepted == b.acceptor->accepted && same_value;
}

TEST(EntryCodec, ReadsWhatAVoterRemembers) {
  Entry promised{.key = {"default", "k"}, .kind = Kind::strong};
  promised.acceptor =
      std::make_shared<const KeyAcceptor>(KeyAcceptor{.promised = {.counter = 1, .proposer = {2}}, .accepted = {}});
  for (const Entry& entry : {sample_acceptor(), promised}) {
    const Result<Entry> read = decode_entry(kAcceptor, encode_entry(kAcceptor, entry));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(same_memory(*read, entry));
    EXPECT_EQ(read->kind, Kind::strong);
    EXPECT_EQ(read->record, Record{});
    EXPECT_EQ(read->digest, Hash128{});
  }
  const Result<Entry> vote = decode_entry(Place::vote(), encode_entry(Place::vote(), sample_vote()));
  ASSERT_TRUE(vote) << vote.error().message;
  EXPECT_TRUE(same_memory(*vote, sample_vote()));
}

// One without the other would be taken for a voter that has promised nothing.
TEST(EntryCodec, TakesNoVoterForAnother) {
  const Entry nothing{.key = {"default", "k"}, .kind = Kind::strong};
  for (const Place& place : {kAcceptor, Place::vote()}) {
    const Entry& other = place == kAcceptor ? sample_vote() : sample_acceptor();
    EXPECT_EQ(decode_entry(place, encode_entry(place, other)).error().code, Errc::corrupt);
    EXPECT_EQ(decode_entry(place, encode_entry(place, nothing)).error().code, Errc::corrupt);
    EXPECT_EQ(decode_entry(place, encode_entry(kPlace, sample_entry())).error().code, Errc::corrupt);
  }
  EXPECT_EQ(unsealed(encode_entry(kAcceptor, sample_acceptor())).error().code, Errc::corrupt);
}

TEST(EntryCodec, ReadsAnEntryWithoutSiblings) {
  const Entry bare{.key = {"default", "k"}};
  EXPECT_EQ(*unsealed(sealed(bare)), bare);
}

TEST(EntryCodec, ReadsTheLargestValue) {
  Entry entry = sample_entry();
  entry.record.siblings[0].value = Blob(std::string(std::size_t{8} << 20, 'v'));
  EXPECT_EQ(*unsealed(sealed(entry)), entry);
}

std::string with_flipped(std::string bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  return bytes;
}

TEST(EntryCodec, NoticesEveryFlippedBit) {
  for (const std::string& bytes : {sealed(sample_entry()), encode_document(sample_document())}) {
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      const Result<Entry> entry = unsealed(with_flipped(bytes, bit));
      const Result<Membership> document = decode_document(with_flipped(bytes, bit));
      ASSERT_FALSE(entry) << bit;
      ASSERT_FALSE(document) << bit;
      // In the format number a flipped bit reads as a newer format, except where it makes it smaller.
      const Errc code = bit > 1 && bit < 8 ? Errc::refused : Errc::corrupt;
      ASSERT_EQ(entry.error().code, code) << bit;
      ASSERT_EQ(document.error().code, code) << bit;
    }
  }
}

TEST(EntryCodec, NoticesEveryFlippedBitOfThePlace) {
  for (const Place& place : {kPlace, kHint}) {
    const std::string bytes = encode_entry(place, sample_entry());
    const std::string key = place_bytes(place);
    ASSERT_EQ(place_from(key), place);
    for (std::size_t bit = 0; bit < 8 * key.size(); ++bit)
      ASSERT_EQ(decode_entry(*place_from(with_flipped(key, bit)), bytes).error().code, Errc::corrupt) << bit;
  }
  EXPECT_EQ(decode_entry(kHint, sealed(sample_entry())).error().code, Errc::corrupt);
  const std::string bytes = encode_entry(kAcceptor, sample_acceptor());
  const std::string key = place_bytes(kAcceptor);
  ASSERT_EQ(key.size(), 24U);
  ASSERT_EQ(place_from(key), kAcceptor);
  for (std::size_t bit = 0; bit < 8 * key.size(); ++bit)
    ASSERT_EQ(decode_entry(*place_from(with_flipped(key, bit)), bytes).error().code, Errc::corrupt) << bit;
}

TEST(EntryCodec, SaysTheDigestOfSealedBytes) {
  const std::string bytes = sealed(sample_entry());
  EXPECT_EQ(sealed_digest(bytes), sample_entry().digest);
  EXPECT_EQ(sealed_key(bytes), sample_entry().key);
  EXPECT_EQ(sealed_key(encode_entry(kAcceptor, sample_acceptor())), sample_acceptor().key);
  EXPECT_EQ(sealed_key(encode_entry(Place::vote(), sample_vote())), Key{});
  EXPECT_TRUE(sealed_digest(bytes.substr(0, 25)));
  EXPECT_FALSE(sealed_digest(bytes.substr(0, 24)));
  EXPECT_FALSE(sealed_digest(""));
  EXPECT_FALSE(sealed_key(bytes.substr(0, bytes.size() - 1)));
}

TEST(EntryCodec, NoticesEveryTruncation) {
  const std::string bytes = sealed(sample_entry());
  for (std::size_t length = 0; length < bytes.size(); ++length)
    ASSERT_EQ(unsealed(bytes.substr(0, length)).error().code, Errc::corrupt) << length;
  EXPECT_THAT(unsealed("").error().message, HasSubstr("a record is cut short"));
  EXPECT_EQ(unsealed(bytes + "x").error().code, Errc::corrupt);
}

TEST(EntryCodec, RefusesANewerFormatWithASentence) {
  std::string bytes = encode_document(sample_document());
  for (const int format : {4, 127, 128, 255}) {
    bytes[0] = static_cast<char>(format);
    const Error error = decode_document(bytes).error();
    EXPECT_EQ(error.code, Errc::refused);
    EXPECT_THAT(error.message, HasSubstr("the membership document has format " + std::to_string(format) +
                                         ", newer than this version reads; start the newer version again"));
  }
}

TEST(EntryCodec, DoesNotTakeOneForTheOther) {
  EXPECT_EQ(decode_document(sealed(sample_entry())).error().code, Errc::corrupt);
  EXPECT_EQ(unsealed(encode_document(sample_document())).error().code, Errc::corrupt);
}

// The layout is on people's disks: it may be changed only together with the format number.
TEST(EntryCodec, WritesTheBytesThatAreDocumented) {
  const Entry bare{
      .key = {"b", "k"}, .record = {}, .ownership = {Incarnation{5}, 6}, .digest = {.hi = 0x0a0b, .lo = 0x0c0d}};
  const std::string bytes = sealed(bare);
  EXPECT_EQ(to_hex(bytes.substr(0, 1)), "03");
  const std::string key = place_bytes(kPlace);
  std::string sum;
  append_u64(sum, XXH3_64bits_withSeed(bytes.data() + 9, bytes.size() - 9, XXH3_64bits(key.data(), key.size())));
  EXPECT_EQ(bytes.substr(1, 8), sum);
  EXPECT_EQ(to_hex(bytes.substr(9, 16)), "0000000000000a0b0000000000000c0d");
  // [["b", "k"], [5, 6], [[], [], 0], 0, 0]
  EXPECT_EQ(to_hex(bytes.substr(25)),
            "9592c40162c4016b9205069390"
            "90000000");
}

}  // namespace
}  // namespace shoal
