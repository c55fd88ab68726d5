// Every single call to the disk fails, one run for each.
//
// A scripted life of a store rolls over segments, makes checkpoints, is killed and starts again, ends cleanly and
// starts again. In the k-th run its k-th call fails, whichever it is: once, or that and all after it until the store
// says so. Then the disk is well again. Whatever failed:
//  (1) a start or a clean end that cannot be says why; while it runs, the store refuses clients with the reason;
//  (2) reads go on, and see every write;
//  (3) without a restart, all is well when the disk is. The one exception is LMDB's head page: the store asks for a new
//      start, and LMDB is not even read any more;
//  (4) a power cut at the end costs nothing that was reported as durable: no failed sync was believed later on.
// LMDB's map is read only: it has nothing to sync.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "node/base/rng.h"
#include "tests/io/disk_image.h"
#include "tests/io/ledger.h"

namespace shoal::test {
namespace {

constexpr std::uint64_t kSlots = 60;
constexpr std::size_t kStride = SHOAL_SWEEP_STRIDE;  // of the calls that are tried; 1: every one
constexpr int kAttemptsMax = 100;

struct Fault {
  int code;
  bool stays;  // until it is noticed
};

// One life; the first thing that is wrong with it ends it.
class ScriptedLife {
 public:
  ScriptedLife(const std::filesystem::path& dir, const Fault& fault, std::size_t pass)
      : options_(options_in(dir)), fault_(fault), disk_(dir) {
    options_.retry_interval = std::chrono::milliseconds(1);
    options_.segment_bytes = 32 << 10;
    options_.log_bytes_max = 256 << 10;
    options_.generation_bytes = 40'000;
    disk_.fail_calls(pass, fault.stays ? SIZE_MAX / 2 : 1, fault.code);
  }

  // Empty: all was well.
  std::string run() {
    open();
    write(16);
    store_.reset();  // killed
    open();
    write(8);
    close();
    open();
    write(8);
    store_.reset();
    if (fault_.stays && noticed_ == 0 && !disk_.struck().empty()) open();  // it came with the last calls
    store_.reset();
    disk_.heal();
    cut_power_now();
    return wrong_;
  }

  [[nodiscard]] FaultyDisk& disk() { return disk_; }
  [[nodiscard]] int noticed() const { return noticed_; }

 private:
  void expect(bool holds, const std::string& otherwise) {
    if (!holds && wrong_.empty()) wrong_ = otherwise;
  }

  // Somebody was told.
  void notice(const Error& error) {
    const bool clear = (error.code == Errc::io || error.code == Errc::no_space) &&
                       error.message.find(options_.dir.string()) != std::string::npos;
    expect(clear, "not a clear refusal: " + error.message);
    ++noticed_;
    if (fault_.stays) disk_.heal();
  }

  void open() {
    for (int i = 0; wrong_.empty() && i < kAttemptsMax; ++i) {
      auto opened = DiskStore::open(options_);
      if (!opened) {
        notice(opened.error());
        continue;
      }
      store_ = *std::move(opened);
      expect_in(*store_, "after a start");
      return ledger_.begin_life(*store_, ledger_.durable());
    }
    expect(false, "it never opened");
  }

  void write(int batches) {
    for (int i = 0; wrong_.empty() && i < batches; ++i) {
      CommitId last;
      for (int n = 0; n < 4; ++n) last = ledger_.write(*store_, 1500);
      reach(last);
      if (!store_->fatal().empty()) {
        store_.reset();
        open();
      }
    }
  }

  // Turns until that is durable.
  void reach(CommitId id) {
    store_->flush();
    while (wrong_.empty() && store_->durable() < id) {
      expect(wait_for_event(*store_), "nothing happens any more");
      store_->collect();
      ledger_.note_durable(*store_);
      if (const Status admitted = store_->admit(); !admitted) {
        notice(admitted.error());
        const bool readable = !disk_.struck().contains(DiskCall::head_write);
        const std::string fault = readable ? ledger_.fault_in_running(*store_) : "";
        expect(fault.empty(), "in trouble: " + fault);
      }
      store_->flush();
    }
  }

  void close() {
    if (!wrong_.empty()) return;
    if (const Status closed = store_->close(); !closed) notice(closed.error());
    ledger_.note_durable(*store_);
    store_.reset();
  }

  void expect_in(DiskStore& store, const std::string& when) {
    const std::string fault = ledger_.fault_in(store, ledger_.durable());
    expect(fault.empty(), when + ": " + fault);
  }

  void cut_power_now() {
    std::vector<DiskOp> ops = disk_.ops();
    ops.push_back({.kind = DiskOp::Kind::sync, .path = {}, .to = {}, .bytes = {}});  // so that the last one is over
    Rng rng(ops.size());
    for (const Unsynced unsynced : {Unsynced::lost, Unsynced::half, Unsynced::kept}) {
      const TempFolder folder(TempFolder::kInMemory);
      cut_power(ops, ops.size(), unsynced, rng, options_.dir, folder.path());
      StoreOptions there = options_;
      there.dir = folder.path();
      const auto store = DiskStore::open(there);
      expect(store.has_value(), store ? "" : "after a power cut: " + store.error().message);
      if (store) expect_in(**store, "after a power cut");
    }
  }

  StoreOptions options_;
  const Fault fault_;
  FaultyDisk disk_;
  Ledger ledger_{kSlots};
  std::unique_ptr<DiskStore> store_;
  int noticed_ = 0;
  std::string wrong_;
};

std::string name_of(const testing::TestParamInfo<Fault>& info) {
  return std::string(info.param.code == EIO ? "EIO" : "ENOSPC") + (info.param.stays ? "UntilNoticed" : "Once");
}

class FaultSweep : public testing::TestWithParam<Fault> {};
INSTANTIATE_TEST_SUITE_P(Faults, FaultSweep,
                         testing::Values(Fault{EIO, false}, Fault{EIO, true}, Fault{ENOSPC, false},
                                         Fault{ENOSPC, true}),
                         name_of);

TEST_P(FaultSweep, EveryCallMayFail) {
  std::multiset<DiskCall> struck;
  std::size_t runs = 0;
  bool reached = true;
  for (std::size_t pass = 0; reached; pass += kStride, ++runs) {
    const TempFolder folder(TempFolder::kInMemory);
    ScriptedLife life(folder.path(), GetParam(), pass);
    ASSERT_EQ(life.run(), "") << "call " << pass;
    const std::multiset<DiskCall> hit = life.disk().struck();
    reached = !hit.empty();
    struck.insert(hit.begin(), hit.end());
    if (GetParam().stays) {
      ASSERT_EQ(life.noticed() > 0, reached) << "call " << pass;
    }
  }
  EXPECT_GT(runs * kStride, 150U);
  if (kStride > 1) return;
  for (const DiskCall call :
       {DiskCall::open, DiskCall::create, DiskCall::make_folder, DiskCall::read, DiskCall::write, DiskCall::head_write,
        DiskCall::sync, DiskCall::folder_sync, DiskCall::allocate, DiskCall::rename, DiskCall::unlink})
    EXPECT_GT(struck.count(call), 0U) << "kind " << static_cast<int>(call);
}

}  // namespace
}  // namespace shoal::test
