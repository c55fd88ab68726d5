// The end of the log, damaged at every byte.
//
// A store has said of its first batches that they are durable, and has handed the last ones to the system without a
// sync: of those a power cut may leave anything. Whatever it leaves, the store opens, holds what was durable and no
// half of a batch. What it had called durable is missed, and never passed over.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "node/base/rng.h"
#include "tests/io/ledger.h"

namespace shoal::test {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kSlots = 20;
constexpr std::size_t kStride = SHOAL_SWEEP_STRIDE;  // of the bytes that are damaged; 1: every one
constexpr int kBatches = 4;                          // durable ones, and as many that are not

enum class Damage { flip, zeros, noise };  // a byte; all from there on; a block from there on

class DamagedLog : public testing::Test {
 protected:
  DamagedLog() {
    options_.sync = false;
    options_.relaxed_interval = std::chrono::hours(10);
    options_.generation_bytes = std::size_t{64} << 20;
    options_.segment_bytes = 64 << 10;
    const auto store = open_store(options_);
    for (int i = 0; i < 2 * kBatches; ++i) write_batch(*store, i < kBatches);
  }

  void write_batch(DiskStore& store, bool hurry) {
    const bool large = batches_++ % 2 == 1;
    CommitId id;
    for (int i = 0; i < 3; ++i) id = ledger_.write(store, large ? 2000 : 500);
    if (hurry) store.flush_now();
    store.flush();
    do {
      ASSERT_TRUE(wait_for_event(store));
      store.collect();
    } while (hurry && store.durable() < id);
    ledger_.note_durable(store);
  }

  void SetUp() override {
    const std::filesystem::path dir = options_.dir / "log";
    file_ = segment_path(dir, list_log_files(dir)->segments.back());
    std::ifstream in(file_, std::ios::binary);
    whole_ = {std::istreambuf_iterator<char>(in), {}};
    const SegmentHeader header = decode_segment_header(whole_).value();
    std::size_t end = kLogBlock;
    while (const auto frame = frame_at(whole_, end, header.salt)) {
      frames_.push_back(*frame);
      end += frame->size;
      if (frame->commit.value == kBatches) durable_end_ = end;
    }
    end_ = end;
    ASSERT_EQ(frames_.size(), 2U * kBatches);
  }

  [[nodiscard]] std::string damaged(std::size_t at, Damage damage) {
    std::string bytes = whole_;
    const std::size_t length = std::min(kLogBlock, bytes.size() - at);
    if (damage == Damage::flip) bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    if (damage == Damage::zeros) bytes.replace(at, std::string::npos, std::string(bytes.size() - at, '\0'));
    if (damage == Damage::noise)
      std::generate_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length,
                      [this] { return static_cast<char>(rng_.below(256)); });
    return bytes;
  }
  void damage(std::size_t at, Damage damage) { std::ofstream(file_, std::ios::binary) << damaged(at, damage); }

  // How many batches come back, from the first one on and each as it was; the error otherwise.
  Result<std::size_t> recover() {
    std::size_t replayed = 0;
    const Result<RecoveredLog> log =
        recover_log(options_.dir / "log", options_.owner, {0}, [&](const LogBatch& batch, double) {
          EXPECT_EQ(encode_changes(batch), frames_.at(replayed).changes);
          EXPECT_EQ(batch.id, frames_.at(replayed++).commit);
          return Status(Unit{});
        });
    if (!log) return log.error();
    return replayed;
  }

  const TempFolder folder_{TempFolder::kInMemory};
  StoreOptions options_ = options_in(folder_ / "store");
  Ledger ledger_{kSlots};
  int batches_ = 0;
  Rng rng_{1};
  std::filesystem::path file_;
  std::string whole_;
  std::vector<LogFrame> frames_;
  std::size_t durable_end_ = 0;
  std::size_t end_ = 0;
};

TEST_F(DamagedLog, WhereNothingWasDurableCostsWholeBatchesAndNoOthers) {
  for (std::size_t at = durable_end_; at < end_; at += kStride) {
    for (const Damage kind : {Damage::flip, Damage::zeros, Damage::noise}) {
      damage(at, kind);
      const Result<std::size_t> batches = recover();
      ASSERT_TRUE(batches) << at << ": " << batches.error().message;
      ASSERT_GE(*batches, std::size_t{kBatches}) << at;
    }
  }
}

TEST_F(DamagedLog, WhereItWasDurableIsMissed) {
  std::size_t commit = 0;
  std::size_t end = kLogBlock;
  for (std::size_t at = kLogBlock; at < durable_end_; at += kStride) {
    while (at >= end) end += frames_[commit++].size;
    const bool padding = at >= end - frames_[commit - 1].size + 32 + frames_[commit - 1].changes.size();
    damage(at, Damage::flip);
    const Result<std::size_t> batches = recover();
    ASSERT_EQ(batches.has_value(), padding) << at;
    if (padding) continue;
    ASSERT_EQ(batches.error().code, Errc::corrupt);
    ASSERT_THAT(batches.error().message, HasSubstr("commit " + std::to_string(commit) + " was saved"));
  }
}

TEST_F(DamagedLog, LeavesAStoreThatHoldsItsPrefix) {
  for (std::size_t at = durable_end_; at < end_; at += 37 * kStride) {
    const Damage kind = static_cast<Damage>(rng_.below(3));
    const TempFolder other(TempFolder::kInMemory);
    StoreOptions there = options_;
    there.dir = other / "store";
    std::filesystem::copy(options_.dir, there.dir, std::filesystem::copy_options::recursive);
    std::ofstream(there.dir / "log" / file_.filename(), std::ios::binary) << damaged(at, kind);
    const auto store = DiskStore::open(there);
    ASSERT_TRUE(store) << at << ": " << store.error().message;
    ASSERT_EQ(ledger_.fault_in(**store, ledger_.durable()), "") << at;
  }
}

}  // namespace
}  // namespace shoal::test
