// The disk fills up under a live node: writes are refused, certainly not applied, reads go on; when there is space
// again, writes work without a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <map>

#include "client/shoal/client.hpp"
#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::size_t kValueBytes = 64 * 1024;
constexpr int kWritesMax = 2000;  // far more than fit

// The node's folder is on a small file system in a mount namespace that a sleeping process keeps alive; nobody else
// sees it, and nothing is left when that process ends.
class FullDiskOfALiveNode : public testing::Test {
 protected:
  void SetUp() override {
    if (run({"unshare", "-m", "true"}).code != 0)
      GTEST_SKIP() << "a small disk needs a mount namespace, which may not be made here";
    fs::create_directory(folder_.path() / "disk");
    holder_ = Program::start({"unshare", "-m", "sh", "-c",
                              R"(mount -t tmpfs -o size=24m shoal "$0" && echo mounted && exec sleep 600)",
                              (folder_.path() / "disk").string()});
    ASSERT_TRUE(holder_.says("mounted")) << holder_.err();
    start();
  }

  Program launch_there() {
    std::vector<std::string> command{
        "nsenter", "-m", "-t", std::to_string(holder_.pid()), "--", "env", "SHOALD_STORAGE_LOG_MIB=4"};
    const std::vector<std::string> node =
        command_of({.data = folder_.path() / "disk" / "n1", .listen = loopback(port_), .name = "n1"});
    command.insert(command.end(), node.begin(), node.end());
    return Program::start(command);
  }
  void start() {
    node_ = launch_there();
    ASSERT_TRUE(node_.says("shoald ready")) << node_.err();
  }

  // As the node sees it.
  [[nodiscard]] fs::path disk() const {
    return fs::path("/proc/" + std::to_string(holder_.pid()) + "/root" + folder_.path().string()) / "disk";
  }
  void fill() {
    std::ofstream filler(disk() / "filler", std::ios::binary);
    const std::string block(kValueBytes, 'f');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }

  // Writes until it is refused; what was acknowledged is added to `stored_`.
  Error write_until_refused() {
    for (int i = 0; i < kWritesMax; ++i) {
      const std::string key = "key " + std::to_string(next_++);
      const std::string value = key + std::string(kValueBytes, 'v');
      const Result<Receipt> receipt = db_.put(key, value);
      if (receipt) stored_[key] = value;
      // What was under way when the disk filled up is not known; the next one is told.
      if (!receipt && !receipt.error().maybe_applied()) return unwritten_.push_back(key), receipt.error();
    }
    return fail(Errc::ok, "the disk never filled up");
  }
  void expect_all_readable() {
    for (const auto& [key, value] : stored_) EXPECT_EQ(db_.get(key).value().value(), value);
  }

  const TempFolder folder_;
  const std::uint16_t port_ = free_ports();
  Program holder_;
  Program node_;
  Client db_{Options{.seeds = {loopback(port_)}, .timeout = std::chrono::seconds(5)}};
  int next_ = 0;
  std::map<std::string, std::string> stored_;
  std::vector<std::string> unwritten_;
};

TEST_F(FullDiskOfALiveNode, WritesAreRefusedReadsGoOnAndAllIsWellWhenThereIsSpaceAgain) {
  for (; next_ < 20; ++next_) {
    const std::string key = "key " + std::to_string(next_);
    stored_[key] = key;
    db_.put(key, key).value();
  }
  fill();
  const Error refused = write_until_refused();
  EXPECT_THAT(refused.code, testing::AnyOf(Errc::no_space, Errc::unavailable)) << refused.message;
  EXPECT_FALSE(refused.maybe_applied());
  EXPECT_THAT(refused.message, HasSubstr("the disk takes no more"));
  expect_all_readable();

  const Outcome put = shoal(loopback(port_), {"put", "another", "value"});
  EXPECT_EQ(put.code, 4) << put;
  EXPECT_THAT(put.err, HasSubstr("free some space"));
  const Outcome status = shoal(loopback(port_), {"-o", "table", "status"});
  EXPECT_EQ(status.code, 6) << status;
  EXPECT_THAT(status.out, HasSubstr("n1 takes no writes: the disk takes no more"));

  ASSERT_TRUE(fs::remove(disk() / "filler"));
  ASSERT_TRUE(eventually([&] { return db_.put("another", "value").has_value(); }));
  EXPECT_TRUE(eventually([&] { return is_healthy(loopback(port_), 1); }));
  stored_["another"] = "value";
  expect_all_readable();
  for (const std::string& key : unwritten_) EXPECT_FALSE(db_.get(key).value().exists()) << key;
  EXPECT_TRUE(node_.running());
}

// Neither the crash nor the attempt to start without any space costs what was acknowledged.
TEST_F(FullDiskOfALiveNode, ANodeThatDiesOnAFullDiskStartsAgainWhenThereIsSpace) {
  fill();
  write_until_refused();
  EXPECT_EQ(node_.end(SIGKILL).code, 128 + SIGKILL);
  fill();
  const Outcome full = launch_there().wait();
  EXPECT_EQ(full.code, 4) << full;
  EXPECT_THAT(full.err, HasSubstr("No space left on device"));

  ASSERT_TRUE(fs::remove(disk() / "filler"));
  start();
  expect_all_readable();
  EXPECT_TRUE(db_.put("another", "value").has_value());
}

}  // namespace
}  // namespace shoal::test
