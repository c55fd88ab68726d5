// The disk fails under a live node: libfiu makes its system calls fail and lets them succeed again while it runs.
//
// Writes are refused with a sentence, reads go on, `shoal status` and the node's log say why. When the disk is well
// again all goes on without a restart; and a kill costs nothing that was acknowledged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <map>
#include <mutex>
#include <thread>

#include "client/shoal/client.hpp"
#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

using testing::HasSubstr;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMayPreload = false;
#else
constexpr bool kMayPreload = true;
#endif

constexpr int kStarts = 5;
constexpr std::chrono::seconds kStart{10};

// What a client has been told of its writes.
class Told {
 public:
  void put(Client& db, const std::string& key) {
    const Result<Receipt> receipt = db.put(key, key + std::string(4000, '.'));
    const std::lock_guard lock(mutex_);
    if (receipt) stored_.push_back(key);
    if (!receipt && !receipt.error().maybe_applied()) refused_[key] = receipt.error();
  }
  [[nodiscard]] std::size_t stored() const {
    const std::lock_guard lock(mutex_);
    return stored_.size();
  }
  [[nodiscard]] std::size_t refused() const {
    const std::lock_guard lock(mutex_);
    return refused_.size();
  }
  [[nodiscard]] Error last_refusal() const {
    const std::lock_guard lock(mutex_);
    return refused_.rbegin()->second;
  }
  void expect_true(Client& db) const {
    const std::lock_guard lock(mutex_);
    for (const std::string& key : stored_) ASSERT_EQ(db.get(key).value().value(), key + std::string(4000, '.'));
    for (const auto& [key, error] : refused_) ASSERT_FALSE(db.get(key).value().exists()) << key;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> stored_;
  std::map<std::string, Error> refused_;
};

class FailingDiskOfALiveNode : public testing::Test {
 protected:
  void SetUp() override {
    if (!kMayPreload) GTEST_SKIP() << "the sanitizer's library and libfiu's both have to come first";
    if (run({"sh", "-c", "command -v fiu-run && command -v fiu-ctrl"}).code != 0)
      GTEST_SKIP() << "a failing disk needs fiu-run: install the package fiu-utils, or let ./dev test do it";
    start();
    writer_ = std::jthread([this](const std::stop_token& stop) {
      for (int i = 0; !stop.stop_requested(); ++i) told_.put(db_, "load " + std::to_string(i));
    });
    ASSERT_TRUE(eventually([&] { return told_.stored() >= 20; }));
  }
  void TearDown() override { end_load(); }

  void start() {
    std::vector<std::string> command{"fiu-run", "-x", "-f", control(), "env", "SHOALD_STORAGE_LOG_MIB=1"};
    const std::vector<std::string> node =
        command_of({.data = folder_.path() / "n1", .listen = loopback(port_), .name = "n1"});
    command.insert(command.end(), node.begin(), node.end());
    // libfiu takes its own lock and the loader's in either order, so that a node may hang before it is ready.
    for (int attempt = 0; attempt < kStarts; ++attempt) {
      node_ = Program::start(command);
      if (eventually([&] { return !node_.running() || node_.out().find("shoald ready") != std::string::npos; }, kStart))
        break;
      node_.end(SIGKILL);
    }
    ASSERT_TRUE(node_.says("shoald ready")) << node_.err();
  }
  [[nodiscard]] std::string control() const { return (folder_.path() / "fiu").string(); }
  void tell_disk(const std::vector<std::string>& orders) {
    std::vector<std::string> command{"fiu-ctrl", "-f", control()};
    for (const std::string& order : orders) command.insert(command.end(), {"-c", order});
    command.push_back(std::to_string(node_.pid()));
    const Outcome outcome = run(command);
    ASSERT_EQ(outcome.out + outcome.err, "");
  }
  void end_load() { writer_ = {}; }

  void refuses_and_recovers(const std::string& call, int code, const std::string& words) {
    tell_disk({"enable name=" + call + ",failinfo=" + std::to_string(code)});
    ASSERT_TRUE(eventually([&] { return told_.refused() > 0; }));
    EXPECT_THAT(told_.last_refusal().message, HasSubstr(words));
    told_.expect_true(db_);
    const Outcome put = shoal(loopback(port_), {"put", "another", "value"});
    EXPECT_EQ(put.code, 4) << put;
    EXPECT_THAT(put.err, HasSubstr(words));
    const Outcome status = shoal(loopback(port_), {"-o", "table", "status"});
    EXPECT_EQ(status.code, 6) << status;
    EXPECT_THAT(status.out, HasSubstr("n1 takes no writes: " + words));
    EXPECT_TRUE(node_.complains("writes are refused: " + words));

    tell_disk({"disable name=" + call});
    const std::size_t before = told_.stored();
    EXPECT_TRUE(eventually([&] { return told_.stored() > before + 20; }));
    EXPECT_TRUE(eventually([&] { return is_healthy(loopback(port_), 1); }));
    EXPECT_TRUE(node_.complains("the disk is well again"));
    end_load();
    told_.expect_true(db_);
    EXPECT_EQ(node_.end(SIGKILL).code, 128 + SIGKILL);
    start();
    told_.expect_true(db_);
  }

  const TempFolder folder_;
  const std::uint16_t port_ = free_ports();
  Program node_;
  Told told_;
  Client db_{Options{.seeds = {loopback(port_)}, .timeout = std::chrono::seconds(3)}};
  std::jthread writer_;
};

TEST_F(FailingDiskOfALiveNode, ADiskThatCannotSyncRefusesWritesUntilItCan) {
  refuses_and_recovers("posix/io/sync/fdatasync", EIO, "the disk fails to save (Input/output error)");
}

TEST_F(FailingDiskOfALiveNode, AFullDiskRefusesWritesUntilThereIsSpace) {
  refuses_and_recovers("posix/io/rw/pwrite", ENOSPC, "the disk takes no more (No space left on device)");
}

// Some calls fail and some do not, checkpoints' too. Where it hits LMDB's head page the node ends, and says so.
TEST_F(FailingDiskOfALiveNode, ADiskThatFailsNowAndThenCostsNothingAcknowledged) {
  const std::vector<std::string> flaky{"enable_random name=posix/io/sync/*,probability=0.03,failinfo=5",
                                       "enable_random name=posix/io/rw/pwrite,probability=0.03,failinfo=28"};
  tell_disk(flaky);
  const std::size_t until = told_.stored() + 100;
  const bool went_on = eventually([&] {
    if (!node_.running()) {
      EXPECT_THAT(node_.err(), HasSubstr("cannot go on"));
      start();
      tell_disk(flaky);
    }
    return told_.stored() >= until;
  });
  EXPECT_TRUE(went_on) << told_.stored() << " of " << until;
  end_load();
  node_.end(SIGKILL);
  start();
  told_.expect_true(db_);
}

}  // namespace
}  // namespace shoal::test
