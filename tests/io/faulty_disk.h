// FaultyDisk: stands between the store and the kernel in this test program.
//
// The program defines the calls of DiskCall itself (disk_calls.cc), so that the log and LMDB call them here instead of
// in libc. While a FaultyDisk lives they do as it says: fail, wait, write less, and remember. Without one all pass
// through. It has to live longer than the store that it watches.
#pragma once

#include <fcntl.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::test {

// head_write: one that is synced by itself. sync: of a file's bytes; folder_sync: fsync, of names or a small file.
enum class DiskCall {
  open,
  create,
  make_folder,
  read,
  write,
  head_write,
  sync,
  folder_sync,
  allocate,
  rename,
  unlink,
};

// What reached the disk's queue, in order.
struct DiskOp {
  // head: a write that is synced by itself; sync: of a file's bytes, or of a folder's names
  enum class Kind { make_folder, create, allocate, write, head, sync, rename, unlink };
  Kind kind;
  ino_t file = 0;    // absent for make_folder, rename and unlink
  std::string path;  // of the file or folder, when it was touched
  std::string to;    // of a rename
  off_t offset = 0;  // of a write; allocate: the new end
  std::string bytes;
  bool failed = false;  // the caller was told so; some of it may have reached the disk all the same
};

class FaultyDisk {
 public:
  // Looks at what happens in this folder alone.
  explicit FaultyDisk(std::filesystem::path only = "/");
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // Each holds until heal(); the number is an errno.
  void fail(DiskCall call, int code);
  void fail_syncs(int code) { fail(DiskCall::sync, code); }
  void fail_writes(int code) { fail(DiskCall::write, code); }
  void fail_heads(int code) { fail(DiskCall::head_write, code); }
  void cut_writes_short();
  void heal();

  // Of all calls, whatever they are: after `pass` more, `count` fail, and then none any more.
  void fail_calls(std::size_t pass, std::size_t count, int code);
  // Those that failed by it.
  [[nodiscard]] std::multiset<DiskCall> struck();
  [[nodiscard]] std::size_t calls();
  // Until there have been so many more.
  void wait_for_calls(std::size_t count);

  // Syncs wait until released. wait_until_held: until one does.
  void hold_syncs();
  void wait_until_held();
  void release_syncs();

  [[nodiscard]] int syncs();
  [[nodiscard]] std::size_t op_count();
  [[nodiscard]] std::vector<DiskOp> ops();

  // What the program's own system calls ask.
  int on_open(const char* path, int flags, mode_t mode);
  int on_make_folder(const char* path, mode_t mode);
  ssize_t on_read(int fd, const std::function<ssize_t()>& read);
  ssize_t on_write(int fd, std::string_view bytes, off_t offset);
  int on_allocate(int fd, off_t end);
  int on_sync(int fd);
  int on_folder_sync(int fd);
  int on_rename(const char* from, const char* to);
  int on_unlink(const char* path);

 private:
  [[nodiscard]] bool is_ours(std::string_view path) const;
  std::optional<int> fault_of(DiskCall call);
  int done(DiskOp op, std::optional<int> fault, const std::function<int()>& real);

  const std::string only_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<DiskCall, int> faults_;
  bool short_writes_ = false;
  std::size_t calls_ = 0;
  std::size_t fail_from_ = 0;
  std::size_t fail_until_ = 0;
  int call_fault_ = 0;
  std::multiset<DiskCall> struck_;
  bool holding_ = false;
  int held_ = 0;
  int syncs_ = 0;
  std::vector<DiskOp> ops_;
};

// The living one; null: none.
FaultyDisk* active_disk();

// The kernel's own, each as libc's of the same name.
namespace real {
int open(const char* path, int flags, mode_t mode);
int mkdir(const char* path, mode_t mode);
ssize_t pread(int fd, void* bytes, std::size_t size, off_t offset);
ssize_t read(int fd, void* bytes, std::size_t size);
ssize_t pwrite(int fd, const void* bytes, std::size_t size, off_t offset);
ssize_t write(int fd, const void* bytes, std::size_t size);
ssize_t writev(int fd, const iovec* parts, int count);
int posix_fallocate(int fd, off_t offset, off_t length);
int fdatasync(int fd);
int fsync(int fd);
int rename(const char* from, const char* to);
int unlink(const char* path);
}  // namespace real

}  // namespace shoal::test
