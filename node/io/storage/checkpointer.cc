#include "node/io/storage/checkpointer.h"

#include <algorithm>
#include <utility>

#include "node/base/check.h"
#include "node/io/storage/disk_trouble.h"
#include "node/io/storage/generation_writer.h"
#include "node/io/storage/quiet_thread.h"

namespace shoal {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr double kRestShare = 3;  // of the time worked, without pressure
constexpr std::chrono::milliseconds kRestMax{500};

Error sentence(const LmdbEnv& env, int code) {
  if (code != MDB_MAP_FULL) return disk_trouble(code, env.dir);
  MDB_envinfo info{};
  mdb_env_info(env.env.get(), &info);
  return fail(Errc::no_space, "the store in " + env.dir.string() + " has filled its map of " +
                                  std::to_string(info.me_mapsize) +
                                  " bytes: start the node with a larger storage.map_gib; until then it refuses writes "
                                  "and serves reads");
}

std::string fatal_sentence(const LmdbEnv& env, int code) {
  const std::string store = "the store in " + env.dir.string();
  if (code == MDB_PANIC)
    return store + " cannot go on, the disk failed under its head page: check the disk, then start the node again";
  return store + " cannot go on (" + mdb_strerror(code) + "): start the node again; if that does not help, start it " +
         "with an empty folder and let the other nodes fill it";
}

}  // namespace

Checkpointer::Checkpointer(const LmdbEnv& env, std::chrono::milliseconds retry) : env_(env), retry_(retry) {
  thread_ = quiet_thread([this] { run(); });
}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Checkpointer::take(GenerationPtr generation) {
  {
    const std::lock_guard lock(mutex_);
    SHOAL_CHECK(at_hand_ == nullptr);
    at_hand_ = std::move(generation);
    progress_ = 0;
  }
  wake_.notify_all();
}

void Checkpointer::discard(GenerationPtr generation) {
  {
    const std::lock_guard lock(mutex_);
    discarded_.push_back(std::move(generation));
  }
  wake_.notify_all();
}

CheckpointReport Checkpointer::report() {
  event_.drain();
  const std::lock_guard lock(mutex_);
  return report_;
}

void Checkpointer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || at_hand_ != nullptr || !discarded_.empty(); });
    if (stopping_) return;
    free_discarded(lock);
    if (at_hand_ && !move(lock)) return;
  }
}

void Checkpointer::free_discarded(std::unique_lock<std::mutex>& lock) {
  std::vector<GenerationPtr> generations = std::exchange(discarded_, {});
  lock.unlock();
  generations.clear();
  lock.lock();
}

// Returns false when the thread shall end.
bool Checkpointer::move(std::unique_lock<std::mutex>& lock) {
  GenerationWriter writer(env_, *at_hand_);
  while (!writer.done()) {
    lock.unlock();
    const SteadyClock::time_point began = SteadyClock::now();
    const int code = full_or_broken(writer.write_some(), env_.dir);
    const Duration worked = SteadyClock::now() - began;
    progress_ =
        static_cast<double>(writer.moved()) / static_cast<double>(std::max<std::size_t>(at_hand_->entries.size(), 1));
    lock.lock();
    if (code != 0) {
      note_failure(code);
      if (!lmdb_can_retry(code)) return false;
      wake_.wait_for(lock, retry_, [this] { return stopping_; });
    } else if (!writer.done()) {
      note_success();
      rest(lock, worked);
    }
    if (stopping_) return false;
  }
  note_success();
  report_.through = at_hand_->through;
  at_hand_.reset();
  event_.signal();
  return true;
}

void Checkpointer::rest(std::unique_lock<std::mutex>& lock, Duration worked) {
  const double share = kRestShare * std::clamp(1 - pressure_, 0.0, 1.0);
  const auto pause = std::chrono::duration_cast<Duration>(worked * share);
  wake_.wait_for(lock, std::min<Duration>(pause, kRestMax), [this] { return stopping_; });
}

void Checkpointer::note_success() {
  if (report_.trouble) event_.signal();
  report_.trouble.reset();
}

void Checkpointer::note_failure(int code) {
  Error trouble = sentence(env_, code);
  const bool changed = report_.trouble != trouble;
  report_.trouble = std::move(trouble);
  if (!lmdb_can_retry(code)) report_.fatal = fatal_sentence(env_, code);
  if (changed || !report_.fatal.empty()) event_.signal();
}

}  // namespace shoal
