// The system calls that this test program defines itself: to the FaultyDisk that lives, else to the kernel.
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

#include "tests/io/faulty_disk.h"

namespace shoal::test::real {

int open(const char* path, int flags, mode_t mode) {
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
int mkdir(const char* path, mode_t mode) { return static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode)); }
ssize_t pread(int fd, void* bytes, std::size_t size, off_t offset) {
  return ::syscall(SYS_pread64, fd, bytes, size, offset);
}
ssize_t read(int fd, void* bytes, std::size_t size) { return ::syscall(SYS_read, fd, bytes, size); }
ssize_t pwrite(int fd, const void* bytes, std::size_t size, off_t offset) {
  return ::syscall(SYS_pwrite64, fd, bytes, size, offset);
}
ssize_t write(int fd, const void* bytes, std::size_t size) { return ::syscall(SYS_write, fd, bytes, size); }
ssize_t writev(int fd, const iovec* parts, int count) { return ::syscall(SYS_writev, fd, parts, count); }
int posix_fallocate(int fd, off_t offset, off_t length) {
  return ::syscall(SYS_fallocate, fd, 0, offset, length) == 0 ? 0 : errno;
}
int fdatasync(int fd) { return static_cast<int>(::syscall(SYS_fdatasync, fd)); }
int fsync(int fd) { return static_cast<int>(::syscall(SYS_fsync, fd)); }
int rename(const char* from, const char* to) {
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int unlink(const char* path) { return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0)); }

}  // namespace shoal::test::real

namespace {

namespace real = shoal::test::real;
using shoal::test::active_disk;
using shoal::test::FaultyDisk;

// At the file's own position, which is moved on; pipes and the like have none.
ssize_t write_here(int fd, std::string_view bytes, ssize_t (*otherwise)(int, std::string_view)) {
  FaultyDisk* disk = active_disk();
  const off_t offset = disk == nullptr ? -1 : ::lseek(fd, 0, SEEK_CUR);
  if (offset < 0) return otherwise(fd, bytes);
  const ssize_t put = disk->on_write(fd, bytes, offset);
  if (put > 0) ::lseek(fd, offset + put, SEEK_SET);
  return put;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  FaultyDisk* disk = active_disk();
  return disk == nullptr ? real::open(path, flags, mode) : disk->on_open(path, flags, mode);
}

int mkdir(const char* path, mode_t mode) noexcept {
  FaultyDisk* disk = active_disk();
  return disk == nullptr ? real::mkdir(path, mode) : disk->on_make_folder(path, mode);
}

ssize_t pread(int fd, void* bytes, size_t size, off_t offset) {
  FaultyDisk* disk = active_disk();
  const auto read = [&] { return real::pread(fd, bytes, size, offset); };
  return disk == nullptr ? read() : disk->on_read(fd, read);
}

ssize_t read(int fd, void* bytes, size_t size) {
  FaultyDisk* disk = active_disk();
  const auto read = [&] { return real::read(fd, bytes, size); };
  return disk == nullptr ? read() : disk->on_read(fd, read);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  FaultyDisk* disk = active_disk();
  if (disk == nullptr) return real::pwrite(fd, bytes, size, offset);
  return disk->on_write(fd, {static_cast<const char*>(bytes), size}, offset);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  return write_here(fd, {static_cast<const char*>(bytes), size},
                    [](int to, std::string_view all) { return real::write(to, all.data(), all.size()); });
}

ssize_t writev(int fd, const iovec* parts, int count) {
  if (active_disk() == nullptr) return real::writev(fd, parts, count);
  std::string whole;
  for (int i = 0; i < count; ++i) whole.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return write_here(fd, whole, [](int to, std::string_view all) { return real::write(to, all.data(), all.size()); });
}

int posix_fallocate(int fd, off_t offset, off_t length) {
  FaultyDisk* disk = active_disk();
  return disk == nullptr ? real::posix_fallocate(fd, offset, length) : disk->on_allocate(fd, offset + length);
}

int fdatasync(int fd) {
  FaultyDisk* disk = active_disk();
  return disk == nullptr ? real::fdatasync(fd) : disk->on_sync(fd);
}

int fsync(int fd) {
  FaultyDisk* disk = active_disk();
  return disk == nullptr ? real::fsync(fd) : disk->on_folder_sync(fd);
}

int rename(const char* from, const char* to) noexcept {
  FaultyDisk* disk = active_disk();
  return disk == nullptr ? real::rename(from, to) : disk->on_rename(from, to);
}

int unlink(const char* path) noexcept {
  FaultyDisk* disk = active_disk();
  return disk == nullptr ? real::unlink(path) : disk->on_unlink(path);
}

}  // extern "C"
