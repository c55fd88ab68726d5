// Disks that fail or are full: what is refused and what goes on.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <fstream>
#include <thread>

#include "tests/io/store_fixture.h"

namespace shoal::test {
namespace {

class DiskFaultTest : public StoreFixture {
 protected:
  // From here to there: writes are refused with this sentence, reads and merges go on, and when the disk is well again
  // everything is saved, without a restart.
  void refuses_and_recovers(Errc code, const std::string& words) {
    put(2, "kept");
    ASSERT_TRUE(reach_trouble(*store_));
    EXPECT_EQ(store_->admit().error().code, code);
    EXPECT_NE(store_->admit().error().message.find(words), std::string::npos) << store_->admit().error().message;
    EXPECT_EQ(get(1), "before");
    EXPECT_EQ(get(2), "kept");
    const CommitId merged = put(3, "merged meanwhile");
    EXPECT_EQ(get(3), "merged meanwhile");
    disk_.heal();
    ASSERT_TRUE(reach_health(*store_));
    ASSERT_TRUE(make_durable(*store_, merged));
    EXPECT_EQ(store_->fatal(), "");
    reopen();
    EXPECT_EQ(get(2), "kept");
    EXPECT_EQ(get(3), "merged meanwhile");
  }

  void SetUp() override { put_durably(1, "before"); }
};

TEST_F(DiskFaultTest, AFailedSyncRefusesWritesUntilItSucceeds) {
  disk_.fail_syncs(EIO);
  refuses_and_recovers(Errc::io, "the disk fails to save (Input/output error)");
}

TEST_F(DiskFaultTest, AFullDiskRefusesWritesUntilThereIsSpace) {
  disk_.fail_writes(ENOSPC);
  refuses_and_recovers(Errc::no_space, "the disk takes no more (No space left on device)");
}

TEST_F(DiskFaultTest, AQuotaIsAFullDisk) {
  disk_.fail_writes(EDQUOT);
  refuses_and_recovers(Errc::no_space, "free some space");
}

TEST_F(DiskFaultTest, ADiskThatTurnedReadOnlyRefusesWrites) {
  disk_.fail_writes(EROFS);
  refuses_and_recovers(Errc::io, "Read-only file system");
}

TEST_F(DiskFaultTest, AShortWriteRefusesWrites) {
  disk_.cut_writes_short();
  refuses_and_recovers(Errc::io, "the disk fails to save");
}

// What becomes durable after a failure is all of it: nothing is believed to be left from the failed attempt.
TEST_F(DiskFaultTest, TheRetryWritesEveryPageAnew) {
  const CommitId id = put(2, std::string(100'000, 'x'));
  disk_.fail_syncs(EIO);
  ASSERT_TRUE(reach_trouble(*store_));
  const std::size_t failed = disk_.op_count();
  disk_.heal();
  ASSERT_TRUE(make_durable(*store_, id));
  const std::vector<DiskOp> ops = disk_.ops();
  std::size_t bytes = 0;
  for (std::size_t i = failed; i < ops.size(); ++i)
    if (ops[i].kind == DiskOp::Kind::write) bytes += ops[i].bytes.size();
  EXPECT_GE(bytes, 100'000U);
}

TEST_F(DiskFaultTest, AFailedHeadIsFatalAndTheNextStartHealsIt) {
  put(2, "in the log");
  disk_.fail_heads(EIO);
  while (store_->fatal().empty()) {
    store_->flush();
    ASSERT_TRUE(wait_for_event(*store_));
    store_->collect();
  }
  EXPECT_NE(store_->fatal().find("check the disk"), std::string::npos);
  EXPECT_EQ(store_->admit().error().code, Errc::io);
  EXPECT_EQ(get(2), "in the log");
  const CommitId last = put(3, "saved by close");
  EXPECT_TRUE(store_->close().has_value());
  EXPECT_GE(store_->durable(), last);
  disk_.heal();
  reopen();
  EXPECT_EQ(get(1), "before");
  EXPECT_EQ(get(2), "in the log");
  EXPECT_EQ(get(3), "saved by close");
  EXPECT_TRUE(make_durable(*store_, put(2, "again")));
}

TEST_F(DiskFaultTest, CloseSaysWhatItCouldNotSave) {
  disk_.fail_writes(ENOSPC);
  put(2, "lost");
  const Status closed = store_->close();
  ASSERT_FALSE(closed.has_value());
  EXPECT_EQ(closed.error().code, Errc::no_space);
  disk_.heal();
  reopen();
  EXPECT_EQ(get(1), "before");
  EXPECT_EQ(get(2), "-");
}

TEST_F(DiskFaultTest, AFullMapNamesTheSettingAndALargerOneHelps) {
  options_.map_bytes = 1 << 20;
  reopen();
  for (std::uint64_t n = 2; n < 40; ++n) put(n, std::string(50'000, 'x'));
  ASSERT_TRUE(reach_trouble(*store_));
  EXPECT_EQ(store_->admit().error().code, Errc::no_space);
  EXPECT_NE(store_->admit().error().message.find("larger storage.map_gib"), std::string::npos);
  EXPECT_EQ(get(1), "before");
  EXPECT_EQ(get(39).size(), 50'000u);
  EXPECT_TRUE(store_->close().has_value()) << "the log has it";
  options_.map_bytes = 64 << 20;
  reopen();
  EXPECT_EQ(get(1), "before");
  EXPECT_EQ(get(39).size(), 50'000u);
  EXPECT_TRUE(make_checkpoint(*store_, put(40, std::string(3'000'000, 'x'))));
}

// ---- a disk that is really full -------------------------------------------------------------------------------

// Runs in a thread with a mount table of its own, so that the small disk is seen by nobody else.
void fill_a_small_disk(const std::filesystem::path& dir, std::string& skipped) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", dir.c_str(), "tmpfs", 0, "size=8m") != 0) {
    skipped = "needs the right to mount";
    return;
  }
  const std::filesystem::path ballast = dir / "ballast";
  std::ofstream(ballast) << std::string(4 << 20, 'b');
  const StoreOptions options = options_in(dir / "store");
  {
    const std::unique_ptr<DiskStore> store = open_store(options);
    CommitId last;
    std::uint64_t n = 0;
    for (; store->admit().has_value() && n < 1000; ++n) {
      last = store->write(slot_at(n), entry_of("key", std::string(20'000, 'x')));
      store->flush();
      ASSERT_TRUE(wait_for_event(*store));
      store->collect();
    }
    ASSERT_LT(n, 1000u);
    EXPECT_EQ(store->admit().error().code, Errc::no_space) << store->admit().error().message;
    EXPECT_EQ(value_at(*store, slot_at(0)).size(), 20'000u);
    std::filesystem::remove(ballast);
    EXPECT_TRUE(reach_health(*store));
    EXPECT_TRUE(make_durable(*store, last));
    EXPECT_EQ(store->records(), n);
  }
  ::umount(dir.c_str());
}

TEST(FullDiskTest, RecoversWithoutARestartWhenSpaceReturns) {
  const TempFolder folder;
  std::string skipped;
  std::thread(fill_a_small_disk, folder.path(), std::ref(skipped)).join();
  if (!skipped.empty()) GTEST_SKIP() << skipped;
}

}  // namespace
}  // namespace shoal::test
