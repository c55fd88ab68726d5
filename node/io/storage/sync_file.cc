#include "node/io/storage/sync_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "node/io/storage/disk_trouble.h"
#include "node/io/unique_fd.h"

namespace shoal {
namespace {

constexpr std::size_t kCompareBytes = std::size_t{1} << 20;

Error io_error(const char* what, const std::filesystem::path& path) {
  const int code = errno;
  return fail(disk_errc(code),
              std::string("cannot ") + what + " " + path.string() + ": " + std::generic_category().message(code));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno != EINTR) return false;
    if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// Fewer bytes than `size` only at the end of the file.
Result<std::string> read_at(int fd, const std::filesystem::path& path, std::size_t offset, std::size_t size) {
  std::string out(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::pread(fd, out.data() + filled, size - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("read", path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  out.resize(filled);
  return out;
}

}  // namespace

Status sync_directory(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir.empty() ? std::filesystem::path(".") : dir;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return io_error("open", path);
  // Some file systems cannot sync a folder, and say so: they need not.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return io_error("sync", path);
  return Unit{};
}

Status sync_file(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return io_error("open", file);
  if (::fsync(fd.get()) != 0) return io_error("sync", file);
  return Unit{};
}

Status verify_copy(const std::filesystem::path& original, const std::filesystem::path& copy) {
  const UniqueFd from(::open(original.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from.valid()) return io_error("read", original);
  const UniqueFd to(::open(copy.c_str(), O_RDONLY | O_CLOEXEC));
  if (!to.valid()) return io_error("read", copy);
  ::posix_fadvise(to.get(), 0, 0, POSIX_FADV_DONTNEED);
  for (std::size_t offset = 0;; offset += kCompareBytes) {
    const Result<std::string> wanted = read_at(from.get(), original, offset, kCompareBytes);
    if (!wanted) return wanted.error();
    const Result<std::string> got = read_at(to.get(), copy, offset, kCompareBytes);
    if (!got) return got.error();
    if (*wanted != *got)
      return fail(Errc::corrupt, copy.string() + " is not what was copied from " + original.string() +
                                     ": one of the two disks returns other bytes than it was given");
    if (wanted->size() < kCompareBytes) return Unit{};
  }
}

Status write_durably(const std::filesystem::path& file, std::string_view bytes) {
  std::filesystem::path draft = file;
  draft += ".new";
  const UniqueFd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return io_error("create", draft);
  if (!write_all(fd.get(), bytes)) return io_error("write", draft);
  if (::fsync(fd.get()) != 0) return io_error("sync", draft);
  if (::rename(draft.c_str(), file.c_str()) != 0) return io_error("replace", file);
  return sync_directory(file.parent_path());
}

Result<std::string> read_small(const std::filesystem::path& file, std::size_t bytes_max) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return fail(Errc::not_found, file.string() + " does not exist");
  if (!fd.valid()) return io_error("read", file);
  std::string out(bytes_max + 1, '\0');
  const ssize_t got = ::pread(fd.get(), out.data(), out.size(), 0);
  if (got < 0) return io_error("read", file);
  if (static_cast<std::size_t>(got) > bytes_max) return fail(Errc::too_large, file.string() + " is too large");
  out.resize(static_cast<std::size_t>(got));
  return out;
}

}  // namespace shoal
