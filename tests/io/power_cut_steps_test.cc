// The power goes at every single step of what a store does with its disk: of a checkpoint and of using the log's
// segments again, of the starts after all kinds of ends, and of the start after a power cut.
//
// Each run is recorded operation by operation. For every cut the disk is made as it may be then: with nothing, a random
// half and all of what no sync had settled. The store that opens there must hold the state after some batch, with
// everything that had been reported as durable, and be able to go on.
#include <gtest/gtest.h>

#include <cerrno>

#include "node/base/rng.h"
#include "tests/io/recorded_store.h"

namespace shoal::test {
namespace {

constexpr std::uint64_t kSlots = 60;
constexpr std::size_t kStride = SHOAL_SWEEP_STRIDE;  // of the cuts that are tried; 1: every one

StoreOptions small_store(const std::filesystem::path& dir, bool sync) {
  StoreOptions options = options_in(dir);
  options.sync = sync;
  options.relaxed_interval = std::chrono::hours(10);
  options.retry_interval = std::chrono::milliseconds(1);
  options.segment_bytes = 32 << 10;
  options.log_bytes_max = 256 << 10;
  options.generation_bytes = 60'000;
  return options;
}

// What is wrong with the store that opens there; empty: nothing.
std::string fault_after(const StoreOptions& options, Ledger ledger, std::uint64_t durable) {
  for (const bool goes_on : {true, false}) {
    auto store = DiskStore::open(options);
    if (!store) return "it does not open: " + store.error().message;
    if (std::string fault = ledger.fault_in(**store, durable); !fault.empty()) return fault;
    if (!goes_on) break;
    ledger.begin_life(**store, durable);
    CommitId last;
    for (int i = 0; i < 20; ++i) last = ledger.write(**store, 1500);
    (*store)->hurry(last);
    if (!make_durable(**store, last)) return "it takes no writes";
    durable = ledger.note_durable(**store);
  }
  return {};
}

// The first bad cut behind operation `from`; empty: none.
std::string cut_everywhere(const Recording& run, std::size_t from) {
  Rng rng(from);
  for (std::size_t cut = from + 1; cut <= run.ops.size(); cut += kStride) {
    for (const Unsynced unsynced : {Unsynced::lost, Unsynced::half, Unsynced::half, Unsynced::kept}) {
      const TempFolder folder(TempFolder::kInMemory);
      const StoreOptions there = run.cut_at(cut, unsynced, rng, folder.path());
      const std::string fault = fault_after(there, run.ledger, run.durable_at(cut));
      if (!fault.empty())
        return "operation " + std::to_string(cut) + " of " + std::to_string(run.ops.size()) + ", unsynced " +
               std::to_string(static_cast<int>(unsynced)) + ": " + fault;
    }
  }
  return {};
}

class PowerCutAtEveryStep : public testing::Test {
 protected:
  explicit PowerCutAtEveryStep(bool sync = true) : run_(small_store(folder_.path(), sync), Ledger(kSlots), 0) {}

  const TempFolder folder_{TempFolder::kInMemory};
  RecordedStore run_;

  void expect_safe(std::size_t from, std::size_t operations_min) {
    const Recording run = run_.end();
    EXPECT_GE(run.ops.size() - from, operations_min) << "too little has happened";
    EXPECT_EQ(cut_everywhere(run, from), "");
  }
};

TEST_F(PowerCutAtEveryStep, OfAFirstStart) {
  run_.batch(3);
  expect_safe(0, 20);
}

TEST_F(PowerCutAtEveryStep, OfCheckpointsAndOfUsingSegmentsAgain) {
  run_.reach_checkpoint();
  const std::size_t from = run_.mark();
  for (int i = 0; i < 4; ++i) run_.reach_checkpoint();
  expect_safe(from, 100);
}

TEST_F(PowerCutAtEveryStep, OfAStartThatReplays) {
  for (int i = 0; i < 5; ++i) run_.batch(4);
  run_.crash();
  const std::size_t from = run_.mark();
  run_.open();
  run_.batch(2);
  expect_safe(from, 8);
}

// The log holds more than the overlay may: LMDB takes some of it before the store is open.
TEST_F(PowerCutAtEveryStep, OfAStartThatMovesTheLogIntoLmdb) {
  for (int i = 0; i < 10; ++i) run_.batch(3);
  const std::size_t from = run_.mark();
  run_.reopen_with(10'000);
  EXPECT_GT(run_.store().checkpointed(), CommitId{5});
  run_.batch(2);
  expect_safe(from, 12);
}

TEST_F(PowerCutAtEveryStep, OfACleanEndAndTheNextStart) {
  run_.batch(5);
  const std::size_t from = run_.mark();
  run_.fill(5);
  run_.close();
  run_.open();
  run_.batch(2);
  expect_safe(from, 12);
}

TEST_F(PowerCutAtEveryStep, OfStartsOneAfterTheOther) {
  run_.batch(5);
  const std::size_t from = run_.mark();
  for (int i = 0; i < 6; ++i) {
    run_.crash();
    run_.open();
    if (i % 2 == 1) run_.batch(1);
  }
  expect_safe(from, 40);
}

// A generation of more than one transaction: LMDB is newer here and older there than its checkpoint says.
TEST_F(PowerCutAtEveryStep, OfACheckpointOfSeveralTransactions) {
  run_.reopen_with(4'400'000);
  for (int i = 0; i < 2; ++i) run_.batch(15, 100'000);
  const std::size_t from = run_.mark();  // before the batch that begins the checkpoint, which goes on by itself
  run_.batch(15, 100'000);
  run_.reach_checkpoint();
  expect_safe(from, 20);
}

// Away from the segment at hand, and then the new one fails too; sometimes the process is killed on top of it.
TEST_F(PowerCutAtEveryStep, OfFailuresAndOfTheStartsAfterThem) {
  run_.reach_checkpoint();
  run_.reopen_with(std::size_t{16} << 20);
  const std::size_t from = run_.mark();
  for (const DiskCall call : {DiskCall::sync, DiskCall::write, DiskCall::rename, DiskCall::folder_sync}) {
    for (const bool killed : {true, false}) {
      run_.batch(1);
      run_.disk().fail(call, EIO);
      run_.disk().fail_calls(0, 1, EIO);
      run_.fill(1);
      ASSERT_TRUE(reach_trouble(run_.store()));
      run_.fill(1);
      if (killed) run_.crash();
      run_.disk().heal();
      if (killed) run_.open();
      run_.batch(1);
    }
  }
  expect_safe(from, 100);
}

// A failed head may be on the disk nevertheless.
TEST_F(PowerCutAtEveryStep, OfAFailedHeadAndTheStartAfterIt) {
  run_.reach_checkpoint();
  const std::size_t from = run_.mark();
  run_.disk().fail_heads(EIO);
  while (run_.store().fatal().empty()) run_.batch(8);
  run_.crash();
  run_.disk().heal();
  run_.open();
  run_.reach_checkpoint();
  expect_safe(from, 20);
}

TEST_F(PowerCutAtEveryStep, OfTakingOverAStoreWithoutALog) {
  run_.reach_checkpoint();
  run_.forget_log();
  const std::size_t from = run_.mark();
  run_.open();
  run_.batch(3);
  expect_safe(from, 10);
}

class PowerCutOfRelaxed : public PowerCutAtEveryStep {
 protected:
  PowerCutOfRelaxed() : PowerCutAtEveryStep(false) {}
};

// Many commits are at hand that nothing proves to be synced: those that were hurried, and those that were not.
TEST_F(PowerCutOfRelaxed, AtEveryStepOfStartsAndFailures) {
  run_.reach_checkpoint();
  const std::size_t from = run_.mark();
  for (const bool killed : {true, false, true}) {
    for (int i = 0; i < 3; ++i) run_.unsynced_batch(2);
    run_.batch(2);
    for (int i = 0; i < 3; ++i) run_.unsynced_batch(2);
    if (!killed) run_.disk().fail_calls(0, 1, EIO);
    if (killed) run_.crash();
    if (killed) run_.open();
    run_.batch(1);
  }
  expect_safe(from, 60);
}

// The power goes anywhere, and goes again at every step of the start that follows.
TEST_F(PowerCutAtEveryStep, OfTheStartAfterAPowerCut) {
  run_.reach_checkpoint();
  const std::size_t from = run_.mark();
  run_.reach_checkpoint();
  const Recording first = run_.end();
  Rng rng(1);
  for (std::size_t cut = from + 1; cut <= first.ops.size(); cut += kStride + rng.below(5)) {
    const TempFolder folder(TempFolder::kInMemory);
    RecordedStore second(first.cut_at(cut, Unsynced::half, rng, folder.path()), first.ledger, first.durable_at(cut));
    second.batch(2);
    const Recording run = second.end();
    ASSERT_GE(run.ops.size() - run.begin, 10U);
    ASSERT_EQ(cut_everywhere(run, run.begin), "") << "after operation " << cut;
  }
}

}  // namespace
}  // namespace shoal::test
