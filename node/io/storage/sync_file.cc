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

}  // namespace

Status sync_directory(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir.empty() ? std::filesystem::path(".") : dir;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return io_error("open", path);
  // Some file systems cannot sync a folder, and say so: they need not.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return io_error("sync", path);
  return Unit{};
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
