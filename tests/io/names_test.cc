// Names of machines and words: HOST:PORT as people write it, what ZeroMQ makes of it, and what was probably meant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/base/endpoint.h"
#include "node/base/suggest.h"
#include "node/io/resolve.h"

namespace shoal {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

TEST(Endpoint, ParsesWhatPeopleWrite) {
  struct Row {
    const char* text;
    const char* host;
    std::uint16_t port;
  };
  const Row rows[] = {{"127.0.0.1:7100", "127.0.0.1", 7100},
                      {"localhost:1", "localhost", 1},
                      {"node-1.example.org:65532", "node-1.example.org", 65532},
                      {"[::1]:7100", "::1", 7100},
                      {"[fe80::1%eth0]:7100", "fe80::1%eth0", 7100},
                      {"*:7100", "*", 7100},
                      {"host:007", "host", 7}};
  for (const Row& row : rows) {
    const Result<Endpoint> endpoint = parse_endpoint(row.text);
    ASSERT_TRUE(endpoint) << row.text << ": " << endpoint.error().message;
    EXPECT_EQ(*endpoint, (Endpoint{row.host, row.port})) << row.text;
    EXPECT_EQ(*parse_endpoint(to_string(*endpoint)), *endpoint) << row.text;
  }
}

TEST(Endpoint, SaysWhatIsWrongWithTheRest) {
  struct Row {
    std::string text;
    const char* why;
  };
  const Row rows[] = {{"", "the port is missing"},
                      {"host", "the port is missing"},
                      {"host:", "the port is a number from 1 to 65532"},
                      {"host:0", "the port is a number"},
                      {"host:65533", "the port is a number"},  // gossip would be at 65536
                      {"host:99999999999", "the port is a number"},
                      {"host:-1", "the port is a number"},
                      {"host:+1", "the port is a number"},
                      {"host: 1", "the port is a number"},
                      {"host:1x", "the port is a number"},
                      {":7100", "the host is missing"},
                      {"[]:7100", "the host is missing"},
                      {"::1:7100", "write an IPv6 address in brackets"},
                      {"[::1]7100", "write an IPv6 address in brackets"},
                      {std::string(256, 'h') + ":1", "the host is too long"}};
  for (const Row& row : rows) {
    const Result<Endpoint> endpoint = parse_endpoint(row.text);
    ASSERT_FALSE(endpoint) << row.text;
    EXPECT_EQ(endpoint.error().code, Errc::invalid);
    EXPECT_THAT(endpoint.error().message, HasSubstr("\"" + row.text + "\" is not HOST:PORT: ")) << row.text;
    EXPECT_THAT(endpoint.error().message, HasSubstr(row.why)) << row.text;
  }
}

TEST(Endpoint, KnowsWildcardsAndLoopback) {
  for (const char* host : {"*", "0.0.0.0", "::"}) EXPECT_TRUE(is_wildcard({host, 1})) << host;
  for (const char* host : {"localhost", "127.0.0.1", "127.8.9.10", "::1"}) EXPECT_TRUE(is_loopback({host, 1})) << host;
  for (const char* host : {"*", "0.0.0.0", "10.0.0.1", "example.org"}) EXPECT_FALSE(is_loopback({host, 1})) << host;
}

// An address only looks like loopback when all of it is one.
TEST(Endpoint, AHostNameIsNotLoopbackBecauseOfItsFirstLetters) {
  EXPECT_FALSE(is_loopback({"127.example.org", 1}));
  EXPECT_FALSE(is_loopback({"127.0.0.1.example.org", 1}));
}

TEST(DidYouMean, Table) {
  const std::vector<std::string> known{"node.listen", "node.name", "log.level", "get"};
  EXPECT_EQ(did_you_mean("node.lisen", known), "; did you mean \"node.listen\"?");
  EXPECT_EQ(did_you_mean("node.nmae", known), "; did you mean \"node.name\"?");
  EXPECT_EQ(did_you_mean("log.level", known), "; did you mean \"log.level\"?");
  EXPECT_EQ(did_you_mean("gte", known), "; did you mean \"get\"?");
  EXPECT_EQ(did_you_mean("something else", known), "");
  EXPECT_EQ(did_you_mean("", {"long word"}), "");
  EXPECT_EQ(did_you_mean("word", {}), "");
}

TEST(BindEndpoint, TurnsNamesIntoAddressesOfThisMachine) {
  const Result<ZmqEndpoint> name = bind_endpoint({"localhost", 7100});
  ASSERT_TRUE(name) << name.error().message;
  EXPECT_THAT(name->uri, AnyOf("tcp://127.0.0.1:7100", "tcp://[::1]:7100"));
  EXPECT_EQ(name->ipv6, name->uri == "tcp://[::1]:7100");
  const Result<ZmqEndpoint> four = bind_endpoint({"127.0.0.1", 7100});
  ASSERT_TRUE(four);
  EXPECT_EQ(four->uri, "tcp://127.0.0.1:7100");
  EXPECT_FALSE(four->ipv6);
  const Result<ZmqEndpoint> six = bind_endpoint({"::1", 7100});
  ASSERT_TRUE(six);
  EXPECT_EQ(six->uri, "tcp://[::1]:7100");
  EXPECT_TRUE(six->ipv6);
}

TEST(BindEndpoint, OfEveryInterfaceIncludesIpv6WhereTheMachineHasIt) {
  for (const char* host : {"*", "::"}) {
    const Result<ZmqEndpoint> every = bind_endpoint({host, 7100});
    ASSERT_TRUE(every);
    EXPECT_EQ(every->uri, every->ipv6 ? "tcp://[::]:7100" : "tcp://0.0.0.0:7100");
  }
  EXPECT_EQ(bind_endpoint({"0.0.0.0", 7100})->uri, "tcp://0.0.0.0:7100");
}

TEST(BindEndpoint, OfAHostThatIsNoneIsRefused) {
  const Result<ZmqEndpoint> none = bind_endpoint({std::string(70, 'x'), 7100});  // longer than a label may be
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("cannot be resolved; check --listen"));
}

// A member that moves is found again at the next reconnection only if the name is resolved again.
TEST(ConnectEndpoint, KeepsNamesAndKnowsTheFamily) {
  EXPECT_EQ(connect_endpoint({"localhost", 7100}).uri, "tcp://localhost:7100");
  EXPECT_FALSE(connect_endpoint({"127.0.0.1", 7100}).ipv6);
  const ZmqEndpoint six = connect_endpoint({"::1", 7100});
  EXPECT_EQ(six.uri, "tcp://[::1]:7100");
  EXPECT_TRUE(six.ipv6);
}

}  // namespace
}  // namespace shoal
