#include "node/io/storage/log_segment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "node/base/bytes.h"
#include "node/base/check.h"
#include "node/io/storage/sync_file.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigits = 16;

std::string digits(std::uint64_t number) {
  std::string bytes;
  append_u64(bytes, number);
  return to_hex(bytes);
}

int write_at(int fd, std::size_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return put < 0 ? errno : EIO;
    bytes.remove_prefix(static_cast<std::size_t>(put));
    offset += static_cast<std::size_t>(put);
  }
  return 0;
}

int sync_of(int fd) { return ::fdatasync(fd) == 0 ? 0 : errno; }

// A file that has its blocks already: to sync what is written into it costs no change of the file system's own.
int open_file(const fs::path& file, std::size_t bytes, UniqueFd& out) {
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return errno;
  out = std::move(fd);
  return ::posix_fallocate(out.get(), 0, static_cast<off_t>(bytes));
}

}  // namespace

fs::path segment_path(const fs::path& dir, std::uint64_t number) { return dir / (digits(number) + ".log"); }
fs::path spare_path(const fs::path& dir, std::uint64_t number) { return dir / (digits(number) + ".spare"); }

std::optional<std::uint64_t> file_number(const fs::path& file) {
  const std::string stem = file.stem().string();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), number, 16);
  const bool whole = error == std::errc() && end == stem.data() + stem.size() && stem.size() == kDigits;
  return whole ? std::optional(number) : std::nullopt;
}

Result<LogFiles> list_log_files(const fs::path& dir) {
  LogFiles files;
  std::error_code code;
  for (fs::directory_iterator it(dir, code), end; !code && it != end; it.increment(code)) {
    const fs::path& file = it->path();
    const std::optional<std::uint64_t> number = file_number(file);
    if (number && file.extension() == ".log") files.segments.push_back(*number);
    if (number && file.extension() == ".spare") files.spares.push_back(file);
  }
  if (code) return fail(Errc::io, "cannot read " + dir.string() + ": " + code.message());
  std::ranges::sort(files.segments);
  std::ranges::sort(files.spares);
  return files;
}

int LogSegment::begin(const fs::path& dir, const SegmentHeader& header, const std::vector<std::string_view>& frames,
                      const std::optional<fs::path>& spare, std::optional<LogSegment>& out) {
  const fs::path draft = spare ? *spare : spare_path(dir, header.number);
  const fs::path file = segment_path(dir, header.number);
  UniqueFd fd;
  int code = open_file(draft, header.bytes, fd);
  LogSegment segment(std::move(fd), header);
  if (code == 0) code = write_at(segment.fd_.get(), 0, encode_segment_header(header));
  for (auto frame = frames.begin(); code == 0 && frame != frames.end(); ++frame) code = segment.append(*frame);
  if (code == 0) code = segment.sync();
  if (code == 0) code = ::rename(draft.c_str(), file.c_str()) == 0 ? 0 : errno;
  if (code != 0) return ::unlink(draft.c_str()), code;  // a full disk has no room for half a segment
  if (const Status named = sync_directory(dir); !named) return ::unlink(file.c_str()), EIO;
  out = std::move(segment);
  return 0;
}

int LogSegment::append(std::string_view frame) {
  SHOAL_CHECK(frame.size() <= room());
  const std::size_t offset = end_;
  end_ += frame.size();
  return write_at(fd_.get(), offset, frame);
}

int LogSegment::sync() const { return sync_of(fd_.get()); }

}  // namespace shoal
