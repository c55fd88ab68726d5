// Ports and folders that cannot be used: one sentence, exit code 4, and nothing is changed.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

// A socket of somebody else's.
UniqueFd take_port(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(fd.get(), 1), 0);
  return fd;
}

class FolderTest : public testing::Test {
 protected:
  [[nodiscard]] NodeSpec spec() const {
    return {.data = data(), .listen = loopback(port_), .more = {"--log-level", "error"}};
  }
  [[nodiscard]] fs::path data() const { return folder_.path() / "data"; }

  void expect_refusal(const Outcome& outcome, const std::string& sentence) {
    EXPECT_EQ(outcome.code, 4) << outcome;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, StartsWith("shoald: "));
    EXPECT_THAT(outcome.err, HasSubstr(sentence));
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome;
  }

  // Starts and ends a node, so that the folder is one of ours.
  void use_folder() {
    Program node = start_node(spec());
    ASSERT_EQ(node.end(SIGTERM).code, 0);
  }
  void replace_in_identity(const std::string& old, const std::string& fresh) {
    std::string text = read_file(data() / "identity");
    const std::size_t at = text.find(old);
    ASSERT_NE(at, std::string::npos) << text;
    write_file(data() / "identity", text.replace(at, old.size(), fresh));
  }

  const TempFolder folder_;
  const std::uint16_t port_ = free_ports();
};

// Any of the three that it listens on.
TEST_F(FolderTest, APortInUseIsSaidBeforeAnythingIsMade) {
  for (const int offset : {0, 1, 3}) {
    const auto port = static_cast<std::uint16_t>(port_ + offset);
    const UniqueFd taken = take_port(port);
    expect_refusal(launch(spec()).wait(), "port " + std::to_string(port) +
                                              " on 127.0.0.1 is in use; a node needs PORT to PORT+3, choose another "
                                              "--listen");
    EXPECT_FALSE(fs::exists(data()));
  }
  use_folder();
}

TEST_F(FolderTest, AnAddressOfAnotherMachineCannotBeListenedOn) {
  NodeSpec elsewhere = spec();
  elsewhere.listen = "192.0.2.1:" + std::to_string(port_);
  expect_refusal(launch(elsewhere).wait(), "cannot listen on 192.0.2.1:");
  EXPECT_FALSE(fs::exists(data()));
}

TEST_F(FolderTest, AFolderInUseIsLeftToItsProcess) {
  const Program first = start_node(spec());
  NodeSpec second = spec();
  second.listen = loopback(free_ports());
  expect_refusal(launch(second).wait(), "it is in use by process " + std::to_string(first.pid()) +
                                            ": stop that one, or give this node a folder of its own");
  EXPECT_TRUE(first.running());
  EXPECT_EQ(shoal(spec().listen, {"put", "k", "v"}).code, 0);
}

TEST_F(FolderTest, ACheckSaysWhatAFolderHolds) {
  use_folder();
  const Outcome whole = run({shoald_program(), "--check", data()});
  EXPECT_EQ(whole.code, 0) << whole;
  EXPECT_THAT(whole.out, StartsWith("identity: node "));
  EXPECT_THAT(whole.out, HasSubstr("everything can be read\n"));
  fs::remove_all(data() / "store" / "log");
  const Outcome damaged = run({shoald_program(), "--check", data()});
  EXPECT_EQ(damaged.code, 6) << damaged;
  EXPECT_THAT(damaged.out, HasSubstr("damaged: the commit log is missing\n"));
  const Outcome none = run({shoald_program(), "--check", folder_.path()});
  EXPECT_EQ(none.code, 2) << none;
  EXPECT_THAT(none.err, HasSubstr("is no data folder"));
}

// The store is mapped: a page that is gone under a running node comes as a signal, and ends it with a sentence.
TEST_F(FolderTest, APageThatCannotBeReadEndsTheNodeWithASentence) {
  Program node = start_node(spec());
  ASSERT_EQ(shoal(spec().listen, {"put", "k", "v"}).code, 0);
  ASSERT_EQ(shoal(spec().listen, {"snapshot", "create", "s"}).code, 0);  // LMDB has everything now
  fs::resize_file(data() / "store" / "data.mdb", 0);
  EXPECT_NE(shoal(spec().listen, {"get", "k", "--timeout", "200ms"}).code, 0);
  const Outcome ended = node.wait();
  EXPECT_EQ(ended.code, 4) << ended;
  EXPECT_THAT(ended.err, HasSubstr("shoald: the disk cannot read a part of the store any more"));
}

TEST_F(FolderTest, AFolderOfANewerFormatIsNotTouched) {
  use_folder();
  replace_in_identity("format 1\n", "format 2\n");
  const std::string before = read_file(data() / "identity");
  expect_refusal(launch(spec()).wait(),
                 "it has format 2, newer than the 1 that this version reads: start the newer version again");
  EXPECT_EQ(read_file(data() / "identity"), before);
}

TEST_F(FolderTest, ADamagedIdentityIsNotGuessedAt) {
  use_folder();
  replace_in_identity("starts 1\n", "starts 9\n");
  expect_refusal(launch(spec()).wait(), "its identity file is damaged: restore it, or start with --reset-identity");
}

TEST_F(FolderTest, RecordsWithoutAnIdentityAreNotTakenOver) {
  use_folder();
  fs::remove(data() / "identity");
  expect_refusal(launch(spec()).wait(), "it holds records but no identity: restore the file 'identity'");
  EXPECT_TRUE(fs::exists(data() / "store"));
}

TEST_F(FolderTest, AnIdentityWithoutItsRecordsIsNotStarted) {
  use_folder();
  fs::remove_all(data() / "store");
  expect_refusal(launch(spec()).wait(), "the records of this node are missing from");
}

TEST_F(FolderTest, TheStoreOfAnotherNodeIsNotTakenOver) {
  use_folder();
  const fs::path other = folder_.path() / "other";
  fs::rename(data(), other);
  use_folder();
  fs::remove_all(data() / "store");
  fs::rename(other / "store", data() / "store");
  expect_refusal(launch(spec()).wait(), "start the node with its own folder");
}

TEST_F(FolderTest, ForeignFilesAreLeftAlone) {
  fs::create_directory(data());
  write_file(data() / "letter.txt", "dear");
  expect_refusal(launch(spec()).wait(), "it holds other files ('letter.txt'): choose an empty folder");
  EXPECT_EQ(std::distance(fs::directory_iterator(data()), fs::directory_iterator()), 1);
  EXPECT_EQ(read_file(data() / "letter.txt"), "dear");
}

// Wrong usage rather than a machine that refuses.
TEST_F(FolderTest, AFileIsNoFolder) {
  write_file(data(), "a file");
  const Outcome outcome = launch(spec()).wait();
  EXPECT_EQ(outcome.code, 2) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("it is not a folder"));
  EXPECT_EQ(read_file(data()), "a file");
}

// Root may write anywhere but on a read-only mount; ours is seen by the node alone.
TEST_F(FolderTest, AReadOnlyFolderIsSaid) {
  fs::create_directory(data());
  const std::vector<std::string> command = command_of(spec());
  Outcome outcome;
  if (::geteuid() != 0) {
    fs::permissions(data(), fs::perms::owner_read | fs::perms::owner_exec);
    outcome = run(command);
  } else {
    if (run({"unshare", "-m", "true"}).code != 0) GTEST_SKIP() << "root may not make a mount namespace here";
    std::vector<std::string> inside{"unshare",      "-m", "sh", "-c", R"(mount -t tmpfs -o ro shoal "$0" && exec "$@")",
                                    data().string()};
    inside.insert(inside.end(), command.begin(), command.end());
    outcome = run(inside);
  }
  expect_refusal(outcome, "it cannot be written to (");
}

}  // namespace
}  // namespace shoal::test
