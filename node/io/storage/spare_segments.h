// SpareSegments: the files that wait to become segments of the commit log.
//
// The idea: a block that was never written costs a commit of the file system's journal when data is first synced into
// it, although the file has the block: a sync takes twice as long, and waits for whatever else the journal waits for.
// So a thread keeps a few files ready whose blocks have been written once, with zeros, and the log begins a segment
// with one of them. Segments that LMDB covers come back and are as good; a log that has been in use for a while lives
// on those, and the thread sleeps.
//
// Only speed depends on it. What a file held before does not count in a segment (log_frame.h, the salt), a file that is
// only half filled will do when there is no other, and when there is none the log makes one itself. So a file that
// cannot be filled, because the disk is full or broken, is removed, and tried again later; it is the log's own writes
// that tell of trouble.
//
// Invariants:
//  (1) A file is handed out once, and not while it is being filled. A file counts as filled when all of it was synced.
//  (2) There are at most `spares_max` files, or `ahead` if that is more, and the one being filled.
//  (3) A nearly full disk is left alone: no files are made ahead.
//
// The log's thread takes; it gives, and so does the store's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace shoal {

class SpareSegments {
 public:
  struct Options {
    std::filesystem::path dir;
    std::size_t segment_bytes = 0;
    std::size_t spares_max = 0;
    std::size_t ahead = 0;  // so many are kept filled; 0: no thread, none is filled
    std::chrono::milliseconds retry{1000};
  };

  // `found`: those of an earlier process, whose log may have been larger; what is too large or too many is removed.
  // `next_number`: neither a segment nor a spare has it, nor a higher one.
  SpareSegments(const Options& options, const std::vector<std::filesystem::path>& found, std::uint64_t next_number);
  // Ends after the write under way.
  ~SpareSegments();
  SpareSegments(const SpareSegments&) = delete;
  SpareSegments& operator=(const SpareSegments&) = delete;

  // A number that no file has had.
  std::uint64_t draw_number();
  // Takes one off the stock, a filled one if there is one.
  std::optional<std::filesystem::path> take();
  // A segment of `bytes` that nobody needs any more: becomes a spare, or is removed.
  void give(std::uint64_t number, std::uint64_t bytes);

 private:
  void run();
  [[nodiscard]] bool work_to_do() const { return filled_.size() < options_.ahead; }
  std::filesystem::path pick();
  bool fill(const std::filesystem::path& file);
  int fill_from(int fd, std::size_t offset);
  bool rest(std::chrono::steady_clock::duration pause);

  const Options options_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::filesystem::path> filled_;
  std::deque<std::filesystem::path> others_;  // not looked at yet
  std::uint64_t next_number_;
  bool stopping_ = false;

  std::thread thread_;  // last: it starts when everything else is there
};

}  // namespace shoal
