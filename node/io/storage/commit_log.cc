#include "node/io/storage/commit_log.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "node/base/check.h"
#include "node/io/random.h"
#include "node/io/storage/disk_trouble.h"
#include "node/io/storage/quiet_thread.h"

namespace shoal {
namespace {

constexpr std::size_t kUnsyncedBytesMax = std::size_t{16} << 20;  // they are held in memory until they are synced

}  // namespace

Result<std::unique_ptr<CommitLog>> CommitLog::open(const Options& options, RecoveredLog found) {
  std::unique_ptr<CommitLog> log(new CommitLog(options, std::move(found)));
  if (const Status started = log->start(); !started) return started.error();
  return log;
}

CommitLog::CommitLog(const Options& options, RecoveredLog found)
    : options_(options),
      synced_(found.newest),
      segments_(found.segments.begin(), found.segments.end()),
      spares_({.dir = options.dir,
               .segment_bytes = options.segment_bytes,
               .spares_max = options.spares_max,
               .ahead = options.spares_ahead,
               .retry = options.retry},
              found.spares, found.next_number) {
  if (!found.unproven.empty()) synced_ = CommitId{found.unproven.front().id.value - 1};
  for (const UnprovenCommit& commit : found.unproven) add_unsynced(commit.id, commit.changes);
}

CommitLog::~CommitLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status CommitLog::start() {
  if (const int code = begin_segment()) {
    const Error why = disk_trouble(full_or_broken(code, options_.dir), options_.dir);
    return fail(why.code, "cannot begin a segment of the commit log: " + why.message);
  }
  taken_ = report_.written = report_.durable = synced_;
  thread_ = quiet_thread([this] { run(); });
  return Unit{};
}

void CommitLog::take(LogBatchPtr batch) {
  {
    const std::lock_guard lock(mutex_);
    SHOAL_CHECK(at_hand_ == nullptr && batch->id == CommitId{taken_.value + 1});
    if (ended_) return;
    taken_ = batch->id;
    at_hand_ = std::move(batch);
  }
  wake_.notify_all();
}

void CommitLog::hurry(CommitId id) {
  {
    const std::lock_guard lock(mutex_);
    hurried_ = std::max(hurried_, id);
  }
  wake_.notify_all();
}

void CommitLog::finish() {
  std::unique_lock lock(mutex_);
  finishing_ = true;
  wake_.notify_all();
  done_.wait(lock, [this] { return report_.durable == taken_ || ended_; });
}

void CommitLog::release(CommitId through) {
  const std::lock_guard lock(mutex_);
  while (segments_.size() > 1 && segments_[1].first.value <= through.value + 1) {
    spares_.give(segments_.front().number, segments_.front().bytes);
    segments_.pop_front();
  }
}

std::uint64_t CommitLog::bytes() {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const LiveSegment& segment : segments_) sum += segment.bytes;
  return sum;
}

LogReport CommitLog::report() {
  event_.drain();
  const std::lock_guard lock(mutex_);
  return report_;
}

void CommitLog::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_until(lock, wake_at(), [this] { return stopping_ || at_hand_ != nullptr || sync_due(); });
    if (stopping_ || !save(lock)) break;
  }
  ended_ = true;
  done_.notify_all();
}

CommitLog::Clock::time_point CommitLog::wake_at() const {
  return unsynced_.empty() ? Clock::now() + std::chrono::hours(1) : next_sync_;
}

bool CommitLog::sync_due() const {
  if (unsynced_.empty() && at_hand_ == nullptr) return false;
  const CommitId oldest = unsynced_.empty() ? at_hand_->id : unsynced_.front().id;
  if (options_.sync_every == std::chrono::milliseconds::zero() || finishing_ || oldest <= hurried_) return true;
  return !unsynced_.empty() && (unsynced_bytes_ > kUnsyncedBytesMax || Clock::now() >= next_sync_);
}

// Returns false when the thread shall end.
bool CommitLog::save(std::unique_lock<std::mutex>& lock) {
  const LogBatchPtr batch = at_hand_;
  while (true) {
    const bool last_attempt = finishing_;
    const bool sync = sync_due();
    lock.unlock();
    if (batch) draft(*batch);
    const int code = full_or_broken(write_out(sync), options_.dir);
    lock.lock();
    if (code == 0) break;
    note_failure(code);
    segment_.reset();
    written_ = 0;
    if (last_attempt) return false;
    wake_.wait_for(lock, options_.retry, [this] { return stopping_ || finishing_; });
    if (stopping_) return false;
  }
  if (batch) wait_delay(lock);
  if (at_hand_ == batch) at_hand_.reset();  // another one may have come while only a sync was due
  note_saved();
  return true;
}

void CommitLog::draft(const LogBatch& batch) {
  if (!unsynced_.empty() && unsynced_.back().id == batch.id) return;  // drafted by an earlier attempt
  if (unsynced_.empty()) next_sync_ = Clock::now() + options_.sync_every;
  add_unsynced(batch.id, encode_changes(batch));
}

void CommitLog::add_unsynced(CommitId id, std::string_view changes) {
  unsynced_.push_back({id, draft_frame(id, changes)});
  unsynced_bytes_ += unsynced_.back().frame.size();
}

// 0 or errno.
int CommitLog::write_out(bool sync) {
  if (sync && options_.before_sync)
    if (const int code = options_.before_sync()) return code;
  while (written_ < unsynced_.size()) {
    const std::size_t size = unsynced_[written_].frame.size();
    if (!segment_ || segment_->room() < size) {
      const int code = sync_segment();
      return code == 0 ? begin_segment() : code;
    }
    std::string& frame = unsynced_[written_].frame;
    seal_frame(frame, segment_->header().salt, synced_);
    if (const int code = segment_->append(frame)) return code;
    ++written_;
  }
  return sync ? sync_segment() : 0;
}

// With all of unsynced_, which is synced afterwards. Precondition: nothing of it is in segment_ and counts.
int CommitLog::begin_segment() {
  const std::size_t bytes = std::max(options_.segment_bytes, kLogBlock + unsynced_bytes_);
  const SegmentHeader header{.owner = options_.owner,
                             .number = spares_.draw_number(),
                             .first = {synced_.value + 1},
                             .salt = random_u64(),
                             .bytes = bytes};
  std::vector<std::string_view> frames;
  for (Unsynced& commit : unsynced_) {
    seal_frame(commit.frame, header.salt, synced_);
    frames.push_back(commit.frame);
  }
  const auto spare = bytes == options_.segment_bytes ? spares_.take() : std::nullopt;
  if (const int code = LogSegment::begin(options_.dir, header, frames, spare, segment_)) return code;
  put_in_place({header.number, header.first, bytes});
  written_ = unsynced_.size();
  note_synced();
  return 0;
}

// What earlier lives or attempts left from its first commit on is not needed any more: neither a node that starts often
// nor one whose disk fails for long shall fill its disk.
void CommitLog::put_in_place(const LiveSegment& segment) {
  const std::lock_guard lock(mutex_);
  for (; !segments_.empty() && segments_.back().first >= segment.first; segments_.pop_back())
    spares_.give(segments_.back().number, segments_.back().bytes);
  segments_.push_back(segment);
}

int CommitLog::sync_segment() {
  if (written_ == 0) return 0;
  if (const int code = segment_->sync()) return code;
  note_synced();
  return 0;
}

void CommitLog::note_synced() {
  if (written_ > 0) synced_ = unsynced_[written_ - 1].id;
  for (; written_ > 0; --written_) {
    unsynced_bytes_ -= unsynced_.front().frame.size();
    unsynced_.pop_front();
  }
}

void CommitLog::wait_delay(std::unique_lock<std::mutex>& lock) {
  if (options_.sync_every != std::chrono::milliseconds::zero()) return;
  wake_.wait_for(lock, delay_.load(), [this] { return stopping_ || finishing_; });
}

void CommitLog::note_saved() {
  report_.written = unsynced_.empty() ? synced_ : unsynced_.back().id;
  report_.durable = synced_;
  report_.trouble.reset();
  event_.signal();
  done_.notify_all();
}

void CommitLog::note_failure(int code) {
  Error trouble = disk_trouble(code, options_.dir);
  if (report_.trouble == trouble) return;
  report_.trouble = std::move(trouble);
  event_.signal();
}

}  // namespace shoal
