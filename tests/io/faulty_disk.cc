#include "tests/io/faulty_disk.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "node/base/check.h"

namespace shoal::test {
namespace {

std::atomic<FaultyDisk*> active{nullptr};

ino_t file_of(int fd) {
  struct stat found {};
  return ::fstat(fd, &found) == 0 ? found.st_ino : 0;
}
std::string path_of(int fd) {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored).string();
}
bool exists(const char* path) { return ::access(path, F_OK) == 0; }

}  // namespace

FaultyDisk* active_disk() { return active.load(); }

FaultyDisk::FaultyDisk(std::filesystem::path only) : only_(std::move(only)) {
  SHOAL_CHECK(active.exchange(this) == nullptr);
}
FaultyDisk::~FaultyDisk() { active = nullptr; }

void FaultyDisk::fail(DiskCall call, int code) {
  const std::lock_guard lock(mutex_);
  faults_[call] = code;
}

void FaultyDisk::cut_writes_short() {
  const std::lock_guard lock(mutex_);
  short_writes_ = true;
}

void FaultyDisk::heal() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
  short_writes_ = false;
  fail_until_ = 0;
}

void FaultyDisk::fail_calls(std::size_t pass, std::size_t count, int code) {
  const std::lock_guard lock(mutex_);
  fail_from_ = calls_ + pass;
  fail_until_ = fail_from_ + count;
  call_fault_ = code;
}

std::multiset<DiskCall> FaultyDisk::struck() {
  const std::lock_guard lock(mutex_);
  return struck_;
}

std::size_t FaultyDisk::calls() {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void FaultyDisk::wait_for_calls(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this, until = calls_ + count] { return calls_ >= until; });
}

void FaultyDisk::hold_syncs() {
  const std::lock_guard lock(mutex_);
  holding_ = true;
}

void FaultyDisk::wait_until_held() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return held_ > 0; });
}

void FaultyDisk::release_syncs() {
  const std::lock_guard lock(mutex_);
  holding_ = false;
  changed_.notify_all();
}

int FaultyDisk::syncs() {
  const std::lock_guard lock(mutex_);
  return syncs_;
}

std::size_t FaultyDisk::op_count() {
  const std::lock_guard lock(mutex_);
  return ops_.size();
}

std::vector<DiskOp> FaultyDisk::ops() {
  const std::lock_guard lock(mutex_);
  return ops_;
}

// ---- the calls ------------------------------------------------------------------------------------------------------

bool FaultyDisk::is_ours(std::string_view path) const { return path.starts_with(only_); }

// Counts the call.
std::optional<int> FaultyDisk::fault_of(DiskCall call) {
  const std::size_t number = calls_++;
  changed_.notify_all();
  if (number >= fail_from_ && number < fail_until_) return struck_.insert(call), call_fault_;
  const auto fault = faults_.find(call);
  return fault == faults_.end() ? std::nullopt : std::optional(fault->second);
}

// What fails for good leaves no trace, but may have reached the disk.
int FaultyDisk::done(DiskOp op, std::optional<int> fault, const std::function<int()>& real) {
  op.failed = fault.has_value();
  ops_.push_back(std::move(op));
  if (fault) return errno = *fault, -1;
  return real();
}

int FaultyDisk::on_open(const char* path, int flags, mode_t mode) {
  if (!is_ours(path)) return real::open(path, flags, mode);
  const std::lock_guard lock(mutex_);
  const bool created = (flags & O_CREAT) != 0 && !exists(path);
  const std::optional<int> fault = fault_of(created ? DiskCall::create : DiskCall::open);
  if (fault) return errno = *fault, -1;
  const int fd = real::open(path, flags, mode);
  if (fd >= 0 && created)
    ops_.push_back({.kind = DiskOp::Kind::create, .file = file_of(fd), .path = path, .to = {}, .bytes = {}});
  return fd;
}

int FaultyDisk::on_make_folder(const char* path, mode_t mode) {
  if (!is_ours(path) || exists(path)) return real::mkdir(path, mode);
  const std::lock_guard lock(mutex_);
  if (const std::optional<int> fault = fault_of(DiskCall::make_folder)) return errno = *fault, -1;
  ops_.push_back({.kind = DiskOp::Kind::make_folder, .path = path, .to = {}, .bytes = {}});
  return real::mkdir(path, mode);
}

ssize_t FaultyDisk::on_read(int fd, const std::function<ssize_t()>& read) {
  if (!is_ours(path_of(fd))) return read();
  const std::lock_guard lock(mutex_);
  if (const std::optional<int> fault = fault_of(DiskCall::read)) return errno = *fault, -1;
  return read();
}

ssize_t FaultyDisk::on_write(int fd, std::string_view bytes, off_t offset) {
  const std::string path = path_of(fd);
  if (!is_ours(path)) return real::pwrite(fd, bytes.data(), bytes.size(), offset);
  const std::lock_guard lock(mutex_);
  const bool head = (::fcntl(fd, F_GETFL) & O_DSYNC) != 0;
  const std::optional<int> fault = fault_of(head ? DiskCall::head_write : DiskCall::write);
  if (short_writes_ && !head) bytes = bytes.substr(0, bytes.size() / 2);
  ops_.push_back({.kind = head ? DiskOp::Kind::head : DiskOp::Kind::write,
                  .file = file_of(fd),
                  .path = path,
                  .to = {},
                  .offset = offset,
                  .bytes = std::string(bytes),
                  .failed = fault.has_value()});
  if (fault) return errno = *fault, -1;
  return real::pwrite(fd, bytes.data(), bytes.size(), offset);
}

int FaultyDisk::on_allocate(int fd, off_t end) {
  const std::string path = path_of(fd);
  if (!is_ours(path)) return real::posix_fallocate(fd, 0, end);
  const std::lock_guard lock(mutex_);
  const DiskOp op{
      .kind = DiskOp::Kind::allocate, .file = file_of(fd), .path = path, .to = {}, .offset = end, .bytes = {}};
  const std::optional<int> fault = fault_of(DiskCall::allocate);
  if (fault) return *fault;
  return done(op, fault, [&] { return real::posix_fallocate(fd, 0, end); });
}

int FaultyDisk::on_sync(int fd) {
  const std::string path = path_of(fd);
  if (!is_ours(path)) return real::fdatasync(fd);
  std::unique_lock lock(mutex_);
  ++held_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !holding_; });
  --held_;
  const std::optional<int> fault = fault_of(DiskCall::sync);
  if (!fault) ++syncs_;
  return done({.kind = DiskOp::Kind::sync, .file = file_of(fd), .path = path, .to = {}, .bytes = {}}, fault,
              [fd] { return real::fdatasync(fd); });
}

int FaultyDisk::on_folder_sync(int fd) {
  const std::string path = path_of(fd);
  if (!is_ours(path)) return real::fsync(fd);
  const std::lock_guard lock(mutex_);
  return done({.kind = DiskOp::Kind::sync, .file = file_of(fd), .path = path, .to = {}, .bytes = {}},
              fault_of(DiskCall::folder_sync), [fd] { return real::fsync(fd); });
}

int FaultyDisk::on_rename(const char* from, const char* to) {
  if (!is_ours(from)) return real::rename(from, to);
  const std::lock_guard lock(mutex_);
  if (const std::optional<int> fault = fault_of(DiskCall::rename)) return errno = *fault, -1;
  return done({.kind = DiskOp::Kind::rename, .path = from, .to = to, .bytes = {}}, {},
              [&] { return real::rename(from, to); });
}

int FaultyDisk::on_unlink(const char* path) {
  if (!is_ours(path)) return real::unlink(path);
  const std::lock_guard lock(mutex_);
  if (const std::optional<int> fault = fault_of(DiskCall::unlink)) return errno = *fault, -1;
  return done({.kind = DiskOp::Kind::unlink, .path = path, .to = {}, .bytes = {}}, {},
              [&] { return real::unlink(path); });
}

}  // namespace shoal::test
