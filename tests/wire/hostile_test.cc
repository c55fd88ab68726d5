// Hostile bytes: whatever comes, a frame is refused or harmless, and never costs more memory than its own size
// warrants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/base/rng.h"
#include "node/wire/entry_codec.h"
#include "node/wire/fields.h"
#include "node/wire/frame.h"
#include "node/wire/pack.h"
#include "tests/wire/samples.h"

namespace shoal {
namespace {

Result<std::optional<Frame>> read_once(std::string_view bytes) {
  return FrameReader(kClientAssemblyBytesMax).read(bytes);
}

// Packs one message by hand, so that it may be wrong.
template <class Fields>
std::string frame_around(std::size_t tag, Fields fields) {
  wire::Buffer buffer;
  wire::Packer packer(buffer);
  packer.array(6);
  const FrameHeader header = sample_header();
  packer.put(header.protocol);
  packer.put(header.cluster);
  packer.put(header.sender);
  packer.put(header.incarnation);
  packer.put(std::uint8_t{0});
  packer.array(1);
  packer.array(2);
  packer.put(tag);
  fields(packer);
  return {buffer.data(), buffer.size()};
}

// As a release before the check would have sent it: what has changed then is found by nothing but its form.
std::string without_check(const std::string& frame) {
  constexpr std::size_t kCheckBytes = 9;
  std::string bytes = frame.substr(0, frame.size() - kCheckBytes);
  EXPECT_EQ(bytes[0], '\x98');  // an array of eight
  bytes[0] = '\x97';
  EXPECT_TRUE(read_once(bytes));
  return bytes;
}

bool accepted(const std::string& bytes) {
  const auto frame = read_once(bytes);
  return frame && *frame;
}

bool accepts_record(const Record& record) {
  return accepted(frame_of({Fetched{{1}, {1}, Errc::ok, std::make_shared<Record>(record)}}));
}

bool accepts_document(const Membership& document) { return accepted(frame_of({DocumentPush{document}})); }

TEST(Hostile, EveryTruncationIsRefused) {
  for (const Message& message : sample_messages()) {
    const std::string bytes = without_check(frame_of({message}));
    for (std::size_t length = 0; length < bytes.size(); ++length)
      ASSERT_FALSE(read_once(std::string_view(bytes).substr(0, length))) << message.index() << " cut to " << length;
  }
}

TEST(Hostile, BytesAfterTheFrameAreRefused) { EXPECT_FALSE(accepted(frame_of({Ping{1}}) + '\0')); }

// What still reads as a frame must be as well formed as any: writing it again must succeed.
TEST(Hostile, EverySingleByteChangeIsRefusedOrHarmless) {
  for (const Message& message : sample_messages()) {
    const std::string bytes = without_check(frame_of({message}));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (int change = 1; change < 256; ++change) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ change);
        const auto frame = read_once(changed);
        if (frame && *frame) encode_frame((*frame)->header, (*frame)->messages, 1);
      }
    }
  }
}

TEST(Hostile, AnArrayOfFourBillionIsRefused) {
  EXPECT_FALSE(read_once(std::string_view("\xdd\xff\xff\xff\xff", 5)));
  EXPECT_FALSE(read_once(std::string_view("\xdf\xff\xff\xff\xff", 5)));  // a map
  EXPECT_FALSE(read_once(std::string_view("\xc6\xff\xff\xff\xff", 5)));  // bytes
  EXPECT_FALSE(read_once(std::string_view("\xc9\xff\xff\xff\xff\x01", 6)));
}

TEST(Hostile, DeepNestingIsRefused) {
  for (const std::size_t depth : {20U, 1000U, 1'000'000U}) EXPECT_FALSE(read_once(std::string(depth, '\x91')));
  std::string deep_inside = frame_around(1000, [](wire::Packer& packer) {
    for (int i = 0; i < 40; ++i) packer.array(1);
    packer.put(true);
  });
  EXPECT_FALSE(accepted(deep_inside));
}

// A million wrong elements fit a small frame; made in memory before they are looked at, they would cost hundreds of MB.
TEST(Hostile, AWrongElementEndsALongArray) {
  constexpr std::size_t kCount = 3'000'000;
  const std::string bytes = frame_around(Message(ListReply{}).index(), [](wire::Packer& packer) {
    packer.array(4);
    packer.put(std::uint64_t{1});
    packer.put(Error{});
    packer.array(kCount);
    for (std::size_t i = 0; i < kCount; ++i) packer.put(true);
    packer.put(std::optional<Slot>());
  });
  EXPECT_FALSE(accepted(bytes));
}

TEST(Hostile, TooManyMessagesInOneFrameAreRefused) {
  wire::Buffer buffer;
  wire::Packer packer(buffer);
  packer.array(6);
  const FrameHeader header = sample_header();
  packer.put(header.protocol);
  packer.put(header.cluster);
  packer.put(header.sender);
  packer.put(header.incarnation);
  packer.put(std::uint8_t{0});
  packer.array(kFrameMessagesMax + 1);
  for (std::size_t i = 0; i <= kFrameMessagesMax; ++i) packer.put(Message(Ping{1}));
  EXPECT_FALSE(accepted({buffer.data(), buffer.size()}));
}

TEST(Hostile, EnumsOutOfRangeAreRefused) {
  const auto replicated = [](std::uint64_t outcome) {
    return frame_around(Message(Replicated{}).index(), [&](wire::Packer& packer) {
      packer(std::uint64_t{1}, std::uint64_t{1}, outcome, true, Load{});
    });
  };
  EXPECT_TRUE(accepted(replicated(static_cast<std::uint64_t>(Errc::inconsistent))));
  EXPECT_FALSE(accepted(replicated(static_cast<std::uint64_t>(Errc::inconsistent) + 1)));
  EXPECT_FALSE(accepted(replicated(256)));  // zero, if it were cut to a byte
  Membership document = sample_document();
  document.members[0].state = static_cast<MemberState>(4);
  EXPECT_FALSE(accepts_document(document));
}

TEST(Hostile, IntegersThatDoNotFitAreRefused) {
  const auto get_with_r = [](auto r) {
    return frame_around(Message(GetRequest{}).index(), [&](wire::Packer& packer) {
      packer(std::uint64_t{1}, Key{"default", "k"}, r, std::int64_t{100}, Level::quorum, 0, std::string());
    });
  };
  EXPECT_TRUE(accepted(get_with_r(std::int64_t{-1})));
  EXPECT_TRUE(accepted(get_with_r(std::int64_t{2'147'483'647})));
  EXPECT_FALSE(accepted(get_with_r(std::int64_t{2'147'483'648})));
  EXPECT_FALSE(accepted(get_with_r(std::int64_t{-2'147'483'649})));
  const std::string negative_call =
      frame_around(Message(Hello{}).index(), [](wire::Packer& packer) { packer(std::int64_t{-1}); });
  EXPECT_FALSE(accepted(negative_call));
}

TEST(Hostile, TextInPlaceOfBytesAndTheLikeIsRefused) {
  const std::string bool_for_call = frame_around(Message(Hello{}).index(), [](wire::Packer& packer) { packer(true); });
  const std::string nil_for_fields =
      frame_around(Message(Hello{}).index(), [](wire::Packer& packer) { packer.put(std::optional<Slot>()); });
  EXPECT_FALSE(accepted(bool_for_call));
  EXPECT_FALSE(accepted(nil_for_fields));
}

// Merge relies on these, so they are held at the border.
TEST(Hostile, RecordsThatNoReplicaCouldHoldAreRefused) {
  EXPECT_TRUE(accepts_record(sample_record()));
  EXPECT_TRUE(accepts_record(Record{}));
  Record uncovered = sample_record();
  uncovered.siblings[0].dot.counter = 9;  // its clock ends at 8
  EXPECT_FALSE(accepts_record(uncovered));
  Record of_a_stranger = sample_record();
  of_a_stranger.siblings[0].dot.actor.epoch = 77;
  EXPECT_FALSE(accepts_record(of_a_stranger));
  Record without_count = sample_record();
  without_count.siblings[0].dot.counter = 0;
  EXPECT_FALSE(accepts_record(without_count));
  Record twice = sample_record();
  twice.siblings[1] = twice.siblings[0];
  EXPECT_FALSE(accepts_record(twice));
  Record unsorted = sample_record();
  std::swap(unsorted.siblings[0], unsorted.siblings[1]);
  EXPECT_FALSE(accepts_record(unsorted));
}

TEST(Hostile, AStateThatMustBeThereIsNotAbsent) {
  EXPECT_FALSE(accepted(frame_of({Replicate{{1}, {1}, {"default", "k"}, nullptr}})));
  EXPECT_FALSE(accepted(frame_of({KeysFetched{{1}, {1}, Errc::ok, {{{1, 2}, "k", nullptr}}, std::nullopt}})));
}

// No failure detector says more at a time.
TEST(Hostile, MoreRumoursThanAllowedAreRefused) {
  const std::vector<Rumour> most(kRumoursMax);
  const std::vector<Rumour> too_many(kRumoursMax + 1);
  for (const Message& message : {Message(Ping{1, most}), Message(Pong{1, most}), Message(PingRequest{1, {2}, most}),
                                 Message(Gossip{most}), Message(StateExchange{true, std::vector<Rumour>(kStatesMax)})})
    EXPECT_TRUE(accepted(frame_of({message}))) << message.index();
  for (const Message& message :
       {Message(Ping{1, too_many}), Message(Pong{1, too_many}), Message(PingRequest{1, {2}, too_many}),
        Message(Gossip{too_many}), Message(StateExchange{true, std::vector<Rumour>(kStatesMax + 1)})})
    EXPECT_FALSE(accepted(frame_of({message}))) << message.index();
}

TEST(Hostile, DocumentsThatAreNotWellFormedAreRefused) {
  EXPECT_TRUE(accepts_document(sample_document()));
  const std::vector<std::function<void(Membership&)>> spoilers{
      [](Membership& d) { d.cluster = {}; },
      [](Membership& d) { d.epoch = {}; },
      [](Membership& d) { d.partitions = 300; },
      [](Membership& d) { d.replicas = 0; },
      [](Membership& d) { d.members.clear(); },
      [](Membership& d) { d.members[0].weight = 0; },
      [](Membership& d) { d.members[0].name = ""; },
      [](Membership& d) { std::swap(d.members[0], d.members[1]); },
      [](Membership& d) { d.members[1] = d.members[0]; },
  };
  for (std::size_t i = 0; i < spoilers.size(); ++i) {
    Membership document = sample_document();
    spoilers[i](document);
    EXPECT_FALSE(accepts_document(document)) << i;
  }
}

// ---- chance ---------------------------------------------------------------------------------------------------------

constexpr std::uint64_t kSeed = 20240607;

std::string random_bytes(Rng& rng, std::size_t size_max) {
  std::string bytes(rng.below(size_max + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>(rng.next());
  return bytes;
}

// Several changes at once: other bytes, swapped stretches, doubled and cut ones.
std::string mangled(std::string bytes, Rng& rng) {
  for (std::uint64_t changes = rng.between(1, 6); changes > 0 && !bytes.empty(); --changes) {
    const std::size_t at = rng.below(bytes.size());
    const std::size_t length = rng.below(std::min<std::size_t>(bytes.size() - at, 24) + 1);
    switch (rng.below(5)) {
      case 0: bytes[at] = static_cast<char>(rng.next()); break;
      case 1: bytes.erase(at, length); break;
      case 2: bytes.insert(at, bytes.substr(at, length)); break;
      case 3: bytes.insert(at, random_bytes(rng, 8)); break;
      default: bytes.replace(at, length, bytes.substr(rng.below(bytes.size()), length)); break;
    }
  }
  return bytes;
}

// One reader for all, as a connection has one: what came before must not matter.
TEST(Fuzz, RandomBytesAreRefused) {
  Rng rng(kSeed);
  FrameReader reader(1 << 16);
  for (int i = 0; i < 150'000; ++i) {
    std::string bytes = random_bytes(rng, 96);
    if (!bytes.empty() && rng.chance(500'000)) bytes[0] = '\x96';  // at least the outermost array is right
    const auto frame = reader.read(bytes);
    ASSERT_FALSE(frame && *frame && !(*frame)->messages.empty()) << "input " << i;
  }
}

TEST(Fuzz, MangledFramesAreRefusedOrHarmless) {
  Rng rng(kSeed);
  std::vector<std::string> frames;
  for (const Message& message : sample_messages()) frames.push_back(without_check(frame_of({message})));
  FrameReader reader(1 << 16);
  std::size_t read = 0;
  for (int i = 0; i < 150'000; ++i) {
    const auto frame = reader.read(mangled(frames[rng.below(frames.size())], rng));
    if (!frame || !*frame) continue;
    ++read;
    encode_frame((*frame)->header, (*frame)->messages, 1);
  }
  EXPECT_GT(read, 1000U);  // the mangling is gentle enough to reach the depths
}

TEST(Fuzz, MangledEntriesAndDocumentsAreRefused) {
  Rng rng(kSeed);
  const std::string entry = encode_entry(Place(), sample_entry());
  const std::string document = encode_document(sample_document());
  for (int i = 0; i < 50'000; ++i) {
    const std::string wrong_entry = mangled(entry, rng);
    const std::string wrong_document = mangled(document, rng);
    ASSERT_TRUE(wrong_entry == entry || !decode_entry(Place(), wrong_entry)) << "input " << i;
    ASSERT_TRUE(wrong_document == document || !decode_document(wrong_document)) << "input " << i;
  }
}

}  // namespace
}  // namespace shoal
