// The commit log: what it promises, and what it makes of a log that somebody or something has changed.
#include "node/io/storage/commit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <xxhash.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <functional>

#include "node/base/bytes.h"
#include "tests/io/faulty_disk.h"
#include "tests/io/store_kit.h"

namespace shoal::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr NodeId kOwner{7};
constexpr std::size_t kSegment = std::size_t{16} * kLogBlock;

LogBatch batch(std::uint64_t id, const std::string& value = "value") {
  return {.id = {id}, .changes = {{slot_at(id), entry_of("key", value + std::to_string(id))}}, .document = {}};
}

struct Read {
  RecoveredLog log;
  std::vector<LogBatch> batches;
  [[nodiscard]] std::vector<std::uint64_t> ids() const {
    std::vector<std::uint64_t> ids;
    for (const LogBatch& read : batches) ids.push_back(read.id.value);
    return ids;
  }
};

std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> found;
  for (; first <= last; ++first) found.push_back(first);
  return found;
}

class CommitLogTest : public testing::Test {
 protected:
  CommitLogTest() { options_.dir = dir_.path(); }

  Result<Read> recover(std::uint64_t checkpoint = 0) {
    Read read;
    Result<RecoveredLog> log = recover_log(dir_.path(), kOwner, {checkpoint}, [&](LogBatch found, double) {
      read.batches.push_back(std::move(found));
      return Status(Unit{});
    });
    if (!log) return log.error();
    read.log = *std::move(log);
    return read;
  }
  std::unique_ptr<CommitLog> open(std::uint64_t checkpoint = 0) {
    Result<Read> read = recover(checkpoint);
    EXPECT_TRUE(read) << read.error().message;
    next_ = read->log.newest.value + 1;
    return CommitLog::open(options_, std::move(read->log)).value();
  }
  // Writes so many commits of one block, each of its own sync.
  void write(CommitLog& log, std::uint64_t count) {
    for (; count > 0; --count) {
      take(log, batch(next_));
      ASSERT_TRUE(until(log, [&](const LogReport& report) { return report.durable.value + 1 == next_; }));
    }
  }
  void take(CommitLog& log, LogBatch taken) {
    next_ = taken.id.value + 1;
    log.take(std::make_shared<const LogBatch>(std::move(taken)));
  }
  static bool until(CommitLog& log, const std::function<bool(const LogReport&)>& reached) {
    pollfd event{.fd = log.event_fd(), .events = POLLIN, .revents = 0};
    while (!reached(log.report()))
      if (::poll(&event, 1, 20'000) != 1) return false;
    return true;
  }
  void end(std::unique_ptr<CommitLog> log) {
    take(*log, {.id = {next_}, .changes = {}, .document = {}});
    log->finish();
  }

  [[nodiscard]] std::filesystem::path newest_segment() const {
    return segment_path(dir_.path(), list_log_files(dir_.path())->segments.back());
  }
  [[nodiscard]] static std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void put_bytes(const std::filesystem::path& file, std::string_view bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  }

  const TempFolder dir_{TempFolder::kInMemory};
  CommitLog::Options options_{.dir = {}, .owner = kOwner, .segment_bytes = kSegment, .spares_ahead = 0, .retry = 1ms};
  std::uint64_t next_ = 1;
};

// ---- frames ---------------------------------------------------------------------------------------------------------

TEST(LogFrame, HoldsEntriesErasuresAndADocument) {
  LogBatch written{.id = {3},
                   .changes = {{slot_at(1), entry_of("a", "x")}, {Place(NodeId{5}, slot_at(2)), nullptr}},
                   .document = "sealed"};
  const Result<LogBatch> read = decode_changes({3}, encode_changes(written));
  ASSERT_TRUE(read);
  ASSERT_THAT(read->changes, SizeIs(2));
  EXPECT_EQ(read->changes[0].place, written.changes[0].place);
  EXPECT_EQ(*read->changes[0].entry, *written.changes[0].entry);
  EXPECT_EQ(read->changes[1].place, written.changes[1].place);
  EXPECT_EQ(read->changes[1].entry, nullptr);
  EXPECT_EQ(read->document, "sealed");
}

TEST(LogFrame, IsValidForOneSaltOnly) {
  std::string frame = draft_frame({4}, std::string(5000, 'x'));
  EXPECT_EQ(frame.size(), 2 * kLogBlock);
  seal_frame(frame, 11, {3});
  EXPECT_EQ(frame_at(frame, 0, 11)->commit, CommitId{4});
  EXPECT_EQ(frame_at(frame, 0, 11)->synced, CommitId{3});
  EXPECT_EQ(frame_at(frame, 0, 11)->changes, std::string(5000, 'x'));
  EXPECT_FALSE(frame_at(frame, 0, 12));
  seal_frame(frame, 12, {3});
  EXPECT_TRUE(frame_at(frame, 0, 12));
  EXPECT_FALSE(frame_at(std::string(4 * kLogBlock, '\0'), kLogBlock, 0));
}

TEST(LogFrame, ChangesThatCannotBeReadAreCorrupt) {
  const std::string good = encode_changes(batch(1));
  for (std::size_t length = 1; length < good.size(); ++length)
    EXPECT_EQ(decode_changes({1}, good.substr(0, length)).error().code, Errc::corrupt) << length;
}

TEST(LogSegmentHeader, IsReadBackAndChecked) {
  const std::string block = encode_segment_header({.owner = {1}, .number = 2, .first = {3}, .salt = 4, .bytes = 5});
  ASSERT_EQ(block.size(), kLogBlock);
  const Result<SegmentHeader> read = decode_segment_header(block);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->owner, NodeId{1});
  EXPECT_EQ(read->number, 2U);
  EXPECT_EQ(read->first, CommitId{3});
  EXPECT_EQ(read->salt, 4U);
  EXPECT_EQ(read->bytes, 5U);
  for (std::size_t at = 16; at < 64; ++at) {
    std::string bad = block;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_EQ(decode_segment_header(bad).error().code, Errc::corrupt) << at;
  }
  std::string newer = block;
  newer[15] = 9;
  EXPECT_EQ(decode_segment_header(newer).error().code, Errc::refused);
}

// As the first release with a log wrote it.
TEST(LogSegmentHeader, OfTheFormatBeforeIsRead) {
  std::string block = encode_segment_header({.owner = {1}, .number = 2, .first = {3}, .salt = 4}).substr(0, 48);
  block[15] = 1;
  append_u64(block, XXH3_64bits(block.data(), block.size()));
  block.resize(kLogBlock);
  const Result<SegmentHeader> read = decode_segment_header(block);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->first, CommitId{3});
  EXPECT_EQ(read->salt, 4U);
  EXPECT_EQ(read->bytes, 0U);
}

// ---- what was durable is there --------------------------------------------------------------------------------------

TEST_F(CommitLogTest, IsReplayedInOrderAcrossSegments) {
  write(*open(), 40);
  const Result<Read> read = recover();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->ids(), numbers(1, 40));
  EXPECT_GE(read->log.segments.size(), 3U);
  EXPECT_EQ(read->batches[7].changes[0].entry->record.siblings[0].value.view(), "value8");
  EXPECT_EQ(recover(25)->ids(), numbers(26, 40)) << "the checkpoint has the others";
}

TEST_F(CommitLogTest, GoesOnWhereItEnded) {
  write(*open(), 3);
  write(*open(), 3);
  end(open());
  write(*open(), 3);
  EXPECT_EQ(recover()->ids(), numbers(1, 9));
}

TEST_F(CommitLogTest, ManyStartsLeaveNoMoreSegmentsThanOne) {
  write(*open(), 3);
  for (int i = 0; i < 8; ++i) open();
  const LogFiles files = *list_log_files(dir_.path());
  EXPECT_LE(files.segments.size(), 2U);
  EXPECT_LE(files.spares.size(), 1U);
  EXPECT_EQ(recover()->ids(), numbers(1, 3));
}

TEST_F(CommitLogTest, ABatchMayBeLargerThanASegment) {
  auto log = open();
  take(*log, batch(1, std::string(3 * kSegment, 'x')));
  ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.durable == CommitId{1}; }));
  write(*log, 2);
  EXPECT_EQ(recover()->ids(), numbers(1, 3));
}

// ---- tails ----------------------------------------------------------------------------------------------------------

class LogTail : public CommitLogTest {
 protected:
  LogTail() {
    write(*open(), 5);
    whole_ = bytes_of(newest_segment());
  }
  [[nodiscard]] static std::size_t frame(std::size_t n) { return n * kLogBlock; }  // of commit n: one block each
  [[nodiscard]] static std::size_t used(std::size_t n) { return 32 + encode_changes(batch(n)).size(); }
  Result<Read> recover_from(std::string_view bytes) {
    put_bytes(newest_segment(), bytes);
    return recover();
  }

  std::string whole_;
};

// Whatever of the last commit is missing: it is gone as a whole, and those before it are there.
TEST_F(LogTail, MayEndAnywhere) {
  for (std::size_t size = frame(5); size < frame(6); ++size) {
    std::string bytes = whole_.substr(0, size);
    bytes.resize(whole_.size());
    const bool ends_later = bytes == whole_;  // the commit's last bytes are zeros themselves
    const Result<Read> read = recover_from(bytes);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->ids(), numbers(1, ends_later ? 5 : 4)) << size;
  }
}

// A segment has all its bytes before it has its name: whatever is missing is not a torn tail.
TEST_F(LogTail, AFileThatIsCutShortIsDamage) {
  for (std::size_t size = 0; size < whole_.size(); size += size < 2 * kLogBlock ? 1 : 101) {
    const Result<Read> read = recover_from(std::string_view(whole_).substr(0, size));
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code, Errc::corrupt);
    EXPECT_THAT(read.error().message, HasSubstr(size < 64 ? "cannot be read" : "is cut short")) << size;
  }
}

TEST_F(LogTail, MayBeDamagedAtAnyByte) {
  for (std::size_t at = frame(5); at < frame(6); ++at) {
    std::string bytes = whole_;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    const Result<Read> read = recover_from(bytes);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->ids(), numbers(1, at - frame(5) < used(5) ? 4 : 5)) << at;
  }
}

// A later frame says that commit 3 had been synced: it was promised, and is lost.
TEST_F(LogTail, DamageInTheMiddleIsNeverPassedOver) {
  for (std::size_t at = frame(3); at < frame(3) + used(3); ++at) {
    std::string bytes = whole_;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    const Result<Read> read = recover_from(bytes);
    ASSERT_FALSE(read) << at;
    EXPECT_EQ(read.error().code, Errc::corrupt);
    EXPECT_THAT(read.error().message, HasSubstr("commit 3 was saved and cannot be read any more"));
  }
}

TEST_F(LogTail, DamageBeforeTheCheckpointDoesNotMatter) {
  std::string bytes = whole_;
  bytes[frame(2)] = static_cast<char>(bytes[frame(2)] ^ 1);
  put_bytes(newest_segment(), bytes);
  EXPECT_FALSE(recover(1));
  EXPECT_EQ(recover(2)->ids(), numbers(3, 5));
  EXPECT_EQ(recover(3)->ids(), numbers(4, 5));
}

// After a clean end there is proof for the last commit too.
TEST_F(LogTail, AfterACleanEndADamagedLastCommitIsDamage) {
  end(open());
  const std::filesystem::path last = newest_segment();
  const std::string ended = bytes_of(last);
  EXPECT_EQ(recover()->ids(), numbers(1, 5));
  std::string bytes = ended;
  bytes[kLogBlock] =
      static_cast<char>(bytes[kLogBlock] ^ 1);  // commit 5, which had been unproven, is written here again
  put_bytes(last, bytes);
  EXPECT_EQ(recover().error().code, Errc::corrupt);
}

TEST_F(LogTail, AMissingSegmentIsDamage) {
  write(*open(), 30);
  const LogFiles files = *list_log_files(dir_.path());
  ASSERT_GE(files.segments.size(), 4U);
  std::filesystem::remove(segment_path(dir_.path(), files.segments[2]));
  EXPECT_EQ(recover().error().code, Errc::corrupt);
  std::filesystem::remove(segment_path(dir_.path(), files.segments[0]));
  std::filesystem::remove(segment_path(dir_.path(), files.segments[1]));
  EXPECT_EQ(recover().error().code, Errc::corrupt) << "the beginning is missing";
}

// It has its name only since its header was synced; what it held must not be passed over, nor its blocks be used again.
TEST_F(LogTail, ANewestSegmentWithoutAHeaderIsDamage) {
  write(*open(), 3);
  const std::filesystem::path newest = newest_segment();
  std::string bytes = bytes_of(newest);
  bytes[20] = static_cast<char>(bytes[20] ^ 1);
  put_bytes(newest, bytes);
  const Result<Read> read = recover();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::corrupt);
  EXPECT_THAT(read.error().message, HasSubstr("its newest segment cannot be read"));
}

// What a torn tail left behind is never read again, whatever is written afterwards.
TEST_F(LogTail, ATornCommitStaysForgotten) {
  std::string bytes = whole_;
  bytes[frame(5) + 40] = static_cast<char>(bytes[frame(5) + 40] ^ 1);
  const std::filesystem::path torn = newest_segment();
  put_bytes(torn, bytes);
  {
    auto log = open();
    take(*log, batch(5, "another "));
    ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.durable == CommitId{5}; }));
  }
  put_bytes(torn, whole_);
  const Result<Read> read = recover();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->ids(), numbers(1, 5));
  EXPECT_EQ(read->batches[4].changes[0].entry->record.siblings[0].value.view(), "another 5");
}

TEST_F(LogTail, OfAnotherNodeOrANewerFormatIsRefused) {
  const Result<RecoveredLog> other =
      recover_log(dir_.path(), NodeId{8}, {0}, [](LogBatch, double) { return Status(Unit{}); });
  EXPECT_EQ(other.error().code, Errc::refused);
  EXPECT_THAT(other.error().message, HasSubstr("belongs to node"));
  std::string newer = whole_;
  newer[15] = 9;
  EXPECT_EQ(recover_from(newer).error().code, Errc::refused);
}

// ---- failures -------------------------------------------------------------------------------------------------------

// A sync that failed may have marked the pages as clean: they are written again, elsewhere.
TEST_F(CommitLogTest, AFailedSyncIsNotTriedAgainOnTheSameFile) {
  FaultyDisk disk;
  auto log = open();
  write(*log, 2);
  const std::filesystem::path before = newest_segment();
  disk.fail_syncs(EIO);
  take(*log, batch(3));
  ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.trouble.has_value(); }));
  EXPECT_EQ(log->report().trouble->code, Errc::io);
  EXPECT_EQ(log->report().durable, CommitId{2});
  disk.heal();
  ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.durable == CommitId{3}; }));
  EXPECT_FALSE(log->report().trouble);
  EXPECT_NE(newest_segment(), before);
  // What the failed sync did not bring to the disk is not missed.
  std::string lost = bytes_of(before);
  lost.replace(3 * kLogBlock, kLogBlock, std::string(kLogBlock, '\0'));
  put_bytes(before, lost);
  write(*log, 2);
  EXPECT_EQ(recover()->ids(), numbers(1, 5));
}

TEST_F(CommitLogTest, AFullDiskIsSaidAndRecoveredFrom) {
  FaultyDisk disk;
  auto log = open();
  for (const int code : {ENOSPC, EIO, EROFS}) {
    disk.fail_writes(code);
    take(*log, batch(next_));
    ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.trouble.has_value(); }));
    EXPECT_EQ(log->report().trouble->code, code == ENOSPC ? Errc::no_space : Errc::io);
    disk.heal();
    ASSERT_TRUE(until(*log, [&](const LogReport& report) { return report.durable.value + 1 == next_; }));
    EXPECT_FALSE(log->report().trouble);
  }
  EXPECT_EQ(recover()->ids(), numbers(1, 3));
}

// Its last commit was promised, and no later one proves it: whatever a start does, it is never without it.
TEST_F(CommitLogTest, AStartThatBreaksOffAnywhereLosesNothing) {
  write(*open(), 3);
  bool started = false;
  for (std::size_t pass = 0; !started; ++pass) {
    FaultyDisk disk(dir_.path());
    Result<Read> read = recover();
    ASSERT_TRUE(read) << pass << ": " << read.error().message;
    ASSERT_EQ(read->ids(), numbers(1, 3)) << pass;
    disk.fail_calls(pass, 1000, EIO);
    started = CommitLog::open(options_, std::move(read->log)).has_value();
  }
  EXPECT_EQ(recover()->ids(), numbers(1, 3));
}

// Each attempt begins a segment: those that were given up must not fill the disk.
TEST_F(CommitLogTest, ADiskThatFailsForLongIsNotFilledUp) {
  FaultyDisk disk(dir_.path());
  auto log = open();
  write(*log, 2);
  for (const DiskCall call : {DiskCall::write, DiskCall::sync, DiskCall::folder_sync, DiskCall::rename}) {
    disk.fail(DiskCall::write, EIO);  // away from the segment at hand
    take(*log, batch(next_));
    ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.trouble.has_value(); }));
    disk.heal();
    disk.fail(call, EIO);
    disk.wait_for_calls(100);
    disk.heal();
    ASSERT_TRUE(until(*log, [&](const LogReport& report) { return report.durable.value + 1 == next_; }));
    log->release({next_ - 1});
    const LogFiles files = *list_log_files(dir_.path());
    EXPECT_LE(files.segments.size() + files.spares.size(), 3U);
    EXPECT_LE(log->bytes(), 2 * kSegment);
  }
}

// The system takes half of it, and half of the rest, until it takes nothing.
TEST_F(CommitLogTest, WhatIsCutShortIsWrittenAgain) {
  FaultyDisk disk;
  auto log = open();
  disk.cut_writes_short();
  take(*log, batch(1));
  ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.trouble.has_value(); }));
  disk.heal();
  ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.durable == CommitId{1}; }));
  EXPECT_EQ(recover()->ids(), numbers(1, 1));
}

// ---- delays ---------------------------------------------------------------------------------------------------------

// Neither the end of a process nor a kill waits for a delay; what was synced is there.
TEST_F(CommitLogTest, ADelayIsNotWaitedForAtTheEnd) {
  auto log = open();
  log->set_delay(1h);
  take(*log, batch(1));
  log->finish();
  EXPECT_EQ(log->report().durable, CommitId{1});
  log.reset();
  log = open();
  log->set_delay(1h);
  take(*log, batch(2));
  ASSERT_TRUE(eventually([&] { return recover()->ids() == numbers(1, 2); }));
  EXPECT_EQ(log->report().durable, CommitId{1}) << "it is said later";
  log.reset();
  EXPECT_EQ(recover()->ids(), numbers(1, 2));
}

TEST_F(CommitLogTest, ADelayedCommitIsReportedAndTheNextOneTaken) {
  auto log = open();
  log->set_delay(2ms);
  write(*log, 10);
  EXPECT_EQ(recover()->ids(), numbers(1, 10));
}

// ---- faults by order ------------------------------------------------------------------------------------------------

TEST_F(CommitLogTest, ASyncThatIsMadeToFailLosesNothing) {
  std::atomic<int> code = ENOSPC;
  std::atomic<int> asked = 0;
  options_.before_sync = [&] { return ++asked, code.load(); };
  options_.retry = std::chrono::milliseconds(1);
  auto log = open();
  take(*log, batch(1));
  ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.trouble.has_value(); }));
  EXPECT_EQ(log->report().trouble->code, Errc::no_space);
  EXPECT_EQ(log->report().durable, CommitId{0});
  code = 0;
  ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.durable == CommitId{1}; }));
  EXPECT_FALSE(log->report().trouble);
  EXPECT_GE(asked, 2);
  log.reset();
  EXPECT_EQ(recover()->ids(), numbers(1, 1));
}

// ---- syncing by interval --------------------------------------------------------------------------------------------

class RelaxedLog : public CommitLogTest {
 protected:
  RelaxedLog() { options_.sync_every = std::chrono::hours(1); }
  void write_unsynced(CommitLog& log, std::uint64_t count) {
    for (; count > 0; --count) {
      take(log, batch(next_));
      ASSERT_TRUE(until(log, [&](const LogReport& report) { return report.written.value + 1 == next_; }));
    }
  }
};

TEST_F(RelaxedLog, AKilledProcessLosesNothingThatWasWritten) {
  {
    auto log = open();
    write_unsynced(*log, 4);
    EXPECT_EQ(log->report().durable, CommitId{0});
  }
  EXPECT_EQ(recover()->ids(), numbers(1, 4));
  EXPECT_THAT(recover()->log.unproven, SizeIs(4));
}

TEST_F(RelaxedLog, WhoIsInAHurryIsSynced) {
  auto log = open();
  write_unsynced(*log, 2);
  log->hurry({3});
  take(*log, batch(3));
  ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.durable == CommitId{3}; }));
}

TEST_F(RelaxedLog, ABatchMayComeWhileOthersAreSynced) {
  FaultyDisk disk;
  auto log = open();
  write_unsynced(*log, 1);
  disk.hold_syncs();
  log->hurry({1});
  disk.wait_until_held();
  take(*log, batch(2));
  disk.release_syncs();
  ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.written == CommitId{2}; }));
}

// A power cut may keep the second of two unsynced commits and not the first: no promise is broken.
TEST_F(RelaxedLog, AHoleAmongUnsyncedCommitsIsATornTail) {
  {
    auto log = open();
    log->hurry({2});
    write_unsynced(*log, 2);
    ASSERT_TRUE(until(*log, [](const LogReport& report) { return report.durable == CommitId{2}; }));
    write_unsynced(*log, 3);
  }
  const std::filesystem::path file = newest_segment();
  std::string bytes = bytes_of(file);
  bytes.replace(4 * kLogBlock, kLogBlock, std::string(kLogBlock, '\0'));
  put_bytes(file, bytes);
  EXPECT_EQ(recover()->ids(), numbers(1, 3));
  write_unsynced(*open(), 1);
  EXPECT_EQ(recover()->ids(), numbers(1, 4));
}

// The next process may read from the cache what never reached the disk: it writes it again before it relies on it.
TEST_F(RelaxedLog, WhatNothingProvesToBeSyncedIsWrittenAgain) {
  write_unsynced(*open(), 4);
  const std::filesystem::path before = newest_segment();
  open();
  put_bytes(before, bytes_of(before).substr(0, kLogBlock) + std::string(kSegment - kLogBlock, '\0'));
  EXPECT_EQ(recover()->ids(), numbers(1, 4));
}

// ---- recycling ------------------------------------------------------------------------------------------------------

TEST_F(CommitLogTest, SegmentsThatLmdbCoversAreUsedAgain) {
  auto log = open();
  write(*log, 40);
  const std::uint64_t before = log->bytes();
  log->release({20});
  EXPECT_LT(log->bytes(), before);
  EXPECT_EQ(recover(20)->ids(), numbers(21, 40));
  EXPECT_FALSE(list_log_files(dir_.path())->spares.empty());
  write(*log, 40);
  EXPECT_THAT(list_log_files(dir_.path())->spares, IsEmpty());
  EXPECT_EQ(recover(20)->ids(), numbers(21, 80)) << "nothing of a segment's earlier life is read";
  EXPECT_FALSE(recover(0)) << "the beginning is gone";
}

TEST_F(CommitLogTest, AFewSparesAreKept) {
  options_.spares_max = 1;
  auto log = open();
  write(*log, 60);
  log->release({60});
  EXPECT_THAT(list_log_files(dir_.path())->spares, SizeIs(1));
}

// A file that was made ahead has a number of its own: no segment may ever get it.
TEST_F(CommitLogTest, NumbersOfSparesAreTaken) {
  auto log = open();
  write(*log, 3);
  std::ofstream(spare_path(dir_.path(), 99)) << "half filled";
  EXPECT_EQ(recover()->log.next_number, 100U);
}

// A crash between the new header and the new name.
TEST_F(CommitLogTest, AFileWhoseHeaderDoesNotFitItsNameIsASpare) {
  auto log = open();
  write(*log, 20);
  log->release({20});
  const LogFiles files = *list_log_files(dir_.path());
  ASSERT_THAT(files.spares, SizeIs(1));
  std::filesystem::rename(files.spares[0], segment_path(dir_.path(), files.segments.back() + 7));
  log.reset();
  EXPECT_THAT(recover(20)->log.spares, SizeIs(1));
  write(*open(20), 30);
  EXPECT_EQ(recover(20)->ids(), numbers(21, 50));
}

}  // namespace
}  // namespace shoal::test
