#include "tests/io/faulty_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>

#include "node/base/check.h"

namespace {

std::atomic<shoal::test::FaultyDisk*> active_disk{nullptr};

int real_sync(int fd) { return static_cast<int>(::syscall(SYS_fdatasync, fd)); }
ssize_t real_write(int fd, const void* bytes, std::size_t size, off_t offset) {
  return ::syscall(SYS_pwrite64, fd, bytes, size, offset);
}

int real_folder_sync(int fd) { return static_cast<int>(::syscall(SYS_fsync, fd)); }
int real_rename(const char* from, const char* to) {
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int real_unlink(const char* path) { return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0)); }

ino_t file_of(int fd) {
  struct stat found {};
  return ::fstat(fd, &found) == 0 ? found.st_ino : 0;
}
std::string path_of(int fd) {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored).string();
}

}  // namespace

extern "C" {

int fdatasync(int fd) {
  shoal::test::FaultyDisk* disk = active_disk.load();
  return disk == nullptr ? real_sync(fd) : disk->on_sync(fd);
}

int fsync(int fd) {
  shoal::test::FaultyDisk* disk = active_disk.load();
  return disk == nullptr ? real_folder_sync(fd) : disk->on_folder_sync(fd);
}

int rename(const char* from, const char* to) noexcept {
  shoal::test::FaultyDisk* disk = active_disk.load();
  return disk == nullptr ? real_rename(from, to) : disk->on_rename(from, to);
}

int unlink(const char* path) noexcept {
  shoal::test::FaultyDisk* disk = active_disk.load();
  return disk == nullptr ? real_unlink(path) : disk->on_unlink(path);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  shoal::test::FaultyDisk* disk = active_disk.load();
  if (disk == nullptr) return real_write(fd, bytes, size, offset);
  return disk->on_write(fd, {static_cast<const char*>(bytes), size}, offset);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  shoal::test::FaultyDisk* disk = active_disk.load();
  const off_t offset = disk == nullptr ? -1 : ::lseek(fd, 0, SEEK_CUR);
  if (offset < 0) return ::syscall(SYS_writev, fd, parts, count);
  std::string whole;
  for (int i = 0; i < count; ++i) whole.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return disk->on_write(fd, whole, offset);
}

}  // extern "C"

namespace shoal::test {

FaultyDisk::FaultyDisk() { SHOAL_CHECK(active_disk.exchange(this) == nullptr); }
FaultyDisk::~FaultyDisk() { active_disk = nullptr; }

void FaultyDisk::fail_syncs(int code) {
  const std::lock_guard lock(mutex_);
  sync_fault_ = code;
}

void FaultyDisk::fail_writes(int code) {
  const std::lock_guard lock(mutex_);
  write_fault_ = code;
}

void FaultyDisk::fail_heads(int code) {
  const std::lock_guard lock(mutex_);
  head_fault_ = code;
}

void FaultyDisk::cut_writes_short() {
  const std::lock_guard lock(mutex_);
  short_writes_ = true;
}

void FaultyDisk::heal() {
  const std::lock_guard lock(mutex_);
  sync_fault_.reset();
  write_fault_.reset();
  head_fault_.reset();
  short_writes_ = false;
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

int FaultyDisk::on_sync(int fd) {
  std::unique_lock lock(mutex_);
  ++held_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !holding_; });
  --held_;
  ops_.push_back({.kind = DiskOp::Kind::sync,
                  .file = file_of(fd),
                  .path = path_of(fd),
                  .to = {},
                  .bytes = {},
                  .failed = sync_fault_.has_value()});
  if (sync_fault_) return errno = *sync_fault_, -1;
  ++syncs_;
  return real_sync(fd);
}

int FaultyDisk::on_folder_sync(int fd) {
  const std::lock_guard lock(mutex_);
  ops_.push_back({.kind = DiskOp::Kind::sync, .file = file_of(fd), .path = path_of(fd), .to = {}, .bytes = {}});
  return real_folder_sync(fd);
}

int FaultyDisk::on_rename(const char* from, const char* to) {
  const std::lock_guard lock(mutex_);
  ops_.push_back({.kind = DiskOp::Kind::rename, .path = from, .to = to, .bytes = {}});
  return real_rename(from, to);
}

int FaultyDisk::on_unlink(const char* path) {
  const std::lock_guard lock(mutex_);
  ops_.push_back({.kind = DiskOp::Kind::unlink, .path = path, .to = {}, .bytes = {}});
  return real_unlink(path);
}

ssize_t FaultyDisk::on_write(int fd, std::string_view bytes, off_t offset) {
  const std::lock_guard lock(mutex_);
  const bool head = (::fcntl(fd, F_GETFL) & O_DSYNC) != 0;
  const std::optional<int> fault = head ? head_fault_ : write_fault_;
  if (short_writes_ && !head) bytes = bytes.substr(0, bytes.size() / 2);
  ops_.push_back({.kind = head ? DiskOp::Kind::head : DiskOp::Kind::write,
                  .file = file_of(fd),
                  .path = path_of(fd),
                  .to = {},
                  .offset = offset,
                  .bytes = std::string(bytes),
                  .failed = fault.has_value()});
  if (fault) return errno = *fault, -1;
  return real_write(fd, bytes.data(), bytes.size(), offset);
}

}  // namespace shoal::test
