// Under which addresses nodes are found: moved ones, every interface, IPv6, host names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>

#include "client/shoal/client.hpp"
#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

using testing::HasSubstr;

bool machine_has_ipv6_loopback() {
  const UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  return ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

class AddressTest : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& host, int node) const {
    return host + ":" + std::to_string(first_port_ + 10 * (node - 1));
  }
  [[nodiscard]] NodeSpec spec(int node, const std::string& listen, const std::string& join = {}) const {
    const std::string name = "n" + std::to_string(node);
    return {.data = folder_.path() / name, .listen = listen, .name = name, .join = join};
  }
  // Two nodes on this host serve a client that talks to either.
  void expect_two_serve_on(const std::string& host) {
    const Program one = start_node(spec(1, at(host, 1)));
    const Program two = start_node(spec(2, at(host, 2), at(host, 1)));
    EXPECT_EQ(shoal(at(host, 1), {"-w", "all", "put", "k", "v"}).code, 0);
    const Outcome got = shoal(at(host, 2), {"-r", "all", "get", "k"});
    EXPECT_EQ(got.out, "v\n") << got;
    ASSERT_TRUE(eventually([&] { return is_healthy(at(host, 2), 2); }));
    EXPECT_EQ(member_of(status_of(at(host, 1)), "n2")["address"], at(host, 2));
  }

  const TempFolder folder_;
  const std::uint16_t first_port_ = free_ports(5);
};

TEST_F(AddressTest, AMemberThatMovesIsFoundByTheOthersAndByClients) {
  const std::string founder = at("127.0.0.1", 1);
  const Program one = start_node(spec(1, founder));
  Program two = start_node(spec(2, at("127.0.0.1", 2), founder));
  const Program three = start_node(spec(3, at("127.0.0.1", 3), founder));
  Client before(Options{.seeds = {founder}, .timeout = kPatience, .r = Copies::all(), .w = Copies::all()});
  before.put("k", "v").value();
  EXPECT_EQ(two.end(SIGTERM).code, 0);

  const std::string moved = at("127.0.0.1", 4);
  two = start_node(spec(2, moved));
  ASSERT_TRUE(eventually([&] {
    const nlohmann::json status = status_of(founder);
    return status.is_object() && status["healthy"] == true && member_of(status, "n2")["address"] == moved;
  }));
  // All three are needed: the moved one too.
  EXPECT_TRUE(
      eventually([&] { return before.put("k", "w", {.context = before.get("k").value().context()}).has_value(); }));
  EXPECT_EQ(shoal(moved, {"-r", "all", "get", "k"}).out, "w\n");

  // It knows its new address when it starts again, and so do those that were not there meanwhile.
  EXPECT_EQ(two.end(SIGTERM).code, 0);
  two = start_node(spec(2, moved));
  EXPECT_TRUE(eventually([&] { return is_healthy(at("127.0.0.1", 3), 3); }));
}

// The others keep its address, so they must hear of the new one from it.
TEST_F(AddressTest, AFounderThatMovesIsFoundToo) {
  const std::string old = at("127.0.0.1", 1);
  const std::string moved = at("127.0.0.1", 4);
  Program one = start_node(spec(1, old));
  const Program two = start_node(spec(2, at("127.0.0.1", 2), old));
  EXPECT_EQ(shoal(old, {"put", "k", "v"}).code, 0);
  EXPECT_EQ(one.end(SIGTERM).code, 0);
  one = start_node(spec(1, moved));
  EXPECT_TRUE(eventually([&] {
    const nlohmann::json status = status_of(at("127.0.0.1", 2));
    return status.is_object() && status["healthy"] == true && member_of(status, "n1")["address"] == moved;
  }));
  EXPECT_EQ(shoal(moved, {"-r", "all", "get", "k"}).out, "v\n");
}

// A restart with --join, as a start script has it, is a restart.
TEST_F(AddressTest, AMemberThatJoinsAgainUnderANewAddressIsStillItself) {
  const std::string founder = at("127.0.0.1", 1);
  const Program one = start_node(spec(1, founder));
  Program two = start_node(spec(2, at("127.0.0.1", 2), founder));
  EXPECT_EQ(shoal(founder, {"-w", "all", "put", "k", "v"}).code, 0);
  EXPECT_EQ(two.end(SIGTERM).code, 0);
  two = start_node(spec(2, at("127.0.0.1", 4), founder));
  EXPECT_TRUE(eventually([&] { return is_healthy(founder, 2); }));
  EXPECT_EQ(shoal(at("127.0.0.1", 4), {"-r", "all", "get", "k"}).out, "v\n");
}

TEST_F(AddressTest, EveryInterfaceIsListenedOnAndTheAdvertisedAddressIsUsed) {
  NodeSpec first = spec(1, at("*", 1));
  first.more = {"--advertise", at("127.0.0.1", 1)};
  const Program one = start_node(first);
  EXPECT_TRUE(one.complains("without encryption: whoever reaches these ports can read and write all data"));
  NodeSpec second = spec(2, at("*", 2), at("localhost", 1));
  second.more = {"--advertise", at("127.0.0.1", 2)};
  const Program two = start_node(second);
  EXPECT_EQ(shoal(at("127.0.0.2", 1), {"-w", "all", "put", "k", "v"}).code, 0);  // another address of this machine
  ASSERT_TRUE(eventually([&] { return is_healthy(at("127.0.0.1", 1), 2); }));
  EXPECT_EQ(member_of(status_of(at("127.0.0.1", 1)), "n2")["address"], at("127.0.0.1", 2));
  if (!machine_has_ipv6_loopback()) return;
  EXPECT_EQ(shoal(at("[::1]", 2), {"-r", "all", "get", "k"}).out, "v\n");
}

TEST_F(AddressTest, Ipv6Works) {
  if (!machine_has_ipv6_loopback()) GTEST_SKIP() << "this machine has no IPv6 loopback address";
  expect_two_serve_on("[::1]");
}

TEST_F(AddressTest, HostNamesWork) { expect_two_serve_on("localhost"); }

// Nothing warns where nobody else can listen in.
TEST_F(AddressTest, OnLoopbackThereIsNoWarning) {
  Program one = start_node(spec(1, at("localhost", 1)));
  EXPECT_EQ(one.end(SIGTERM).err.find("without encryption"), std::string::npos);
}

}  // namespace
}  // namespace shoal::test
