// Two or three nodes' sockets on loopback: who is heard, who is refused, and what waits for whom.
#include "node/io/peer_sockets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "node/io/clock.h"
#include "node/io/resolve.h"
#include "tests/io/wires.h"

namespace shoal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint16_t kOffset = 1;

// One node's sockets and what they heard.
struct Peer {
  Peer(zmq::context_t& context, const FrameHeader& header, std::size_t backlog = 1 << 20)
      : id(header.sender), faults(header.sender, 1), sockets(context, header, kOffset, backlog, counters, faults) {}

  void listen() {
    endpoint = listen_somewhere([this](const Endpoint& where) { return sockets.listen(where); });
  }
  [[nodiscard]] Member as_member() const {
    return Member{.id = id, .name = to_string(id), .address = to_string(endpoint)};
  }
  void send(const Peer& to, std::uint64_t number) {
    const Message message = Ping{number};
    sockets.send(to.id, {&message, 1});
  }
  void turn() {
    sockets.receive(
        [this](NodeId from, const Message& message, Duration) {
          senders.push_back(from);
          if (const auto* ping = std::get_if<Ping>(&message)) heard.push_back(ping->sequence);
        },
        100);
    sockets.flush_backlogs();
  }

  NodeId id;
  Counters counters;
  Faults faults;
  PeerSockets sockets;
  Endpoint endpoint;
  std::vector<NodeId> senders;
  std::vector<std::uint64_t> heard;
};

class PeerSocketsTest : public testing::Test {
 protected:
  Peer& peer(const FrameHeader& header, std::size_t backlog = 1 << 20) {
    peers_.push_back(std::make_unique<Peer>(context, header, backlog));
    peers_.back()->listen();
    return *peers_.back();
  }

  static Membership document(std::initializer_list<const Peer*> members) {
    Membership document;
    document.cluster = {77};
    document.epoch = {1};
    for (const Peer* member : members) document.members.push_back(member->as_member());
    return document;
  }
  static void introduce(std::initializer_list<Peer*> all) {
    Membership everybody;
    for (const Peer* member : all) everybody.members.push_back(member->as_member());
    for (Peer* member : all) member->sockets.follow(everybody);
  }

  // Lets everybody work until `done`.
  [[nodiscard]] bool until(const std::function<bool()>& done) {
    const auto items = [this] {
      std::vector<zmq::pollitem_t> all;
      for (const auto& one : peers_) one->sockets.add_poll_items(all);
      return all;
    };
    return wait_until(items, [&] {
      for (const auto& one : peers_) one->turn();
      return done();
    });
  }

  zmq::context_t context{1};
  std::vector<std::unique_ptr<Peer>> peers_;
};

TEST_F(PeerSocketsTest, CarryMessagesBothWaysInOrder) {
  Peer& a = peer(header_of(1));
  Peer& b = peer(header_of(2));
  introduce({&a, &b});
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < 300; ++i) {
    a.send(b, i);
    b.send(a, i);
    numbers.push_back(i);
  }
  ASSERT_TRUE(until([&] { return a.heard.size() == 300 && b.heard.size() == 300; }));
  EXPECT_EQ(a.heard, numbers);
  EXPECT_EQ(b.heard, numbers);
  EXPECT_EQ(b.senders.front(), a.id);
}

TEST_F(PeerSocketsTest, CarryWhatIsLargerThanAFrame) {
  Peer& a = peer(header_of(1), std::size_t{64} << 20);
  Peer& b = peer(header_of(2));
  introduce({&a, &b});
  PutRequest put;
  put.key = {"default", "k"};
  put.value = Blob(std::string(3 * kFrameBytesMax, 'v'));
  const std::vector<Message> messages{Ping{1}, put, Ping{2}};
  a.sockets.send(b.id, messages);
  ASSERT_TRUE(until([&] { return b.heard.size() == 2; }));
  EXPECT_THAT(b.senders, SizeIs(3));
}

// What is sent before the connection stands waits for it.
TEST_F(PeerSocketsTest, WaitForAMemberThatIsNotThereYet) {
  Peer& a = peer(header_of(1));
  Peer late(context, header_of(2));
  do {
    late.endpoint = {"127.0.0.1", free_port()};
  } while (!check_can_listen({"127.0.0.1", static_cast<std::uint16_t>(late.endpoint.port + kPeerPortOffset)}));
  a.sockets.follow(document({&a, &late}));
  a.send(late, 5);
  Peer& b = *peers_.emplace_back(std::make_unique<Peer>(context, header_of(2)));
  ASSERT_TRUE(b.sockets.listen(late.endpoint));
  ASSERT_TRUE(until([&] { return !b.heard.empty(); }));
  EXPECT_THAT(b.heard, ElementsAre(5));
}

TEST_F(PeerSocketsTest, FollowAMemberToItsNewAddress) {
  Peer& a = peer(header_of(1));
  Peer& old = peer(header_of(2));
  introduce({&a, &old});
  a.send(old, 1);
  ASSERT_TRUE(until([&] { return old.heard.size() == 1; }));
  Peer& moved = peer(header_of(2, 2));
  a.sockets.follow(document({&a, &moved}));
  a.send(moved, 2);
  ASSERT_TRUE(until([&] { return moved.heard.size() == 1; }));
  EXPECT_THAT(old.heard, ElementsAre(1));
}

TEST_F(PeerSocketsTest, SendNothingToStrangers) {
  Peer& a = peer(header_of(1));
  Peer& b = peer(header_of(2));
  a.send(b, 1);
  a.turn();
  EXPECT_EQ(a.counters.dropped_frames, 0U);
}

TEST_F(PeerSocketsTest, SurviveAMemberWhoseAddressIsNonsense) {
  Peer& a = peer(header_of(1));
  Peer& b = peer(header_of(2));
  Membership all = document({&a, &b});
  all.members.push_back(Member{.id = {3}, .name = "c", .address = "nowhere"});
  a.sockets.follow(all);
  a.send(b, 1);
  EXPECT_TRUE(until([&] { return b.heard.size() == 1; }));
}

TEST_F(PeerSocketsTest, RefuseAnotherCluster) {
  Peer& a = peer(header_of(1));
  FrameHeader foreign = header_of(2);
  foreign.cluster = {78};
  Peer& b = peer(foreign);
  introduce({&a, &b});
  b.send(a, 1);
  ASSERT_TRUE(until([&] { return a.counters.refused_frames == 1; }));
  EXPECT_THAT(a.heard, IsEmpty());
  EXPECT_THAT(b.sockets.stop_reason(), IsEmpty());  // the address may be wrong, not the node
}

TEST_F(PeerSocketsTest, RefuseAnotherProtocolVersion) {
  Peer& a = peer(header_of(1));
  FrameHeader newer = header_of(2);
  newer.protocol = kProtocolVersion + 1;
  Peer& b = peer(newer);
  introduce({&a, &b});
  a.send(b, 1);
  b.send(a, 1);
  ASSERT_TRUE(until([&] { return a.counters.refused_frames > 0 && b.counters.refused_frames > 0; }));
  EXPECT_THAT(a.heard, IsEmpty());
  EXPECT_THAT(b.heard, IsEmpty());
  EXPECT_THAT(a.sockets.stop_reason() + b.sockets.stop_reason(), IsEmpty());
}

// A restored backup must not speak for the node that has gone on since.
TEST_F(PeerSocketsTest, StopAnOlderLife) {
  Peer& a = peer(header_of(1));
  Peer& now = peer(header_of(2, 5));
  Peer& old = peer(header_of(2, 4));
  introduce({&a, &now});
  now.send(a, 1);
  ASSERT_TRUE(until([&] { return a.heard.size() == 1; }));
  old.sockets.follow(document({&a, &old}));
  old.send(a, 2);
  ASSERT_TRUE(until([&] { return !old.sockets.stop_reason().empty(); }));
  EXPECT_THAT(old.sockets.stop_reason(), HasSubstr("was seen in a later life than start 4"));
  EXPECT_THAT(a.heard, ElementsAre(1));
}

TEST_F(PeerSocketsTest, TakeARestartForTheSameNode) {
  Peer& a = peer(header_of(1));
  Peer& before = peer(header_of(2, 5));
  Peer& after = peer(header_of(2, 6, 1));
  introduce({&a, &before});
  before.send(a, 1);
  ASSERT_TRUE(until([&] { return a.heard.size() == 1; }));
  after.sockets.follow(document({&a, &after}));
  after.send(a, 2);
  ASSERT_TRUE(until([&] { return a.heard.size() == 2; }));
}

// A data folder was copied and both copies run: nobody can say which one is right.
TEST_F(PeerSocketsTest, StopBothClones) {
  Peer& a = peer(header_of(1));
  Peer& first = peer(header_of(2, 5, 100));
  Peer& second = peer(header_of(2, 5, 200));
  introduce({&a, &first});
  first.send(a, 1);
  ASSERT_TRUE(until([&] { return a.heard.size() == 1; }));
  second.sockets.follow(document({&a, &second}));
  second.send(a, 2);
  ASSERT_TRUE(until([&] { return !second.sockets.stop_reason().empty(); }));
  EXPECT_THAT(second.sockets.stop_reason(), HasSubstr("runs twice: its data folder was copied"));
  first.send(a, 3);
  ASSERT_TRUE(until([&] { return !first.sockets.stop_reason().empty(); }));
  EXPECT_THAT(a.heard, ElementsAre(1));
}

TEST_F(PeerSocketsTest, StopThemselvesWhenTheyHearTheirOwnClone) {
  Peer& one = peer(header_of(2, 5, 100));
  Peer& other = peer(header_of(2, 5, 200));
  Peer alias(context, header_of(9));
  alias.endpoint = one.endpoint;
  other.sockets.follow(document({&alias}));  // reaches `one` under another name
  other.send(alias, 1);
  ASSERT_TRUE(until([&] { return !one.sockets.stop_reason().empty() && !other.sockets.stop_reason().empty(); }));
  EXPECT_THAT(one.heard, IsEmpty());
}

// And not one word of a later life of themselves is taken for a peer's.
TEST_F(PeerSocketsTest, StopThemselvesWhenTheyHearTheirOwnLaterLife) {
  Peer& one = peer(header_of(2, 5));
  Peer& later = peer(header_of(2, 6));
  Peer alias(context, header_of(9));
  alias.endpoint = one.endpoint;
  later.sockets.follow(document({&alias}));
  later.send(alias, 1);
  ASSERT_TRUE(until([&] { return !one.sockets.stop_reason().empty() && !later.sockets.stop_reason().empty(); }));
  EXPECT_THAT(one.sockets.stop_reason(), HasSubstr("runs twice: its data folder was copied"));
  EXPECT_THAT(one.heard, IsEmpty());
}

TEST_F(PeerSocketsTest, StopARemovedMember) {
  Peer& a = peer(header_of(1));
  Peer& b = peer(header_of(2));
  b.sockets.follow(document({&a, &b}));
  Membership without = document({&a, &b});
  without.members[1].state = MemberState::removed;
  a.sockets.follow(without);
  b.send(a, 1);
  ASSERT_TRUE(until([&] { return !b.sockets.stop_reason().empty(); }));
  EXPECT_THAT(b.sockets.stop_reason(), HasSubstr("was removed from the cluster"));
  EXPECT_THAT(a.heard, IsEmpty());
}

// ---- faults by order ------------------------------------------------------------------------------------------------

class PeerSocketsWithFaults : public PeerSocketsTest {
 protected:
  void SetUp() override { introduce({&a, &b}); }
  void order(Peer& at, FaultRule rule) {
    rule.lasts = std::chrono::minutes(1);
    const Status added = at.faults.add({std::move(rule)}, document({&a, &b}), read_clock().mono);
    ASSERT_TRUE(added) << added.error().message;
  }
  static void clear(Peer& at) { ASSERT_TRUE(at.faults.clear({}, read_clock().mono)); }

  Peer& a = peer(header_of(1));
  Peer& b = peer(header_of(2));
};

// A link that works one way: what is cut is lost for good, what comes back is heard.
TEST_F(PeerSocketsWithFaults, LoseWhatIsCutAtItsSender) {
  order(a, {.kind = FaultKind::cut, .peers = {to_string(b.id)}, .way = FaultWay::out});
  a.send(b, 1);
  b.send(a, 2);
  ASSERT_TRUE(until([&] { return a.heard.size() == 1; }));
  clear(a);
  a.send(b, 3);
  ASSERT_TRUE(until([&] { return !b.heard.empty(); }));
  EXPECT_THAT(b.heard, ElementsAre(3));
}

TEST_F(PeerSocketsWithFaults, LoseWhatIsCutAtItsReceiver) {
  order(b, {.kind = FaultKind::cut, .way = FaultWay::in});
  a.send(b, 1);
  ASSERT_TRUE(until([&] { return b.faults.in_force(read_clock().mono)[0].struck == 1; }));
  clear(b);
  a.send(b, 2);
  ASSERT_TRUE(until([&] { return !b.heard.empty(); }));
  EXPECT_THAT(b.heard, ElementsAre(2));
}

TEST_F(PeerSocketsWithFaults, RefuseWhatIsCorruptAndGoOn) {
  order(a, {.kind = FaultKind::corrupt});
  for (std::uint64_t i = 0; i < 50; ++i) a.send(b, i);
  ASSERT_TRUE(until([&] { return b.counters.malformed_frames == 50; }));
  EXPECT_THAT(b.heard, IsEmpty());
  clear(a);
  a.send(b, 50);
  ASSERT_TRUE(until([&] { return !b.heard.empty(); }));
}

TEST_F(PeerSocketsWithFaults, DeliverTwiceWhatIsDoubledAtEitherEnd) {
  order(a, {.kind = FaultKind::duplicate, .way = FaultWay::out});
  a.send(b, 1);
  ASSERT_TRUE(until([&] { return b.heard.size() == 2; }));
  order(b, {.kind = FaultKind::duplicate, .way = FaultWay::in});
  a.send(b, 2);
  ASSERT_TRUE(until([&] { return b.heard.size() == 6; }));
  EXPECT_THAT(b.heard, ElementsAre(1, 1, 2, 2, 2, 2));
}

// Also of what travels in pieces.
TEST_F(PeerSocketsWithFaults, HoldBackWhatIsDelayedAtEitherEnd) {
  const Millis delay(30);
  order(a, {.kind = FaultKind::delay, .way = FaultWay::out, .least = delay, .most = delay});
  order(b, {.kind = FaultKind::delay, .way = FaultWay::in, .least = delay, .most = delay});
  const std::vector<Message> turn{Ping{1}, Refused{Refused::Reason::removed, std::string(2 * kFrameBytesMax, 'x')}};
  const Instant sent = read_clock().mono;
  a.sockets.send(b.id, turn);
  EXPECT_GE(a.sockets.next_due(), sent + delay);
  ASSERT_TRUE(until([&] { return b.senders.size() == 2; }));
  EXPECT_GE(read_clock().mono, sent + 2 * delay);
  EXPECT_THAT(b.heard, ElementsAre(1));
  EXPECT_EQ(a.sockets.next_due(), kNever);
}

TEST_F(PeerSocketsWithFaults, LetOthersOvertakeWhatIsReordered) {
  order(a, {.kind = FaultKind::reorder, .share = 300'000, .least = Millis(1), .most = Millis(5)});
  for (std::uint64_t i = 0; i < 100; ++i) a.send(b, i);
  ASSERT_TRUE(until([&] { return b.heard.size() == 100; }));
  EXPECT_FALSE(std::ranges::is_sorted(b.heard));
}

// ---- bounds ---------------------------------------------------------------------------------------------------------

constexpr std::size_t kFrame = 100'000;

void send_large(Peer& from, const Peer& to, std::uint64_t number) {
  const std::vector<Message> turn{Ping{number}, Refused{Refused::Reason::removed, std::string(kFrame, 'x')}};
  from.sockets.send(to.id, turn);
}

// The other side accepts connections and never reads.
TEST_F(PeerSocketsTest, KeepOnlySoMuchForAMemberThatNeverReads) {
  constexpr std::size_t kBacklog = 2'000'000;
  Peer& a = peer(header_of(1), kBacklog);
  Peer& b = peer(header_of(2));
  introduce({&a, &b});
  a.send(b, 0);
  ASSERT_TRUE(until([&] { return b.heard.size() == 1; }));
  std::uint64_t sent = 0;
  for (; a.counters.dropped_frames == 0 && sent < 5000; ++sent) send_large(a, b, sent + 1);
  ASSERT_GT(a.counters.dropped_frames, 0U);
  a.sockets.set_liveness(b.id, Liveness::dead);
  const std::uint64_t dropped = a.counters.dropped_frames;
  EXPECT_GE(dropped, kBacklog / kFrame - 1);  // the whole backlog and no more
  EXPECT_LE(dropped, kBacklog / kFrame + 2);
  // Nothing waits for the dead: what ZeroMQ has no room for is dropped at once. Only b works from here on, so a frame
  // that a had kept would be missing from the sum.
  for (int i = 0; i < 100; ++i) send_large(a, b, ++sent);
  b.heard.clear();
  const auto items = [&] {
    std::vector<zmq::pollitem_t> all;
    b.sockets.add_poll_items(all);
    return all;
  };
  EXPECT_TRUE(wait_until(items, [&] { return b.turn(), b.heard.size() + a.counters.dropped_frames >= sent; }));
  EXPECT_EQ(b.heard.size() + a.counters.dropped_frames, sent);
  EXPECT_TRUE(std::ranges::is_sorted(b.heard));
}

TEST_F(PeerSocketsTest, SendTheBacklogAsSoonAsThereIsRoom) {
  Peer& a = peer(header_of(1), std::size_t{1} << 30);
  Peer& b = peer(header_of(2));
  introduce({&a, &b});
  constexpr std::uint64_t kCount = 600;  // more than the high-water marks of both ends together
  for (std::uint64_t i = 0; i < kCount; ++i) send_large(a, b, i);
  ASSERT_TRUE(until([&] { return b.heard.size() == kCount; }));
  for (std::uint64_t i = 0; i < kCount; ++i) ASSERT_EQ(b.heard[i], i);
  EXPECT_EQ(a.counters.dropped_frames, 0U);
}

TEST_F(PeerSocketsTest, CountMalformedFramesAndGoOn) {
  Peer& a = peer(header_of(1));
  Peer& b = peer(header_of(2));
  introduce({&a, &b});
  zmq::socket_t raw(context, zmq::socket_type::dealer);
  raw.set(zmq::sockopt::linger, 0);
  raw.connect("tcp://127.0.0.1:" + std::to_string(a.endpoint.port + kOffset));
  const std::vector<std::string> hostile{"", "x", std::string("\xdd\xff\xff\xff\xff", 5), std::string(1000, '\x91')};
  for (const std::string& bytes : hostile) raw.send(zmq::buffer(bytes), zmq::send_flags::none);
  raw.send(zmq::str_buffer("many"), zmq::send_flags::sndmore);
  raw.send(zmq::str_buffer("parts"), zmq::send_flags::sndmore);
  raw.send(zmq::str_buffer("too many"), zmq::send_flags::none);
  ASSERT_TRUE(until([&] { return a.counters.malformed_frames == hostile.size() + 1; }));
  b.send(a, 1);
  ASSERT_TRUE(until([&] { return a.heard.size() == 1; }));
}

TEST_F(PeerSocketsTest, SayWhenTheirPortIsTaken) {
  Peer& a = peer(header_of(1));
  Peer second(context, header_of(2));
  const Status taken = second.sockets.listen(a.endpoint);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::io);
  EXPECT_THAT(taken.error().message, HasSubstr("is in use; a node needs PORT to PORT+3, choose another --listen"));
}

}  // namespace
}  // namespace shoal
