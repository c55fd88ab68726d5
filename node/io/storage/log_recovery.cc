#include "node/io/storage/log_recovery.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include "node/io/storage/log_segment.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAdvice =
    "restore the node from a snapshot, or start with an empty folder and let the other nodes fill it";

constexpr CommitId next_of(CommitId id) { return {id.value + 1}; }
constexpr CommitId before(CommitId id) { return {id.value - 1}; }

Result<std::string> read_bytes(const fs::path& file, std::uintmax_t bytes_max) {
  std::error_code code;
  const std::uintmax_t size = std::min(fs::file_size(file, code), bytes_max);
  std::string bytes(code ? 0 : size, '\0');
  std::ifstream in(file, std::ios::binary);
  if (code || !in.read(bytes.data(), static_cast<std::streamsize>(size)))
    return fail(Errc::io, "cannot read " + file.string());
  return bytes;
}

// Reads the log once, segment by segment.
class Recovery {
 public:
  Recovery(const fs::path& dir, NodeId owner, CommitId checkpoint, const Replay& replay)
      : dir_(dir), owner_(owner), checkpoint_(checkpoint), replay_(replay) {
    found_.newest = checkpoint;
  }

  Result<RecoveredLog> run() {
    if (const Status listed = read_headers(); !listed) return listed.error();
    if (unreadable_)
      return fail(Errc::corrupt, "the commit log is damaged: its newest segment cannot be read (" +
                                     unreadable_->string() + "): " + kAdvice);
    if (headers_.empty()) return std::move(found_);
    if (headers_.front().first > next_of(checkpoint_))
      return damage(segment_path(dir_, headers_.front().number), next_of(checkpoint_));
    for (std::size_t i = 0; i < headers_.size(); ++i)
      if (const Status read = read_segment(i); !read) return read.error();
    forget_proven();
    while (!found_.unproven.empty() && found_.unproven.back().changes.empty()) {  // the mark of a clean end
      found_.unproven.pop_back();
      found_.newest = before(found_.newest);
    }
    return std::move(found_);
  }

 private:
  Status read_headers() {
    Result<LogFiles> files = list_log_files(dir_);
    if (!files) return files.error();
    found_.spares = std::move(files->spares);
    for (const fs::path& spare : found_.spares) raise_next_number(file_number(spare).value_or(0));
    for (const std::uint64_t number : files->segments) {
      const fs::path file = segment_path(dir_, number);
      const Result<std::string> block = read_bytes(file, kLogBlock);
      if (!block) return block.error();
      const Result<SegmentHeader> header = decode_segment_header(*block);
      if (!header && header.error().code == Errc::refused)
        return fail(Errc::refused, file.string() + " cannot be used: " + header.error().message);
      raise_next_number(number);
      unreadable_ = header ? std::nullopt : std::optional(file);
      if (!header || header->number != number) {
        found_.spares.push_back(file);
        continue;
      }
      if (header->owner != owner_)
        return fail(Errc::refused, file.string() + " belongs to node " + to_string(header->owner) + ", not to " +
                                       to_string(owner_) + ": start the node with its own folder");
      std::error_code ignored;
      found_.segments.push_back({number, header->first, fs::file_size(file, ignored)});
      headers_.push_back(*header);
      total_ += found_.segments.back().bytes;
    }
    return Unit{};
  }

  // Where this segment's commits end for good; absent: it is the last one.
  [[nodiscard]] std::optional<CommitId> limit_of(std::size_t i) const {
    return i + 1 < headers_.size() ? std::optional(headers_[i + 1].first) : std::nullopt;
  }

  Status read_segment(std::size_t i) {
    const SegmentHeader& header = headers_[i];
    const std::optional<CommitId> limit = limit_of(i);
    raise_proven(before(header.first));
    const bool needed = !limit || *limit > next_of(checkpoint_);
    if (!needed) return Unit{};
    const fs::path file = segment_path(dir_, header.number);
    const Result<std::string> bytes = read_bytes(file, UINTMAX_MAX);
    if (!bytes) return bytes.error();
    if (bytes->size() < header.bytes)
      return fail(Errc::corrupt, "the commit log is damaged: " + file.string() + " is cut short (" +
                                     std::to_string(bytes->size()) + " of " + std::to_string(header.bytes) +
                                     " bytes): " + kAdvice);
    std::size_t offset = kLogBlock;
    CommitId expected = header.first;
    while (!limit || expected < *limit) {
      std::optional<LogFrame> frame = frame_at(*bytes, offset, header.salt);
      if (!frame && expected <= checkpoint_) frame = skip_damage(*bytes, offset, header.salt);
      if (!frame || (frame->commit != expected && expected > checkpoint_)) break;
      if (const Status taken = take(*frame); !taken) return taken;
      offset += frame->size;
      expected = next_of(frame->commit);
    }
    read_ += found_.segments[i].bytes;
    const CommitId proof = limit ? before(*limit) : proof_behind(*bytes, offset, header.salt);
    if (proof < expected || proof <= checkpoint_) return Unit{};
    return damage(file, std::max(expected, next_of(checkpoint_)));
  }

  Status take(const LogFrame& frame) {
    raise_proven(frame.synced);
    if (frame.commit <= checkpoint_) return Unit{};
    found_.newest = frame.commit;
    found_.unproven.push_back({frame.commit, std::string(frame.changes)});
    forget_proven();
    Result<LogBatch> batch = decode_changes(frame.commit, frame.changes);
    if (!batch) return batch.error();
    const double share = static_cast<double>(read_) / static_cast<double>(std::max<std::uint64_t>(total_, 1));
    return batch->empty() ? Status(Unit{}) : replay_(*std::move(batch), share);
  }

  // What LMDB holds may be damaged here: the first frame behind it, and nothing later, is as good.
  [[nodiscard]] std::optional<LogFrame> skip_damage(std::string_view bytes, std::size_t& offset,
                                                    std::uint64_t salt) const {
    for (std::size_t at = offset; at + kLogBlock <= bytes.size(); at += kLogBlock) {
      const std::optional<LogFrame> frame = frame_at(bytes, at, salt);
      if (!frame) continue;
      if (frame->commit > next_of(checkpoint_)) return std::nullopt;
      offset = at;
      return frame;
    }
    return std::nullopt;
  }

  // The highest commit that a frame behind a torn or damaged one proves to have been synced; 0: none.
  static CommitId proof_behind(std::string_view bytes, std::size_t offset, std::uint64_t salt) {
    CommitId proof;
    for (; offset + kLogBlock <= bytes.size(); offset += kLogBlock)
      if (const std::optional<LogFrame> frame = frame_at(bytes, offset, salt)) proof = std::max(proof, frame->synced);
    return proof;
  }

  void raise_next_number(std::uint64_t taken) { found_.next_number = std::max(found_.next_number, taken + 1); }
  void raise_proven(CommitId id) { proven_ = std::max(proven_, id); }
  void forget_proven() {
    while (!found_.unproven.empty() && found_.unproven.front().id <= proven_) found_.unproven.pop_front();
  }

  static Error damage(const fs::path& file, CommitId lost) {
    return fail(Errc::corrupt, "the commit log is damaged: commit " + std::to_string(lost.value) +
                                   " was saved and cannot be read any more (" + file.string() + "): " + kAdvice);
  }

  const fs::path dir_;
  const NodeId owner_;
  const CommitId checkpoint_;
  const Replay& replay_;
  RecoveredLog found_;
  std::vector<SegmentHeader> headers_;
  std::optional<fs::path> unreadable_;  // the newest file, when it has no valid header
  CommitId proven_;
  std::uint64_t read_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

Result<RecoveredLog> recover_log(const fs::path& dir, NodeId owner, CommitId checkpoint, const Replay& replay) {
  return Recovery(dir, owner, checkpoint, replay).run();
}

}  // namespace shoal
