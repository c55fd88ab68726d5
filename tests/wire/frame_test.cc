// Frames: what is sent comes back the same; releases can be mixed; large messages travel in pieces.
#include "node/wire/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include "node/wire/fields.h"
#include "node/wire/pack.h"
#include "tests/wire/samples.h"

namespace shoal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<Frame> read_all(FrameReader& reader, const std::vector<std::string>& frames) {
  std::vector<Frame> whole;
  for (const std::string& bytes : frames) {
    Result<std::optional<Frame>> frame = reader.read(bytes);
    EXPECT_TRUE(frame) << frame.error().message;
    if (frame && *frame) whole.push_back(**std::move(frame));
  }
  return whole;
}

Result<std::optional<Frame>> read_once(std::string_view bytes) {
  return FrameReader(kClientAssemblyBytesMax).read(bytes);
}

// A frame around hand-made bytes of its last field.
template <class Body>
std::string frame_with(const FrameHeader& header, std::uint8_t kind, Body body, std::size_t fields = 6) {
  wire::Buffer buffer;
  wire::Packer packer(buffer);
  packer.array(fields);
  packer.put(header.protocol);
  packer.put(header.cluster);
  packer.put(header.sender);
  packer.put(header.incarnation);
  packer.put(kind);
  body(packer);
  return {buffer.data(), buffer.size()};
}

// The last field of a frame of eight fields and more.
std::string check_of(const std::string& bytes) {
  std::string check(1, '\xcf');
  append_u64(check, XXH3_64bits(bytes.data(), bytes.size()));
  return check;
}

// ---- round trips ----------------------------------------------------------------------------------------------------

TEST(Frame, SamplesAreOfEveryKindOnce) {
  const std::vector<Message> samples = sample_messages();
  ASSERT_EQ(samples.size(), std::variant_size_v<Message>);
  for (std::size_t tag = 0; tag < samples.size(); ++tag) EXPECT_EQ(samples[tag].index(), tag);
}

// Equal bytes again means that every field has come back: the samples leave none at what a fresh message has.
TEST(Frame, EveryMessageComesBackTheSame) {
  for (const Message& message : sample_messages()) {
    const std::string sent = frame_of({message});
    const Result<std::optional<Frame>> frame = read_once(sent);
    ASSERT_TRUE(frame) << message.index() << ": " << frame.error().message;
    ASSERT_TRUE(*frame);
    EXPECT_EQ((*frame)->header, sample_header());
    ASSERT_THAT((*frame)->messages, SizeIs(1));
    EXPECT_EQ(frame_of((*frame)->messages), sent) << message.index();
    EXPECT_NE(frame_of({Message(std::in_place_index<0>)}), sent);
  }
}

TEST(Frame, ARecordComesBackWithEveryField) {
  const auto frame = read_once(frame_of({Fetched{{8}, {9}, Errc::ok, std::make_shared<Record>(sample_record())}}));
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ(*std::get<Fetched>((*frame)->messages.at(0)).state, sample_record());
}

TEST(Frame, AbsentThingsStayAbsent) {
  const auto frame = read_once(frame_of({Fetched{}, ListRequest{}, JoinReply{}}));
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ(std::get<Fetched>((*frame)->messages.at(0)).state, nullptr);
  EXPECT_EQ(std::get<ListRequest>((*frame)->messages.at(1)).after, std::nullopt);
  EXPECT_EQ(std::get<JoinReply>((*frame)->messages.at(2)).document, std::nullopt);
}

TEST(Frame, ManyMessagesOfATurnShareOneAndKeepTheirOrder) {
  const auto frame = read_once(frame_of(sample_messages()));
  ASSERT_TRUE(frame && *frame);
  ASSERT_THAT((*frame)->messages, SizeIs(std::variant_size_v<Message>));
  for (std::size_t tag = 0; tag < (*frame)->messages.size(); ++tag) EXPECT_EQ((*frame)->messages[tag].index(), tag);
}

TEST(Frame, NothingToSayIsNoFrame) { EXPECT_THAT(encode_frame(sample_header(), {}, 1), IsEmpty()); }

// ---- mixed releases -------------------------------------------------------------------------------------------------

TEST(Frame, AMessageOfALaterReleaseIsSkipped) {
  const std::string bytes = frame_with(sample_header(), 0, [](wire::Packer& packer) {
    packer.array(3);
    packer.put(Message(Ping{1}));
    packer.array(2);
    packer.put(std::uint64_t{1000});
    packer.put(std::string("something new"));
    packer.put(Message(Ping{2}));
  });
  const auto frame = read_once(bytes);
  ASSERT_TRUE(frame && *frame);
  EXPECT_THAT((*frame)->messages, SizeIs(2));
}

TEST(Frame, FieldsOfALaterReleaseAreIgnored) {
  const auto with_more = [](wire::Packer& packer) {
    packer.array(1);
    packer.array(3);  // [tag, fields, something new]
    packer.put(Message(Nack{}).index());
    packer.array(2);
    packer.put(std::uint64_t{77});
    packer.put(std::string("new field"));
    packer.put(true);
  };
  const auto frame = read_once(frame_with(sample_header(), 0, with_more));
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ(std::get<Nack>((*frame)->messages.at(0)).sequence, 77U);

  const auto and_in_the_frame = [&](wire::Packer& packer) {
    with_more(packer);
    packer.put(sample_header().sent_us);
    packer.put(std::string("new in the frame"));
  };
  const std::string longer = frame_with(sample_header(), 0, and_in_the_frame, 9);
  EXPECT_TRUE(read_once(longer + check_of(longer)));
}

TEST(Frame, WithAnyBitFlippedIsRefused) {
  for (const Message& message : sample_messages()) {
    std::string bytes = frame_of({message});
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      ASSERT_FALSE(read_once(bytes)) << message.index() << ", bit " << bit;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    }
  }
}

TEST(Frame, OfAnEarlierReleaseDoesNotSayWhenItWasSent) {
  const auto frame = read_once(frame_with(sample_header(), 0, [](wire::Packer& packer) { packer.array(0); }));
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->header.sent_us, 0U);
}

TEST(Frame, AMissingFieldIsRefused) {
  const std::string bytes = frame_with(sample_header(), 0, [](wire::Packer& packer) {
    packer.array(1);
    packer.array(2);
    packer.put(Message(Fetch{}).index());
    packer.array(2);  // call, epoch, and no key
    packer.put(std::uint64_t{1});
    packer.put(std::uint64_t{1});
  });
  EXPECT_EQ(read_once(bytes).error().code, Errc::corrupt);
}

TEST(Frame, OfAnotherProtocolVersionYieldsItsHeaderOnly) {
  FrameHeader header = sample_header();
  header.sent_us = 0;  // frame_with leaves it out
  header.protocol = kProtocolVersion + 1;
  const std::string bytes = frame_with(header, 200, [](wire::Packer& packer) { packer.put(true); });
  const auto frame = read_once(bytes);
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->header, header);
  EXPECT_THAT((*frame)->messages, IsEmpty());
}

TEST(Frame, OfAKindThatNobodyDefinedIsRefused) {
  const std::string bytes = frame_with(sample_header(), 2, [](wire::Packer& packer) { packer.array(0); });
  EXPECT_THAT(read_once(bytes).error().message, HasSubstr("malformed frame: a kind that nobody defined"));
}

// ---- pieces ---------------------------------------------------------------------------------------------------------

Message large(std::size_t bytes, char fill = 'x') {
  PutRequest put;
  put.key = {"default", "k"};
  put.value = Blob(std::string(bytes, fill));
  return put;
}

std::size_t value_size(const Frame& frame) { return std::get<PutRequest>(frame.messages.at(0)).value.size(); }

TEST(Pieces, CarryALargeMessage) {
  const Message message = large(3 * kFrameBytesMax);
  const std::vector<std::string> frames = encode_frame(sample_header(), {&message, 1}, 5);
  ASSERT_THAT(frames, SizeIs(4));
  for (const std::string& bytes : frames) EXPECT_LE(bytes.size(), kFrameBytesMax);
  FrameReader reader(kClientAssemblyBytesMax);
  const std::vector<Frame> whole = read_all(reader, frames);
  ASSERT_THAT(whole, SizeIs(1));
  EXPECT_EQ(whole[0].header, sample_header());
  EXPECT_EQ(std::get<PutRequest>(whole[0].messages.at(0)).value, std::get<PutRequest>(message).value);
  EXPECT_EQ(reader.held_bytes(), 0U);
}

TEST(Pieces, AreUsedExactlyFromTheLimitOn) {
  const std::size_t around =
      encode_frame(sample_header(), std::vector<Message>{large(1 << 20)}, 1)[0].size() - (1 << 20);
  const Message fits = large(kFrameBytesMax - around);
  const Message does_not = large(kFrameBytesMax - around + 1);
  EXPECT_THAT(encode_frame(sample_header(), {&fits, 1}, 1), SizeIs(1));
  EXPECT_THAT(encode_frame(sample_header(), {&does_not, 1}, 1), SizeIs(2));
}

TEST(Pieces, StandBetweenWholeFramesOfOneTurn) {
  const std::vector<Message> turn{Ping{1}, large(2 * kFrameBytesMax, 'a'), Ping{2}, large(2 * kFrameBytesMax, 'b'),
                                  Ping{3}};
  FrameReader reader(kClientAssemblyBytesMax);
  std::vector<std::size_t> kinds;
  for (const Frame& frame : read_all(reader, encode_frame(sample_header(), turn, 9)))
    for (const Message& message : frame.messages) kinds.push_back(message.index());
  const std::size_t ping = Message(Ping{}).index();
  const std::size_t put = Message(PutRequest{}).index();
  EXPECT_EQ(kinds, (std::vector<std::size_t>{ping, put, ping, put, ping}));
}

TEST(Pieces, WithOneMissingAreRefusedAndTheReaderRecovers) {
  const Message message = large(3 * kFrameBytesMax);
  const std::vector<std::string> frames = encode_frame(sample_header(), {&message, 1}, 5);
  FrameReader reader(kClientAssemblyBytesMax);
  EXPECT_TRUE(reader.read(frames[0]));
  const auto skipped = reader.read(frames[2]);
  ASSERT_FALSE(skipped);
  EXPECT_THAT(skipped.error().message, HasSubstr("a piece is missing"));
  EXPECT_EQ(reader.held_bytes(), 0U);
  EXPECT_FALSE(reader.read(frames[3]));
  EXPECT_THAT(read_all(reader, frames), SizeIs(1));
}

TEST(Pieces, OfTwoTransfersDoNotMix) {
  const Message one = large(2 * kFrameBytesMax, 'a');
  const Message two = large(2 * kFrameBytesMax, 'b');
  const auto of_one = encode_frame(sample_header(), {&one, 1}, 5);
  const auto of_two = encode_frame(sample_header(), {&two, 1}, 6);
  FrameReader reader(kClientAssemblyBytesMax);
  EXPECT_TRUE(reader.read(of_one[0]));
  EXPECT_FALSE(reader.read(of_two[1]));
  EXPECT_THAT(read_all(reader, of_two), SizeIs(1));
}

// A sender that lost its connection begins again: the first piece always starts afresh.
TEST(Pieces, StartAfreshWithTheFirst) {
  const Message message = large(2 * kFrameBytesMax);
  const auto frames = encode_frame(sample_header(), {&message, 1}, 5);
  FrameReader reader(kClientAssemblyBytesMax);
  EXPECT_TRUE(reader.read(frames[0]));
  EXPECT_THAT(read_all(reader, frames), SizeIs(1));
}

TEST(Pieces, OverTheAssemblyLimitAreRefusedAndForgotten) {
  const Message message = large(3 * kFrameBytesMax);
  FrameReader reader(2 * kFrameBytesMax);
  std::size_t held = 0;
  bool refused = false;
  for (const std::string& bytes : encode_frame(sample_header(), {&message, 1}, 5)) {
    const auto frame = reader.read(bytes);
    refused = refused || !frame;
    held = std::max(held, reader.held_bytes());
  }
  EXPECT_TRUE(refused);
  EXPECT_LE(held, 2 * kFrameBytesMax);
  EXPECT_EQ(reader.held_bytes(), 0U);
}

TEST(Pieces, TheLargestClientWriteFits) {
  const Message message = large(std::size_t{8} << 20);
  FrameReader reader(kClientAssemblyBytesMax);
  const auto whole = read_all(reader, encode_frame(sample_header(), {&message, 1}, 1));
  ASSERT_THAT(whole, SizeIs(1));
  EXPECT_EQ(value_size(whole[0]), std::size_t{8} << 20);
}

TEST(Pieces, ThatIntroduceAnotherSenderInsideAreRefused) {
  FrameHeader inner = sample_header();
  inner.sender = {99};
  const std::string inside = encode_frame(inner, std::vector<Message>{Ping{1}}, 1).front();
  const std::string bytes = frame_with(sample_header(), 1, [&](wire::Packer& packer) {
    packer(std::uint64_t{1}, std::uint64_t{0}, std::uint64_t{1}, std::string_view(inside));
  });
  EXPECT_THAT(read_once(bytes).error().message, HasSubstr("the pieces introduce another sender"));
}

// Frames in frames in frames would cost a stack.
TEST(Pieces, InsidePiecesAreRefused) {
  const std::string inside = frame_with(sample_header(), 1, [](wire::Packer& packer) {
    packer(std::uint64_t{1}, std::uint64_t{0}, std::uint64_t{1}, std::string_view("x"));
  });
  const std::string bytes = frame_with(sample_header(), 1, [&](wire::Packer& packer) {
    packer(std::uint64_t{1}, std::uint64_t{0}, std::uint64_t{1}, std::string_view(inside));
  });
  EXPECT_FALSE(read_once(bytes));
}

TEST(Frame, HoldsOnlySoManyMessages) {
  const std::vector<Message> many(kFrameMessagesMax + 1, Ping{1});
  const std::vector<std::string> frames = encode_frame(sample_header(), many, 1);
  ASSERT_THAT(frames, SizeIs(2));
  FrameReader reader(kClientAssemblyBytesMax);
  std::size_t count = 0;
  for (const Frame& frame : read_all(reader, frames)) count += frame.messages.size();
  EXPECT_EQ(count, many.size());
}

}  // namespace
}  // namespace shoal
