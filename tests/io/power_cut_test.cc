// Power cuts, replayed.
//
// Every write and sync of a run is remembered. Then the power is cut during a random one: what was synced before is on
// the disk; of the pages written since, a random part is. The store that opens on such a disk must hold everything
// that had been reported as durable.
//
// Syncs and head writes also fail on the way. A failed sync forgets: its pages count as clean, so no later sync brings
// them to the disk. A failed head write may have reached it nevertheless; the process ends and another goes on.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "node/base/rng.h"
#include "tests/io/disk_image.h"
#include "tests/io/faulty_disk.h"
#include "tests/io/store_kit.h"

namespace shoal::test {
namespace {

constexpr std::uint64_t kSlots = 200;
constexpr int kBatches = 80;

// Each write goes with what a voter remembers.
Place acceptor_of(std::uint64_t n) { return Place::acceptor_of(slot_at(n % kSlots)); }

// The ballot that the voter has accepted last; 0: none that can be read.
std::uint64_t accepted_at(DiskStore& store, const Place& place) {
  const Result<EntryPtr> entry = store.read(place);
  return entry && *entry && (*entry)->acceptor ? (*entry)->acceptor->accepted.counter : 0;
}

// All writes up to a number are durable, said when the disk had seen so many operations.
struct Report {
  std::size_t ops;
  std::uint64_t written;
};

// Numbered writes to few slots: every batch overwrites some, and every value says its number.
class Recording {
 public:
  // Every other seed leaves a few batches to the log before it moves them into LMDB.
  Recording(const std::filesystem::path& dir, std::uint64_t seed) : options_(options_in(dir)), rng_(seed) {
    if (seed % 2 == 0) options_.generation_bytes = 300'000;
    store_ = open_store(options_);
    for (int i = 0; i < kBatches; ++i) commit(1 + rng_.below(40));
    store_.reset();
    ops = disk_.ops();
  }

  [[nodiscard]] const std::filesystem::path& dir() const { return options_.dir; }

  std::vector<Report> reports;
  std::vector<Report> too_early;  // said at hand-over
  std::vector<DiskOp> ops;

 private:
  void commit(std::uint64_t count) {
    const std::uint64_t first = written_ + 1;
    written_ += count;
    write(first, written_);
    too_early.push_back({.ops = disk_.op_count(), .written = written_});
    if (rng_.chance(150'000))
      fail_a_sync();
    else if (rng_.chance(100'000))
      fail_a_head(first);
    EXPECT_TRUE(make_durable(*store_, batch_));
    reports.push_back({.ops = disk_.op_count(), .written = written_});
  }

  void write(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t n = first; n <= last; ++n) {
      store_->write(acceptor_of(n), voter_of("key", n, std::string(n % 100, '.')));
      batch_ =
          store_->write(slot_at(n % kSlots), entry_of("key", std::to_string(n) + std::string(n * 7919 % 6000, '.')));
    }
  }

  void fail_a_sync() {
    disk_.fail_syncs(EIO);
    EXPECT_TRUE(reach_trouble(*store_));
    disk_.heal();
  }

  void fail_a_head(std::uint64_t first) {
    disk_.fail_heads(EIO);
    do {
      store_->collect();
      store_->flush();
    } while (store_->fatal().empty() && settled() < batch_ && wait_for_event(*store_));
    disk_.heal();
    store_.reset();
    store_ = open_store(options_);
    // Not the same transaction again: its pages shall differ from those that the failed head refers to.
    write(first, first);
    EXPECT_TRUE(make_durable(*store_, batch_));
    write(first, written_);
  }

  // A head is written by checkpoints alone.
  [[nodiscard]] CommitId settled() const {
    return options_.generation_bytes == 1 ? store_->checkpointed() : store_->durable();
  }

  FaultyDisk disk_;
  StoreOptions options_;
  Rng rng_;
  std::unique_ptr<DiskStore> store_;
  std::uint64_t written_ = 0;
  CommitId batch_;
};

// How many writes reported as durable are missing after the cut; a store that does not open misses them all.
std::uint64_t missing_after(const Recording& run, std::size_t cut, const std::vector<Report>& reports, Rng& rng) {
  const TempFolder folder(TempFolder::kInMemory);
  cut_power(run.ops, cut, Unsynced::half, rng, run.dir(), folder.path());
  std::uint64_t durable = 0;
  for (const Report& report : reports)
    if (report.ops < cut) durable = report.written;
  const auto store = DiskStore::open(options_in(folder.path()));
  if (!store) return durable;
  std::uint64_t missing = 0;
  for (std::uint64_t n = durable > kSlots ? durable - kSlots + 1 : 1; n <= durable; ++n) {
    missing += std::strtoull(value_at(**store, slot_at(n % kSlots)).c_str(), nullptr, 10) < n ? 1 : 0;
    missing += accepted_at(**store, acceptor_of(n)) < n ? 1 : 0;
  }
  return missing;
}

std::vector<std::size_t> failures_of(const std::vector<DiskOp>& ops) {
  std::vector<std::size_t> failures;
  for (std::size_t i = 0; i < ops.size(); ++i)
    if (ops[i].failed) failures.push_back(i);
  return failures;
}

TEST(PowerCutTest, KeepsWhatWasDurable) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const TempFolder folder(TempFolder::kInMemory);
    const Recording run(folder.path(), seed);
    const std::vector<std::size_t> failures = failures_of(run.ops);
    ASSERT_FALSE(failures.empty());
    Rng rng(seed);
    for (int i = 0; i < 50; ++i) {
      // Half of the cuts fall where it hurts most: shortly after a failure.
      const std::size_t any = rng.between(run.reports.front().ops + 1, run.ops.size());
      const std::size_t near = failures[rng.below(failures.size())] + 1 + rng.below(40);
      const std::size_t cut = i % 2 == 0 ? any : std::min(near, run.ops.size());
      ASSERT_EQ(missing_after(run, cut, run.reports, rng), 0u) << "seed " << seed << ", operation " << cut;
    }
  }
}

// The same check finds losses when writes are called durable at hand-over, before their sync: it can fail.
TEST(PowerCutTest, FindsTheLossesOfReportingTooEarly) {
  const TempFolder folder(TempFolder::kInMemory);
  const Recording run(folder.path(), 1);
  Rng rng(1);
  std::uint64_t missing = 0;
  for (std::size_t cut = run.reports.front().ops + 1; missing == 0 && cut <= run.ops.size(); ++cut)
    missing = missing_after(run, cut, run.too_early, rng);
  EXPECT_GT(missing, 0u);
}

}  // namespace
}  // namespace shoal::test
