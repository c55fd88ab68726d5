#include "node/io/committer.h"

#include <sys/eventfd.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "node/base/check.h"
#include "node/wire/entry_codec.h"

namespace shoal {
namespace {

using SteadyClock = std::chrono::steady_clock;

// LMDB keeps up to 131,071 dirty pages of a transaction and spills beyond. A record dirties its leaf, at worst a
// second one by a split, and a share of the branches.
constexpr std::size_t kTransactionRecordsMax = 32'768;
constexpr std::size_t kTransactionBytesMax = std::size_t{64} << 20;
constexpr std::uint64_t kNearlyFullBytes = std::uint64_t{4} << 20;

using RecordCursor = std::map<Place, EntryPtr>::const_iterator;

int put(MDB_txn* txn, MDB_dbi table, std::string_view key, std::string_view value) {
  MDB_val k = lmdb_val(key);
  MDB_val v = lmdb_val(value);
  return mdb_put(txn, table, &k, &v, 0);
}

// 0 also when there was nothing to erase: after a failed commit the batch is written again from its first byte.
int erase(MDB_txn* txn, MDB_dbi table, std::string_view key) {
  MDB_val k = lmdb_val(key);
  const int code = mdb_del(txn, table, &k, nullptr);
  return code == MDB_NOTFOUND ? 0 : code;
}

// Writes as many records as one transaction may hold, and moves `next` behind them.
int write_records(MDB_txn* txn, const LmdbEnv& env, const WriteBatch& batch, RecordCursor& next) {
  std::size_t bytes = 0;
  for (std::size_t n = 0; n < kTransactionRecordsMax && bytes < kTransactionBytesMax; ++n, ++next) {
    if (next == batch.records.end()) return 0;
    const std::string key = place_bytes(next->first);
    const std::string value = next->second ? encode_entry(*next->second) : std::string();
    const MDB_dbi table = env.table_of(next->first);
    if (const int code = next->second ? put(txn, table, key, value) : erase(txn, table, key)) return code;
    bytes += value.size();
  }
  return 0;
}

// 0 when all of the batch is synced.
int write_batch(const LmdbEnv& env, const WriteBatch& batch) {
  RecordCursor next = batch.records.begin();
  bool first = true;
  while (first || next != batch.records.end()) {
    LmdbTxn txn;
    if (const int code = env.begin(0, txn)) return code;
    if (first && batch.document)
      if (const int code = put(txn.get(), env.meta, kDocumentName, *batch.document)) return code;
    if (const int code = write_records(txn.get(), env, batch, next)) return code;
    if (const int code = mdb_txn_commit(txn.release())) return code;
    first = false;
  }
  return 0;
}

// LMDB calls a write that the file system cut short EIO. It is a full disk when there is no room left.
int full_or_broken(int code, const std::filesystem::path& dir) {
  struct statvfs disk {};
  if (code != EIO || ::statvfs(dir.c_str(), &disk) != 0) return code;
  return std::uint64_t{disk.f_bavail} * disk.f_frsize < kNearlyFullBytes ? ENOSPC : code;
}

Error sentence(const LmdbEnv& env, int code) {
  const std::string dir = env.dir.string();
  if (code == MDB_MAP_FULL) {
    MDB_envinfo info{};
    mdb_env_info(env.env.get(), &info);
    return fail(Errc::no_space,
                "the store in " + dir + " has filled its map of " + std::to_string(info.me_mapsize) +
                    " bytes: start the node with a larger storage.map_gib; until then it refuses writes and "
                    "serves reads");
  }
  if (lmdb_errc(code) == Errc::no_space)
    return fail(Errc::no_space, "the disk takes no more (" + std::string(mdb_strerror(code)) + ") in " + dir +
                                    ": free some space; until then the node refuses writes and serves reads");
  return fail(Errc::io, "the disk fails to save (" + std::string(mdb_strerror(code)) + ") in " + dir +
                            ": the node keeps trying; until then it refuses writes and serves reads");
}

std::string fatal_sentence(const LmdbEnv& env, int code) {
  const std::string store = "the store in " + env.dir.string();
  if (code == MDB_PANIC)
    return store + " cannot go on, the disk failed under its head page: check the disk, then start the node again";
  return store + " cannot go on (" + mdb_strerror(code) + "): start the node again; if that does not help, start it " +
         "with an empty folder and let the other nodes fill it";
}

// Signals are for the main thread.
std::thread quiet_thread(auto body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

Committer::Committer(const LmdbEnv& env, Options options)
    : env_(env), options_(options), event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  SHOAL_CHECK(event_.valid());
  thread_ = quiet_thread([this] { run(); });
}

Committer::~Committer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Committer::take(WriteBatchPtr batch) {
  {
    const std::lock_guard lock(mutex_);
    SHOAL_CHECK(at_hand_ == nullptr);
    if (ended_) return;
    at_hand_ = std::move(batch);
  }
  wake_.notify_all();
}

void Committer::hurry(CommitId id) {
  {
    const std::lock_guard lock(mutex_);
    hurried_ = std::max(hurried_, id);
  }
  wake_.notify_all();
}

void Committer::finish() {
  std::unique_lock lock(mutex_);
  finishing_ = true;
  wake_.notify_all();
  done_.wait(lock, [this] { return at_hand_ == nullptr || ended_; });
}

CommitReport Committer::report() {
  // Drained before the look: what changes after the look signals again.
  eventfd_t ignored = 0;
  ::eventfd_read(event_.get(), &ignored);
  const std::lock_guard lock(mutex_);
  return report_;
}

void Committer::signal() { ::eventfd_write(event_.get(), 1); }

void Committer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || at_hand_ != nullptr; });
    gather(lock);
    if (stopping_ || !commit_at_hand(lock)) break;
  }
  ended_ = true;
  done_.notify_all();
}

void Committer::gather(std::unique_lock<std::mutex>& lock) {
  wake_.wait_until(lock, next_commit_, [this] { return stopping_ || finishing_ || at_hand_->id <= hurried_; });
  next_commit_ = SteadyClock::now() + options_.gather;
}

// Returns false when the thread shall end.
bool Committer::commit_at_hand(std::unique_lock<std::mutex>& lock) {
  while (true) {
    const bool last_attempt = finishing_;
    lock.unlock();
    const int code = full_or_broken(write_batch(env_, *at_hand_), env_.dir);
    lock.lock();
    if (code == 0) break;
    note_failure(code);
    if (last_attempt || !lmdb_can_retry(code)) return false;
    wake_.wait_for(lock, options_.retry, [this] { return stopping_ || finishing_; });
    if (stopping_) return false;
  }
  report_.durable = at_hand_->id;
  report_.trouble.reset();
  at_hand_.reset();
  signal();
  done_.notify_all();
  return true;
}

void Committer::note_failure(int code) {
  Error trouble = sentence(env_, code);
  const bool changed = report_.trouble != trouble;
  report_.trouble = std::move(trouble);
  if (!lmdb_can_retry(code)) report_.fatal = fatal_sentence(env_, code);
  if (changed || !report_.fatal.empty()) signal();
}

}  // namespace shoal
