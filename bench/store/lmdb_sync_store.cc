#include "bench/store/lmdb_sync_store.h"

#include <sys/eventfd.h>

#include <utility>

#include "node/base/check.h"
#include "node/io/storage/quiet_thread.h"
#include "node/wire/entry_codec.h"

namespace shoal {

Result<std::unique_ptr<LmdbSyncStore>> LmdbSyncStore::open(const std::filesystem::path& dir, std::size_t map_bytes) {
  Result<LmdbEnv> env = LmdbEnv::open(dir, map_bytes);
  if (!env) return env.error();
  return std::unique_ptr<LmdbSyncStore>(new LmdbSyncStore(*std::move(env)));
}

LmdbSyncStore::LmdbSyncStore(LmdbEnv env) : env_(std::move(env)), event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  SHOAL_CHECK(event_.valid());
  thread_ = quiet_thread([this] { run(); });
}

LmdbSyncStore::~LmdbSyncStore() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Result<EntryPtr> LmdbSyncStore::read(const Place& place) {
  if (const auto found = filling_->find(place); found != filling_->end()) return found->second;
  if (syncing_)
    if (const auto found = syncing_->find(place); found != syncing_->end()) return found->second;
  if (!reading_) SHOAL_CHECK((reader_ ? mdb_txn_renew(reader_.get()) : env_.begin(MDB_RDONLY, reader_)) == 0);
  reading_ = true;
  const std::string key_bytes = place_bytes(place);
  MDB_val key = lmdb_val(key_bytes);
  MDB_val value{};
  const int code = mdb_get(reader_.get(), env_.records, &key, &value);
  if (code == MDB_NOTFOUND) return EntryPtr();
  SHOAL_CHECK(code == 0);
  Result<Entry> entry = decode_entry(place, lmdb_view(value));
  if (!entry) return entry.error();
  return EntryPtr(std::make_shared<const Entry>(*std::move(entry)));
}

CommitId LmdbSyncStore::write(const Place& place, EntryPtr entry) {
  (*filling_)[place] = std::move(entry);
  return filling_id_;
}

void LmdbSyncStore::flush() {
  end_snapshot();
  if (syncing_ || filling_->empty()) return;
  syncing_ = std::exchange(filling_, std::make_shared<Batch>());
  ++filling_id_.value;
  {
    const std::lock_guard lock(mutex_);
    at_hand_ = syncing_;
  }
  wake_.notify_all();
}

std::optional<CommitId> LmdbSyncStore::collect() {
  eventfd_t ignored = 0;
  if (::eventfd_read(event_.get(), &ignored) != 0) return std::nullopt;
  syncing_.reset();
  end_snapshot();
  return CommitId{filling_id_.value - 1};
}

void LmdbSyncStore::end_snapshot() {
  if (reading_) mdb_txn_reset(reader_.get());
  reading_ = false;
}

void LmdbSyncStore::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || at_hand_ != nullptr; });
    if (stopping_) return;
    const std::shared_ptr<const Batch> batch = std::exchange(at_hand_, nullptr);
    lock.unlock();
    commit(*batch);
    lock.lock();
    ::eventfd_write(event_.get(), 1);
  }
}

void LmdbSyncStore::commit(const Batch& batch) {
  LmdbTxn txn;
  SHOAL_CHECK(env_.begin(0, txn) == 0);
  for (const auto& [place, entry] : batch) {
    const std::string key_bytes = place_bytes(place);
    const std::string value_bytes = encode_entry(place, *entry);
    MDB_val key = lmdb_val(key_bytes);
    MDB_val value = lmdb_val(value_bytes);
    SHOAL_CHECK(mdb_put(txn.get(), env_.records, &key, &value, 0) == 0);
  }
  SHOAL_CHECK(mdb_txn_commit(txn.release()) == 0);
}

}  // namespace shoal
