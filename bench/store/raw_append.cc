#include "bench/store/raw_append.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "node/io/unique_fd.h"

namespace shoal {
namespace {

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kFileBytes = std::size_t{256} << 20;

Error failed(const char* what) {
  return fail(Errc::io, std::string("cannot ") + what + " a file: " + std::generic_category().message(errno));
}

bool put_at(int fd, std::size_t offset, const std::string& bytes) {
  return ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes.size());
}

Status prepare(int fd, bool written) {
  if (const int code = ::posix_fallocate(fd, 0, kFileBytes); code != 0) return errno = code, failed("allocate");
  const std::string zeros(std::size_t{1} << 20, '\0');
  for (std::size_t offset = 0; written && offset < kFileBytes; offset += zeros.size())
    if (!put_at(fd, offset, zeros)) return failed("fill");
  return ::fsync(fd) == 0 ? Status(Unit{}) : Status(failed("sync"));
}

}  // namespace

Result<double> raw_append_rate(const std::filesystem::path& dir, bool written, std::chrono::duration<double> duration) {
  using Clock = std::chrono::steady_clock;
  const std::filesystem::path file = dir / "raw";
  const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return failed("create");
  ::unlink(file.c_str());
  if (const Status prepared = prepare(fd.get(), written); !prepared) return prepared.error();
  const std::string block(kBlock, 'x');
  const Clock::time_point begun = Clock::now();
  std::chrono::duration<double> spent{0};
  std::size_t syncs = 0;
  // Blocks that are only allocated can be used once: then it ends sooner.
  while (spent < duration && (written || syncs < kFileBytes / kBlock)) {
    if (!put_at(fd.get(), syncs * kBlock % kFileBytes, block)) return failed("write");
    if (::fdatasync(fd.get()) != 0) return failed("sync");
    ++syncs;
    spent = Clock::now() - begun;
  }
  return static_cast<double>(syncs) / spent.count();
}

}  // namespace shoal
