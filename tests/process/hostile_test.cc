// Hostile bytes against a live node: it counts them, says so in its log, and goes on serving.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <fstream>
#include <zmq.hpp>

#include "client/shoal/client.hpp"
#include "node/base/endpoint.h"
#include "node/base/rng.h"
#include "node/wire/frame.h"
#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

constexpr std::uint16_t kPorts[] = {0, kPeerPortOffset, kGossipPortOffset};
constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsOurs = false;  // most of it is the sanitizer's
#else
constexpr bool kMemoryIsOurs = true;
#endif

std::string random_bytes(Rng& rng, std::size_t count) {
  std::string bytes;
  while (bytes.size() < count) bytes.push_back(static_cast<char>(rng.below(256)));
  return bytes;
}

UniqueFd connect_to(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return fd;
}

// As much as the other side takes before it hangs up.
void throw_at(const UniqueFd& socket, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t now = ::send(socket.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) return;
    sent += static_cast<std::size_t>(now);
  }
}

std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  status >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

class HostileTest : public testing::Test {
 protected:
  void SetUp() override {
    node_ = start_node({.data = folder_.path() / "n1", .listen = loopback(port_), .name = "n1"});
    db_.put("kept", "value").value();
    resident_before_ = resident_bytes(node_.pid());
  }

  // It is the same process, has what it had, and takes more.
  void TearDown() override {
    ASSERT_TRUE(node_.running()) << node_.err();
    EXPECT_EQ(db_.get("kept").value().value(), "value");
    EXPECT_TRUE(db_.put("after", "it").has_value());
    if (kMemoryIsOurs) {
      EXPECT_LT(resident_bytes(node_.pid()), resident_before_ + growth_allowed_);
    }
    EXPECT_EQ(node_.end(SIGTERM).code, 0);
  }

  // Correct ZeroMQ, to the client port or to that of peers.
  zmq::socket_t dealer(std::uint16_t offset) {
    zmq::socket_t socket(context_, zmq::socket_type::dealer);
    socket.set(zmq::sockopt::linger, 5000);
    socket.connect("tcp://127.0.0.1:" + std::to_string(port_ + offset));
    return socket;
  }
  // Whoever answers has read all that came before: a question after the garbage.
  void expect_answer(zmq::socket_t& socket) {
    const Message hello = Hello{CallId{4711}};
    socket.send(zmq::buffer(encode_frame(FrameHeader{}, {&hello, 1}, 1).front()), zmq::send_flags::none);
    socket.set(zmq::sockopt::rcvtimeo, static_cast<int>(std::chrono::milliseconds(kPatience).count()));
    for (bool welcome = false; !welcome;) {
      zmq::message_t answer;
      ASSERT_TRUE(socket.recv(answer).has_value());
      FrameReader reader(kFrameBytesMax);
      const Result<std::optional<Frame>> frame = reader.read(answer.to_string_view());
      ASSERT_TRUE(frame && *frame);
      for (const Message& message : (*frame)->messages) welcome = welcome || std::holds_alternative<Welcome>(message);
    }
  }
  static void send(zmq::socket_t& socket, const std::string& bytes) {
    socket.send(zmq::buffer(bytes), zmq::send_flags::none);
  }

  const TempFolder folder_;
  const std::uint16_t port_ = free_ports();
  zmq::context_t context_{1};
  Program node_;
  Client db_{Options{.seeds = {loopback(port_)}, .timeout = kPatience}};
  std::uint64_t resident_before_ = 0;
  std::uint64_t growth_allowed_ = 128 * kMegabyte;
};

TEST_F(HostileTest, RawGarbageOnEveryPort) {
  Rng rng(1);
  for (const std::uint16_t offset : kPorts)
    for (const std::size_t bytes : {1, 10, 64, 1000, 1'000'000})
      throw_at(connect_to(static_cast<std::uint16_t>(port_ + offset)), random_bytes(rng, bytes));
}

// A ZMTP 3 greeting that promises the mechanism and then lies about lengths.
TEST_F(HostileTest, AGreetingWithoutAHandshakeOnEveryPort) {
  Rng rng(2);
  std::string greeting("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL", 16);
  greeting.resize(64, '\0');
  for (const std::uint16_t offset : kPorts) {
    const UniqueFd huge = connect_to(static_cast<std::uint16_t>(port_ + offset));
    throw_at(huge, greeting + "\x06" + std::string(8, '\x7f') + random_bytes(rng, 1000));
    const UniqueFd other = connect_to(static_cast<std::uint16_t>(port_ + offset));
    throw_at(other, greeting + "\x04\x19\x05READY\x0bSocket-Type" + random_bytes(rng, 1000));
  }
}

TEST_F(HostileTest, FramesThatAreNoFrames) {
  Rng rng(3);
  for (const std::uint16_t offset : kPorts) {
    zmq::socket_t socket = dealer(offset);
    for (std::size_t bytes = 0; bytes < 200; ++bytes) send(socket, random_bytes(rng, bytes));
    send(socket, std::string("\xdd\xff\xff\xff\xff", 5));  // an array of four thousand million
    send(socket, std::string("\xc6\xff\xff\xff\xff", 5));  // bytes, as many
    send(socket, std::string("\xdf\xff\xff\xff\xff", 5));  // a map, as large
    send(socket, std::string(1'000'000, '\x91'));          // a million arrays in one another
    for (int part = 0; part < 100; ++part) socket.send(zmq::message_t(), zmq::send_flags::sndmore);
    send(socket, "the hundred and first part");
    if (offset == 0) expect_answer(socket);
  }
  EXPECT_TRUE(node_.complains("a client sent a malformed frame: "));
}

// Every prefix of a correct frame, and every frame with one byte changed.
TEST_F(HostileTest, FramesThatAreNearlyRight) {
  Rng rng(4);
  PutRequest put;
  put.call = {1};
  put.key = {"default", "hostile"};
  put.value = Blob(std::string("hostile value"));
  const std::vector<Message> messages{put, GetRequest{.call = {2}, .key = put.key}, Ping{}, StatusRequest{CallId{3}}};
  const std::string whole = encode_frame(FrameHeader{}, messages, 1).front();
  for (const std::uint16_t offset : kPorts) {
    zmq::socket_t socket = dealer(offset);
    for (std::size_t end = 0; end < whole.size(); ++end) {
      send(socket, whole.substr(0, end));
      std::string changed = whole;
      changed[end] = static_cast<char>(rng.below(256));
      send(socket, changed);
    }
    if (offset == 0) expect_answer(socket);
  }
}

TEST_F(HostileTest, PiecesThatNeverEnd) {
  PutRequest put;
  put.key = {"default", "hostile"};
  put.value = Blob(std::string(8 * kMegabyte, 'v'));
  const Message message = put;
  const std::vector<std::string> pieces = encode_frame(FrameHeader{}, {&message, 1}, 1);
  ASSERT_GT(pieces.size(), 1U);
  for (int i = 0; i < 200; ++i) {  // each connection leaves a beginning behind, 800 MiB together
    zmq::socket_t socket = dealer(0);
    send(socket, pieces.front());
    expect_answer(socket);
  }
  growth_allowed_ = 400 * kMegabyte;  // those of 64 connections are kept
}

// The connection is cut; the bytes are not kept.
TEST_F(HostileTest, MessagesOverTheLimit) {
  for (const std::uint16_t offset : kPorts) {
    zmq::socket_t socket = dealer(offset);
    socket.set(zmq::sockopt::linger, 0);
    const std::string large(5 * kMegabyte, 'x');
    socket.send(zmq::buffer(large), zmq::send_flags::none);
    EXPECT_TRUE(db_.put("during", "it").has_value());
  }
}

TEST_F(HostileTest, ConnectionsThatSayNothing) {
  std::vector<UniqueFd> open;
  for (int i = 0; i < 50; ++i)
    for (const std::uint16_t offset : kPorts) {
      open.push_back(connect_to(static_cast<std::uint16_t>(port_ + offset)));
      if (i % 2 == 0) throw_at(open.back(), "\xff");
    }
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(db_.put("during", std::to_string(i)).has_value());
  Client fresh(Options{.seeds = {loopback(port_)}, .timeout = kPatience});
  EXPECT_EQ(fresh.get("kept").value().value(), "value");
}

// A client may choose the name of its connection: one that could pass for another client's is not answered.
TEST_F(HostileTest, ConnectionsWithNamesOfTheirOwn) {
  for (const std::string& name : {std::string("x"), std::string(255, 'n'), std::string("peers")}) {
    zmq::socket_t socket(context_, zmq::socket_type::dealer);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::routing_id, name);
    socket.connect("tcp://" + loopback(port_));
    const Message hello = Hello{CallId{1}};
    send(socket, encode_frame(FrameHeader{}, {&hello, 1}, 1).front());
    EXPECT_TRUE(db_.get("kept").has_value());
  }
}

}  // namespace
}  // namespace shoal::test
