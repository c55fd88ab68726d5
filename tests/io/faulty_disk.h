// FaultyDisk: stands between the store and the kernel in this test program.
//
// The program defines fdatasync, pwrite and writev itself, so that the log and LMDB call them here instead of in libc.
// While a FaultyDisk lives they do as it says: fail, wait, write less, or remember; of fsync, rename and unlink it
// remembers what they did. Without one all pass through. It has to live longer than the store that it watches.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::test {

// What reached the disk's queue, in order.
struct DiskOp {
  // head: a write that is synced by itself; sync: of a file's bytes, or of a folder's names
  enum class Kind { write, head, sync, rename, unlink };
  Kind kind;
  ino_t file = 0;    // absent for rename and unlink
  std::string path;  // of the file or folder, when it was touched
  std::string to;    // of a rename
  off_t offset = 0;
  std::string bytes;
  bool failed = false;  // the caller was told so; some of it may have reached the disk all the same
};

class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // Each holds until heal(); the number is an errno.
  void fail_syncs(int code);
  void fail_writes(int code);
  void fail_heads(int code);
  void cut_writes_short();
  void heal();

  // Syncs wait until released. wait_until_held: until one does.
  void hold_syncs();
  void wait_until_held();
  void release_syncs();

  [[nodiscard]] int syncs();
  [[nodiscard]] std::size_t op_count();
  [[nodiscard]] std::vector<DiskOp> ops();

  // What the program's own system calls ask.
  int on_sync(int fd);
  int on_folder_sync(int fd);
  int on_rename(const char* from, const char* to);
  int on_unlink(const char* path);
  ssize_t on_write(int fd, std::string_view bytes, off_t offset);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<int> sync_fault_;
  std::optional<int> write_fault_;
  std::optional<int> head_fault_;
  bool short_writes_ = false;
  bool holding_ = false;
  int held_ = 0;
  int syncs_ = 0;
  std::vector<DiskOp> ops_;
};

}  // namespace shoal::test
