#include "node/io/storage/spare_segments.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <thread>

#include "node/io/storage/log_segment.h"
#include "node/io/unique_fd.h"
#include "tests/io/faulty_disk.h"
#include "tests/io/store_kit.h"

namespace shoal::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr std::size_t kSegment = std::size_t{3} << 20;  // three slices

// Blocks that were only allocated are a hole to whoever asks.
bool is_filled(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  return fd.valid() && ::lseek(fd.get(), 0, SEEK_HOLE) == static_cast<off_t>(kSegment);
}

class SpareSegmentsTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<std::filesystem::path> spares() const { return list_log_files(dir_.path())->spares; }
  [[nodiscard]] std::size_t filled() const {
    const auto all = spares();
    return static_cast<std::size_t>(std::ranges::count_if(all, is_filled));
  }
  // A segment whose blocks are only allocated.
  void leave_segment(std::uint64_t number) {
    const UniqueFd fd(::open(segment_path(dir_.path(), number).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::posix_fallocate(fd.get(), 0, kSegment), 0);
  }

  TempFolder dir_;
  SpareSegments::Options options_{
      .dir = dir_.path(), .segment_bytes = kSegment, .spares_max = 3, .ahead = 2, .retry = 1ms};
};

TEST_F(SpareSegmentsTest, SomeAreFilledAheadAndNoMore) {
  {
    SpareSegments stock(options_, {}, 5);
    EXPECT_TRUE(eventually([&] { return filled() == 2; }));
  }
  EXPECT_THAT(spares(), SizeIs(2));
}

TEST_F(SpareSegmentsTest, WhatIsTakenIsReplacedUnderAnotherName) {
  SpareSegments stock(options_, {}, 5);
  std::set<std::filesystem::path> taken;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(eventually([&] { return filled() >= 2; }));
    std::optional<std::filesystem::path> file;
    ASSERT_TRUE(eventually([&] { return (file = stock.take()).has_value(); }));
    EXPECT_TRUE(is_filled(*file));
    EXPECT_TRUE(taken.insert(*file).second) << *file;
    std::filesystem::rename(*file, segment_path(dir_.path(), stock.draw_number()));
  }
}

// A segment that was used in part only is filled before it counts.
TEST_F(SpareSegmentsTest, WhatIsGivenBackIsFilled) {
  options_.ahead = 1;
  leave_segment(1);
  leave_segment(2);
  SpareSegments stock(options_, {}, 5);
  stock.give(1, kSegment);
  stock.give(2, kSegment);
  ASSERT_TRUE(eventually([&] { return filled() >= 1; }));
  EXPECT_TRUE(list_log_files(dir_.path())->segments.empty());
}

TEST_F(SpareSegmentsTest, WithoutAThreadTheStockIsWhatWasFoundAndGiven) {
  options_.ahead = 0;
  for (std::uint64_t number = 1; number <= 5; ++number) leave_segment(number);
  std::filesystem::rename(segment_path(dir_.path(), 1), spare_path(dir_.path(), 1));
  SpareSegments stock(options_, spares(), 6);
  for (std::uint64_t number = 2; number <= 4; ++number) stock.give(number, kSegment);
  stock.give(5, kSegment + kLogBlock);
  EXPECT_THAT(spares(), SizeIs(3)) << "as many as may be, and none of another size";
  EXPECT_EQ(stock.draw_number(), 6U);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(stock.take());
  EXPECT_FALSE(stock.take());
}

// As after storage.log_mib was made smaller.
TEST_F(SpareSegmentsTest, OfWhatIsFoundTooLargeOrTooManyIsRemoved) {
  options_.ahead = 0;
  for (std::uint64_t number = 1; number <= 6; ++number) {
    leave_segment(number);
    std::filesystem::rename(segment_path(dir_.path(), number), spare_path(dir_.path(), number));
  }
  std::filesystem::resize_file(spare_path(dir_.path(), 1), kSegment + 1);
  std::filesystem::resize_file(spare_path(dir_.path(), 2), kSegment - 1);
  SpareSegments stock(options_, spares(), 7);
  EXPECT_THAT(spares(),
              ElementsAre(spare_path(dir_.path(), 2), spare_path(dir_.path(), 3), spare_path(dir_.path(), 4)));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(stock.take());
  EXPECT_FALSE(stock.take());
}

// Whoever cannot fill a file leaves none behind, and goes on when the disk does.
TEST_F(SpareSegmentsTest, AFailingDiskLeavesNothingHalf) {
  for (const int code : {ENOSPC, EIO}) {
    FaultyDisk disk;
    const bool at_sync = code == EIO;
    at_sync ? disk.fail_syncs(code) : disk.fail_writes(code);
    SpareSegments stock(options_, {}, 5);
    const std::size_t before = disk.op_count();
    ASSERT_TRUE(eventually([&] { return disk.op_count() > before + 4; })) << "it tries again";
    EXPECT_EQ(filled(), 0U);
    disk.heal();
    ASSERT_TRUE(eventually([&] { return filled() == 2; }));
    for (const auto& file : spares()) std::filesystem::remove(file);
  }
}

// The log's writes need no thread's help: it makes its segments itself when none is ready.
TEST_F(SpareSegmentsTest, TheStoreGoesOnWhateverIsReady) {
  StoreOptions options = options_in(dir_ / "store");
  options.spares_ahead = 2;
  std::uint64_t n = 0;
  for (int life = 0; life < 5; ++life) {
    const std::unique_ptr<DiskStore> store = open_store(options);
    for (const std::uint64_t end = n + 40; n < end; ++n)
      ASSERT_TRUE(make_durable(*store, store->write(slot_at(n), entry_of("key", std::string(30'000, 'x')))));
  }
  const std::unique_ptr<DiskStore> store = open_store(options);
  for (std::uint64_t i = 0; i < n; ++i) EXPECT_EQ(value_at(*store, slot_at(i)).size(), 30'000U);
}

}  // namespace
}  // namespace shoal::test
