// The socket that clients talk to, and the frame helpers below it: hostile clients are counted, others are served.
#include "node/io/client_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/io/frame_io.h"
#include "tests/io/wires.h"

namespace shoal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class ClientSocketTest : public testing::Test {
 protected:
  ClientSocketTest() {
    endpoint = listen_somewhere([this](const Endpoint& where) { return node.listen(where); });
  }

  zmq::socket_t connect(const std::string& own_name = "") {
    zmq::socket_t client(context, zmq::socket_type::dealer);
    client.set(zmq::sockopt::linger, 0);
    if (!own_name.empty()) client.set(zmq::sockopt::routing_id, own_name);
    client.connect("tcp://" + to_string(endpoint));
    return client;
  }
  static void say(zmq::socket_t& client, const Message& message, const FrameHeader& header = {}) {
    for (const std::string& frame : encode_frame(header, {&message, 1}, 1))
      client.send(zmq::buffer(frame), zmq::send_flags::none);
  }
  static void say_raw(zmq::socket_t& client, const std::string& bytes) {
    client.send(zmq::buffer(bytes), zmq::send_flags::none);
  }

  // The node works, answering every Hello, until `done`.
  [[nodiscard]] bool until(const std::function<bool()>& done) {
    const auto items = [this] { return std::vector<zmq::pollitem_t>{node.poll_item()}; };
    return wait_until(items, [&] {
      node.receive([this](ClientHandle from, const Message& message) { on_message(from, message); }, 100);
      return done();
    });
  }
  void on_message(ClientHandle from, const Message& message) {
    heard.push_back(message.index());
    last = from;
    if (!std::holds_alternative<Hello>(message)) return;
    const Message answer = Pong{std::get<Hello>(message).call.value};
    node.send(from, {&answer, 1});
  }

  // What the client hears next.
  Message hear(zmq::socket_t& client) {
    std::optional<Incoming> incoming;
    EXPECT_TRUE(until([&] { return (incoming = receive_frame(client, false)).has_value(); }));
    if (!incoming) return {};
    const auto frame = FrameReader(kFrameBytesMax).read(incoming->body.to_string_view());
    return frame && *frame ? (*frame)->messages.at(0) : Message{};
  }
  std::string refusal(zmq::socket_t& client) {
    const Message heard_message = hear(client);
    const auto* refused = std::get_if<Refused>(&heard_message);
    return refused != nullptr ? refused->sentence : "";
  }

  zmq::context_t context{1};
  Counters counters;
  ClientSocket node{context, header_of(1), counters};
  Endpoint endpoint;
  std::vector<std::size_t> heard;
  ClientHandle last;
};

TEST_F(ClientSocketTest, AnswersEachClientOnItsOwnConnection) {
  zmq::socket_t one = connect();
  zmq::socket_t two = connect();
  say(one, Hello{{1}});
  say(two, Hello{{2}});
  EXPECT_EQ(std::get<Pong>(hear(one)).sequence, 1U);
  EXPECT_EQ(std::get<Pong>(hear(two)).sequence, 2U);
}

TEST_F(ClientSocketTest, ServesAClientThatKnowsTheCluster) {
  zmq::socket_t client = connect();
  say(client, Hello{{1}}, FrameHeader{kProtocolVersion, {77}, {}, {}});
  EXPECT_EQ(std::get<Pong>(hear(client)).sequence, 1U);
}

TEST_F(ClientSocketTest, CountsHostileFramesAndAnswersAfterwards) {
  zmq::socket_t client = connect();
  const std::vector<std::string> hostile{"", "x", std::string("\xdd\xff\xff\xff\xff", 5), std::string(100'000, '\x91'),
                                         "GET / HTTP/1.1\r\n\r\n"};
  for (const std::string& bytes : hostile) say_raw(client, bytes);
  ASSERT_TRUE(until([&] { return counters.malformed_frames == hostile.size(); }));
  EXPECT_THAT(heard, IsEmpty());
  say(client, Hello{{9}});
  EXPECT_EQ(std::get<Pong>(hear(client)).sequence, 9U);
}

TEST_F(ClientSocketTest, RefusesAnotherProtocolAndAnotherClusterWithASentence) {
  zmq::socket_t client = connect();
  say(client, Hello{{1}}, FrameHeader{kProtocolVersion + 1, {77}, {}, {}});
  EXPECT_THAT(refusal(client), HasSubstr("speaks protocol version 2 and not 3; use a client of a matching release"));
  say(client, Hello{{1}}, FrameHeader{kProtocolVersion, {78}, {}, {}});
  EXPECT_THAT(refusal(client), HasSubstr("and not to 000000000000004e; check the client's seeds"));
  EXPECT_EQ(counters.refused_frames, 2U);
  EXPECT_THAT(heard, IsEmpty());
}

// A handle is the number that ZeroMQ gave the connection; a name of the client's choice could be another's.
TEST_F(ClientSocketTest, RefusesAClientThatNamesItself) {
  zmq::socket_t impostor = connect("name");
  say(impostor, Hello{{1}});
  ASSERT_TRUE(until([&] { return counters.refused_frames == 1; }));
  EXPECT_THAT(heard, IsEmpty());
}

TEST_F(ClientSocketTest, TakesLargeWritesInPieces) {
  zmq::socket_t client = connect();
  PutRequest put;
  put.value = Blob(std::string(std::size_t{8} << 20, 'v'));
  say(client, put);
  ASSERT_TRUE(until([&] { return !heard.empty(); }));
  EXPECT_EQ(heard.front(), Message(PutRequest{}).index());
}

TEST_F(ClientSocketTest, DropsAnswersToClientsThatAreGone) {
  {
    zmq::socket_t client = connect();
    say(client, StatusRequest{});
    ASSERT_TRUE(until([&] { return !heard.empty(); }));
  }
  const Message answer = Pong{1};
  ASSERT_TRUE(until([&] {
    node.send(last, {&answer, 1});
    return counters.dropped_frames > 0;
  }));
}

// A client that never reads costs a bounded number of frames, and nobody else's answers.
TEST_F(ClientSocketTest, DropsAnswersToClientsThatNeverRead) {
  zmq::socket_t lazy = connect();
  lazy.set(zmq::sockopt::rcvhwm, 1);
  say(lazy, StatusRequest{});
  ASSERT_TRUE(until([&] { return !heard.empty(); }));
  const ClientHandle to = last;
  const Message answer = Refused{Refused::Reason::removed, std::string(100'000, 'x')};
  for (int i = 0; i < 5000 && counters.dropped_frames == 0; ++i) node.send(to, {&answer, 1});
  EXPECT_GT(counters.dropped_frames, 0U);
  zmq::socket_t other = connect();
  say(other, Hello{{3}});
  EXPECT_EQ(std::get<Pong>(hear(other)).sequence, 3U);
}

// ---- frame helpers --------------------------------------------------------------------------------------------------

TEST_F(ClientSocketTest, ReadsTheSecondOfManyPartsAndDropsTheRest) {
  zmq::socket_t client = connect();
  const Message message = Hello{{4}};
  const std::string frame = encode_frame(FrameHeader{}, {&message, 1}, 1).front();
  client.send(zmq::buffer(frame), zmq::send_flags::sndmore);
  client.send(zmq::str_buffer("extra"), zmq::send_flags::sndmore);
  client.send(zmq::str_buffer("parts"), zmq::send_flags::none);
  EXPECT_EQ(std::get<Pong>(hear(client)).sequence, 4U);
}

TEST(FrameAssembler, KeepsUnfinishedFramesOfEachConnectionApart) {
  PutRequest put;
  put.value = Blob(std::string(2 * kFrameBytesMax, 'v'));
  const Message message = put;
  const auto frames = encode_frame(header_of(1), {&message, 1}, 1);
  ASSERT_EQ(frames.size(), 3U);
  FrameAssembler assembler(kClientAssemblyBytesMax);
  for (std::size_t piece = 0; piece < frames.size(); ++piece) {
    for (const char* route : {"one", "two"}) {
      const auto frame = assembler.read(route, frames[piece]);
      ASSERT_TRUE(frame) << frame.error().message;
      EXPECT_EQ(frame->has_value(), piece + 1 == frames.size());
    }
  }
}

// Whoever opens connections and never finishes must not fill the memory; whoever is pushed out begins again.
TEST(FrameAssembler, KeepsOnlySoManyUnfinishedFrames) {
  PutRequest put;
  put.value = Blob(std::string(kFrameBytesMax + 1000, 'v'));
  const Message message = put;
  const auto frames = encode_frame(header_of(1), {&message, 1}, 1);
  ASSERT_EQ(frames.size(), 2U);
  FrameAssembler assembler(kClientAssemblyBytesMax);
  constexpr int kRoutes = 70;
  const auto route = [](int i) { return std::string(1, static_cast<char>(i + 1)); };
  for (int i = 0; i < kRoutes; ++i) ASSERT_TRUE(assembler.read(route(i), frames[0]));
  int finished = 0;
  for (int i = 0; i < kRoutes; ++i) {
    const auto frame = assembler.read(route(i), frames[1]);
    if (frame && *frame) ++finished;
  }
  EXPECT_EQ(finished, 64);
}

// A PING is what libzmq 4.3 may abort a node for that has hung: see frame_io.h.
TEST(FrameIo, NobodySendsHeartbeats) {
  zmq::context_t context;
  zmq::socket_t listener(context, zmq::socket_type::router);
  zmq::socket_t connector(context, zmq::socket_type::dealer);
  prepare_listener(listener, 16);
  prepare_connector(connector, 16);
  EXPECT_EQ(listener.get(zmq::sockopt::heartbeat_ivl), 0);
  EXPECT_EQ(connector.get(zmq::sockopt::heartbeat_ivl), 0);
  EXPECT_EQ(connector.get(zmq::sockopt::tcp_keepalive), 1);
}

}  // namespace
}  // namespace shoal
