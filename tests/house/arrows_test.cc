#include "tests/house/arrows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::house {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> complaints(const std::string& path, const std::string& text) {
  return arrow_complaints({path, text});
}

TEST(Arrows, RoomsAreFoundByTheirInnermostName) {
  EXPECT_EQ(room_of("node/ring/membership.h"), "node/ring");
  EXPECT_EQ(room_of("client/client.cc"), "client");
  EXPECT_EQ(room_of("client/cli/get.cc"), "client/cli");
  EXPECT_EQ(room_of("client/files/chunk.h"), "client");
  EXPECT_EQ(room_of("node/main.cc"), "node/main.cc");
  EXPECT_EQ(room_of("node/stray.cc"), "");
  EXPECT_EQ(room_of("bench/study/report/svg.cc"), "bench/study/report");
  EXPECT_EQ(room_of("bench/study/measures.h"), "bench/study");
  EXPECT_EQ(room_of("vclocks/dot.h"), "");
}

TEST(Arrows, DownwardIncludesAreFine) {
  EXPECT_THAT(
      complaints("node/core/node.h", "#include <map>\n#include \"vclock/record.h\"\n#include \"node/core/x.h\"\n"),
      IsEmpty());
  EXPECT_THAT(complaints("client/client.cc", "#include <zmq.hpp>\n#include \"gossip/liveness.h\"\n"), IsEmpty());
  EXPECT_THAT(complaints("node/base/hash.cc", "#include <sodium.h>\n"), IsEmpty());
}

TEST(Arrows, UpwardAndSidewaysIncludesAreNot) {
  EXPECT_THAT(complaints("vclock/record.h", "\n#include \"node/ring/membership.h\"\n"),
              ElementsAre("vclock/record.h:2: vclock must not know node/ring (node/ring/membership.h)"));
  EXPECT_THAT(complaints("node/base/ids.h", "#include \"vclock/dot.h\"\n"), SizeIs(1));
  EXPECT_THAT(complaints("node/core/node.cc", "#include \"node/wire/frame.h\"\n"), SizeIs(1));
  EXPECT_THAT(complaints("bench/sim/world.cc", "#include \"node/io/transport.h\"\n"), SizeIs(1));
  EXPECT_THAT(complaints("bench/gossip/world.h", "#include \"node/core/message.h\"\n"), SizeIs(1));
  EXPECT_THAT(complaints("client/client.cc", "#include \"client/cli/format.h\"\n"), SizeIs(1));
  EXPECT_THAT(complaints("bench/study/report/svg.cc", "#include \"bench/sim/world.h\"\n"), SizeIs(1));
}

TEST(Arrows, AngleBracketsAndOddSpacingAreNoWayRound) {
  EXPECT_THAT(complaints("vclock/dot.h", "#include <node/core/node.h>\n"), SizeIs(1));
  EXPECT_THAT(complaints("vclock/dot.h", "  #  include\t\"node/core/node.h\"\n"), SizeIs(1));
  EXPECT_THAT(complaints("node/core/node.cc", "#include \"../io/store.h\"\n"), SizeIs(1));
  EXPECT_THAT(complaints("node/core/node.cc", "#include \"replica.h\"\n"), SizeIs(1));
  EXPECT_THAT(complaints("node/core/node.cc", "#include \"shoal/client.hpp\"\n"), SizeIs(1));
  EXPECT_THAT(complaints("client/cli/get.cc", "#include \"shoal/client.hpp\"\n"), IsEmpty());
}

TEST(Arrows, NothingIncludesTestsOrStraysFromTheRooms) {
  EXPECT_THAT(complaints("node/core/node.cc", "#include \"tests/core/fake.h\"\n"), SizeIs(1));
  EXPECT_THAT(complaints("node/stray.cc", ""), ElementsAre("node/stray.cc:1: is in no room of the house"));
}

class ForbiddenInPureRooms : public testing::TestWithParam<const char*> {};

TEST_P(ForbiddenInPureRooms, IsNoticedThereAndAllowedOutside) {
  const std::string text = std::string(GetParam()) + "\n";
  for (const char* room : {"node/base", "vclock", "merkle", "gossip", "node/ring", "node/paxos", "node/core"})
    EXPECT_THAT(complaints(std::string(room) + "/forged.cc", text), SizeIs(1)) << room;
  EXPECT_THAT(complaints("node/io/forged.cc", text), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Headers, ForbiddenInPureRooms,
                         testing::Values("#include <zmq.hpp>", "#include <lmdb.h>", "#include <spdlog/spdlog.h>",
                                         "#include <thread>", "#include <mutex>", "#include <condition_variable>",
                                         "#include <future>", "#include <atomic>", "#include <random>",
                                         "#include <iostream>", "#include <fstream>", "#include <unordered_map>",
                                         "#include <unordered_set>", "#include <sys/time.h>"));

INSTANTIATE_TEST_SUITE_P(Words, ForbiddenInPureRooms,
                         testing::Values("auto t = std::chrono::steady_clock::now();",
                                         "auto t = std::chrono::system_clock::now();", "int x = rand() % 6;",
                                         "std::random_device chance;", "auto t = time(nullptr);",
                                         "const char* home = std::getenv(\"HOME\");"));

TEST(Arrows, OnlyWireKnowsMessagePack) {
  EXPECT_THAT(complaints("node/wire/pack.h", "#include <msgpack.hpp>\n"), IsEmpty());
  EXPECT_THAT(complaints("node/io/server.cc", "#include <msgpack.hpp>\n"), ElementsAre(HasSubstr("only node/wire")));
  EXPECT_THAT(complaints("node/core/node.cc", "#include <msgpack.hpp>\n"), SizeIs(1));
}

TEST(Arrows, CommentsStringsAndLongerNamesDoNotCount) {
  EXPECT_THAT(complaints("vclock/dot.h", "// #include \"node/io/store.h\"\n/*\n#include <thread>\n*/\n"), IsEmpty());
  EXPECT_THAT(complaints("vclock/dot.h", "auto s = R\"(\n#include <thread>\nrand()\n)\";\n"), IsEmpty());
  EXPECT_THAT(complaints("vclock/dot.h", "int x = operand(1); // rand()\nauto s = \"getenv\";\n"), IsEmpty());
}

// A digit separator must not open a literal that would hide the rest of the file.
TEST(Arrows, NothingHidesBehindADigitSeparator) {
  EXPECT_THAT(complaints("vclock/dot.h", "int x = 10'000;\nint y = rand();\n"), SizeIs(1));
}

}  // namespace
}  // namespace shoal::house
