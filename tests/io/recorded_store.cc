#include "tests/io/recorded_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "node/base/bytes.h"
#include "node/io/storage/sync_file.h"

namespace shoal::test {

namespace fs = std::filesystem;

std::uint64_t Recording::durable_at(std::size_t cut) const {
  std::uint64_t durable = 0;
  for (const Report& report : reports)
    if (report.ops < cut) durable = report.durable;
  return durable;
}

StoreOptions Recording::cut_at(std::size_t cut, Unsynced unsynced, Rng& rng, const fs::path& to) const {
  cut_power(ops, cut, unsynced, rng, options.dir, to);
  StoreOptions there = options;
  there.dir = to;
  return there;
}

RecordedStore::RecordedStore(const StoreOptions& options, const Ledger& ledger, std::uint64_t durable)
    : recording_{.options = options,
                 .ops = ops_that_made(options.dir),
                 .begin = 0,
                 .reports = {{.ops = 0, .durable = durable}},
                 .ledger = ledger} {
  recording_.begin = recording_.ops.size();
  disk_.emplace(options.dir);
  open();
}

void RecordedStore::open() {
  store_ = open_store(recording_.options);
  recording_.ledger.begin_life(*store_, recording_.reports.back().durable);
}

void RecordedStore::close() {
  ASSERT_TRUE(store_->close());
  note();
  store_.reset();
}

void RecordedStore::reopen_with(std::size_t generation_bytes) {
  crash();
  recording_.options.generation_bytes = generation_bytes;
  open();
}

void RecordedStore::forget_log() {
  reopen_with(1);
  batch(1);
  ASSERT_TRUE(make_checkpoint(*store_, last_));
  close();
  {
    const LmdbEnv env = *LmdbEnv::open(recording_.options.dir, recording_.options.map_bytes);
    std::string about;
    append_u64(about, 4);
    append_u64(about, recording_.options.owner.value);
    LmdbTxn txn;
    MDB_val key = lmdb_val(kAboutName);
    MDB_val value = lmdb_val(about);
    MDB_val checkpoint = lmdb_val(kCheckpointName);
    ASSERT_EQ(env.begin(0, txn), 0);
    ASSERT_EQ(mdb_put(txn.get(), env.meta, &key, &value, 0), 0);
    ASSERT_EQ(mdb_del(txn.get(), env.meta, &checkpoint, nullptr), 0);
    ASSERT_EQ(mdb_txn_commit(txn.release()), 0);
  }
  const fs::path log = recording_.options.dir / "log";
  std::vector<fs::path> files;
  for (const fs::directory_entry& file : fs::directory_iterator(log)) files.push_back(file.path());
  for (const fs::path& file : files) ASSERT_EQ(::unlink(file.c_str()), 0);
  ASSERT_TRUE(sync_directory(log));
}

void RecordedStore::fill(int writes, std::size_t value_bytes) {
  for (int i = 0; i < writes; ++i) last_ = recording_.ledger.write(*store_, value_bytes);
}

void RecordedStore::unsynced_batch(int writes, std::size_t value_bytes) {
  fill(writes, value_bytes);
  store_->flush();
  ASSERT_TRUE(wait_for_event(*store_));
  store_->collect();
}

void RecordedStore::batch(int writes, std::size_t value_bytes) {
  fill(writes, value_bytes);
  store_->hurry(last_);
  ASSERT_TRUE(make_durable(*store_, last_));
  note();
}

void RecordedStore::reach_checkpoint() {
  batch(8);
  for (const CommitId here = last_; store_->checkpointed() < here;) batch(8);
}

void RecordedStore::note() {
  recording_.reports.push_back({.ops = mark(), .durable = recording_.ledger.note_durable(*store_)});
}

Recording RecordedStore::end() {
  store_.reset();
  const std::vector<DiskOp> since = disk_->ops();
  recording_.ops.insert(recording_.ops.end(), since.begin(), since.end());
  disk_.reset();
  return std::move(recording_);
}

}  // namespace shoal::test
