// LogSegment: a file of the commit log.
//
//   DIR/0000000000000007.log     a segment, by its number in hexadecimal
//   DIR/0000000000000003.spare   one that is not needed any more, or was made ahead: its blocks wait for the next
//   segment
//
// A spare becomes a segment in an order that a crash may interrupt anywhere: new header and first frames, sync, new
// name, sync of the folder. Whoever finds a .log whose header does not fit its name finds a spare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/io/storage/log_frame.h"
#include "node/io/unique_fd.h"

namespace shoal {

std::filesystem::path segment_path(const std::filesystem::path& dir, std::uint64_t number);
std::filesystem::path spare_path(const std::filesystem::path& dir, std::uint64_t number);

// The number in a file's name; absent in names of other files.
std::optional<std::uint64_t> file_number(const std::filesystem::path& file);

struct LogFiles {
  std::vector<std::uint64_t> segments;  // ascending
  std::vector<std::filesystem::path> spares;
};
// Errc::io when the folder cannot be read. Files with other names are left alone.
Result<LogFiles> list_log_files(const std::filesystem::path& dir);

class LogSegment {
 public:
  // A new file, or `spare`, of the header's bytes. It holds the frames, on the disk, when it gets its name. 0 or errno.
  // Precondition: there is room.
  static int begin(const std::filesystem::path& dir, const SegmentHeader& header,
                   const std::vector<std::string_view>& frames, const std::optional<std::filesystem::path>& spare,
                   std::optional<LogSegment>& out);

  [[nodiscard]] const SegmentHeader& header() const { return header_; }
  [[nodiscard]] std::size_t room() const { return header_.bytes - end_; }

  // Behind what was appended before; on the disk after the next sync(). 0 or errno; after one, the segment is done.
  // Precondition: there is room.
  int append(std::string_view frame);
  [[nodiscard]] int sync() const;

 private:
  LogSegment(UniqueFd fd, const SegmentHeader& header) : fd_(std::move(fd)), header_(header) {}

  UniqueFd fd_;
  SegmentHeader header_;
  std::size_t end_ = kLogBlock;
};

}  // namespace shoal
