#include "node/io/storage/spare_segments.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "node/io/storage/log_segment.h"
#include "node/io/storage/quiet_thread.h"
#include "node/io/unique_fd.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kSliceBytes = std::size_t{1} << 20;  // synced at once: the log's syncs wait behind it
constexpr std::uint64_t kFreeSegmentsMin = 8;              // of the disk

// How far the file's blocks have been written; a file system that cannot tell says: all of it.
std::size_t written_bytes(int fd, std::size_t bytes) {
  const off_t hole = ::lseek(fd, 0, SEEK_HOLE);
  return hole < 0 ? bytes : std::min(static_cast<std::size_t>(hole), bytes);
}

bool is_roomy(const fs::path& dir, std::size_t segment_bytes) {
  struct statvfs disk {};
  return ::statvfs(dir.c_str(), &disk) == 0 &&
         std::uint64_t{disk.f_bavail} * disk.f_frsize >= kFreeSegmentsMin * segment_bytes;
}

// Of what is found, after the log was made smaller, what fits; the others are removed. A shorter file will grow.
std::deque<fs::path> keep_fitting(const std::vector<fs::path>& found, const SpareSegments::Options& options) {
  std::deque<fs::path> kept;
  for (const fs::path& file : found) {
    std::error_code error;
    const bool fits = fs::file_size(file, error) <= options.segment_bytes && !error;
    if (fits && kept.size() < std::max(options.spares_max, options.ahead))
      kept.push_back(file);
    else
      ::unlink(file.c_str());
  }
  return kept;
}

}  // namespace

SpareSegments::SpareSegments(const Options& options, const std::vector<fs::path>& found, std::uint64_t next_number)
    : options_(options), others_(keep_fitting(found, options)), next_number_(next_number) {
  if (options_.ahead > 0) thread_ = quiet_thread([this] { run(); });
}

SpareSegments::~SpareSegments() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::uint64_t SpareSegments::draw_number() {
  const std::lock_guard lock(mutex_);
  return next_number_++;
}

std::optional<fs::path> SpareSegments::take() {
  const std::lock_guard lock(mutex_);
  std::deque<fs::path>& stock = filled_.empty() ? others_ : filled_;
  if (stock.empty()) return std::nullopt;
  fs::path file = std::move(stock.back());
  stock.pop_back();
  wake_.notify_all();
  return file;
}

void SpareSegments::give(std::uint64_t number, std::uint64_t bytes) {
  const fs::path file = segment_path(options_.dir, number);
  const fs::path spare = spare_path(options_.dir, number);
  const std::lock_guard lock(mutex_);
  const bool keep = filled_.size() + others_.size() < options_.spares_max && bytes == options_.segment_bytes;
  if (keep && ::rename(file.c_str(), spare.c_str()) == 0) {
    others_.push_back(spare);
    wake_.notify_all();
  } else {
    ::unlink(file.c_str());
  }
}

void SpareSegments::run() {
  while (true) {
    fs::path file;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || work_to_do(); });
      if (stopping_) return;
      file = pick();
    }
    const bool filled = !file.empty() && fill(file);
    if (filled) {
      const std::lock_guard lock(mutex_);
      filled_.push_back(std::move(file));
    } else if (!rest(options_.retry)) {
      return;
    }
  }
}

// A file to fill, a new one when there is no other; empty when the disk has no room to spare.
fs::path SpareSegments::pick() {
  if (!others_.empty()) {
    fs::path file = std::move(others_.back());
    others_.pop_back();
    return file;
  }
  return is_roomy(options_.dir, options_.segment_bytes) ? spare_path(options_.dir, next_number_++) : fs::path();
}

// False: it is gone, or shall be left as it is because we end.
bool SpareSegments::fill(const fs::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  int code = fd.valid() ? ::posix_fallocate(fd.get(), 0, static_cast<off_t>(options_.segment_bytes)) : errno;
  if (code == 0) code = fill_from(fd.get(), written_bytes(fd.get(), options_.segment_bytes));
  if (code != 0 && code != ECANCELED) ::unlink(file.c_str());
  return code == 0;
}

// 0 or errno.
int SpareSegments::fill_from(int fd, std::size_t offset) {
  const std::string zeros(kSliceBytes, '\0');
  while (offset < options_.segment_bytes) {
    const Clock::time_point begun = Clock::now();
    const std::size_t slice = std::min(zeros.size(), options_.segment_bytes - offset);
    const ssize_t put = ::pwrite(fd, zeros.data(), slice, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return put < 0 ? errno : EIO;
    if (::fdatasync(fd) != 0) return errno;
    offset += static_cast<std::size_t>(put);
    if (!rest(Clock::now() - begun)) return ECANCELED;
  }
  return 0;
}

// Returns false when the thread shall end.
bool SpareSegments::rest(Clock::duration pause) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, pause, [this] { return stopping_; });
}

}  // namespace shoal
