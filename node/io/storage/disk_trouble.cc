#include "node/io/storage/disk_trouble.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <system_error>

namespace shoal {
namespace {

constexpr std::uint64_t kNearlyFullBytes = std::uint64_t{4} << 20;

}  // namespace

Errc disk_errc(int code) { return code == ENOSPC || code == EDQUOT || code == EFBIG ? Errc::no_space : Errc::io; }

int full_or_broken(int code, const std::filesystem::path& dir) {
  struct statvfs disk {};
  if (code != EIO || ::statvfs(dir.c_str(), &disk) != 0) return code;
  return std::uint64_t{disk.f_bavail} * disk.f_frsize < kNearlyFullBytes ? ENOSPC : code;
}

Error disk_trouble(int code, const std::filesystem::path& dir) {
  const std::string why = std::generic_category().message(code);
  if (disk_errc(code) == Errc::no_space)
    return fail(Errc::no_space, "the disk takes no more (" + why + ") in " + dir.string() +
                                    ": free some space; until then the node refuses writes and serves reads");
  return fail(Errc::io, "the disk fails to save (" + why + ") in " + dir.string() +
                            ": the node keeps trying; until then it refuses writes and serves reads");
}

}  // namespace shoal
