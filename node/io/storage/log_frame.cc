#include "node/io/storage/log_frame.h"

#include <xxhash.h>

#include "node/base/bytes.h"
#include "node/wire/entry_codec.h"

namespace shoal {
namespace {

constexpr std::string_view kMagic = "shoallog";
constexpr std::uint64_t kFormat = 2;
constexpr std::uint64_t kFormatWithoutBytes = 1;
constexpr std::size_t kSegmentHeaderBytes = 64;
constexpr std::size_t kFrameHeaderBytes = 32;
constexpr std::size_t kChangeHeaderBytes = 29;

enum class ChangeKind : unsigned char { entry, erased, document };

std::uint64_t checksum(std::string_view bytes, std::uint64_t salt = 0) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), salt);
}

std::size_t whole_blocks(std::size_t bytes) { return (bytes + kLogBlock - 1) / kLogBlock * kLogBlock; }

std::string u64(std::uint64_t value) {
  std::string bytes;
  append_u64(bytes, value);
  return bytes;
}

void append_u32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}
std::uint32_t read_u32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

void append_change(std::string& out, ChangeKind kind, const Place& place, std::string_view sealed) {
  out += static_cast<char>(kind);
  append_u64(out, place.owner.value);
  append_u64(out, place.slot.hi);
  append_u64(out, place.slot.lo);
  append_u32(out, static_cast<std::uint32_t>(sealed.size()));
  out += sealed;
}

Error unreadable() { return fail(Errc::corrupt, "a frame of the log has a valid checksum and cannot be read"); }

// Takes one change off the front.
Status take_change(std::string_view& bytes, LogBatch& batch) {
  if (bytes.size() < kChangeHeaderBytes) return unreadable();
  const auto kind = static_cast<ChangeKind>(bytes[0]);
  const Place place(NodeId{read_u64(bytes.substr(1))},
                    {.hi = read_u64(bytes.substr(9)), .lo = read_u64(bytes.substr(17))});
  const std::size_t length = read_u32(bytes.substr(25));
  bytes.remove_prefix(kChangeHeaderBytes);
  if (bytes.size() < length) return unreadable();
  const std::string_view sealed = bytes.substr(0, length);
  bytes.remove_prefix(length);
  if (kind == ChangeKind::document) {
    batch.document = std::string(sealed);
  } else if (kind == ChangeKind::erased) {
    batch.changes.push_back({place, nullptr});
  } else if (kind == ChangeKind::entry) {
    Result<Entry> entry = decode_entry(place, sealed);
    if (!entry) return entry.error();
    batch.changes.push_back({place, std::make_shared<const Entry>(*std::move(entry))});
  } else {
    return unreadable();
  }
  return Unit{};
}

}  // namespace

std::string encode_segment_header(const SegmentHeader& header) {
  std::string block(kMagic);
  for (const std::uint64_t field :
       {kFormat, header.owner.value, header.number, header.first.value, header.salt, header.bytes})
    append_u64(block, field);
  append_u64(block, checksum(block));
  block.resize(kLogBlock);
  return block;
}

Result<SegmentHeader> decode_segment_header(std::string_view block) {
  if (block.size() < kSegmentHeaderBytes || !block.starts_with(kMagic))
    return fail(Errc::corrupt, "it does not begin as a segment of the log does");
  const std::uint64_t format = read_u64(block.substr(8));
  if (format > kFormat)
    return fail(Errc::refused, "it has format " + std::to_string(format) + ", newer than the " +
                                   std::to_string(kFormat) + " that this version reads: start the newer version again");
  const bool with_bytes = format != kFormatWithoutBytes;
  const std::size_t sum = kSegmentHeaderBytes - (with_bytes ? 8 : 16);
  if (read_u64(block.substr(sum)) != checksum(block.substr(0, sum)))
    return fail(Errc::corrupt, "its header fails its checksum");
  return SegmentHeader{.owner = {read_u64(block.substr(16))},
                       .number = read_u64(block.substr(24)),
                       .first = {read_u64(block.substr(32))},
                       .salt = read_u64(block.substr(40)),
                       .bytes = with_bytes ? read_u64(block.substr(48)) : 0};
}

std::string encode_changes(const LogBatch& batch) {
  std::string out;
  for (const Change& change : batch.changes) {
    const ChangeKind kind = change.entry ? ChangeKind::entry : ChangeKind::erased;
    append_change(out, kind, change.place, change.entry ? encode_entry(change.place, *change.entry) : std::string());
  }
  if (batch.document) append_change(out, ChangeKind::document, Place(), *batch.document);
  return out;
}

Result<LogBatch> decode_changes(CommitId id, std::string_view changes) {
  LogBatch batch{.id = id, .changes = {}, .document = {}};
  while (!changes.empty())
    if (const Status taken = take_change(changes, batch); !taken) return taken.error();
  return batch;
}

std::string draft_frame(CommitId commit, std::string_view changes) {
  std::string frame(8, '\0');
  frame.reserve(whole_blocks(kFrameHeaderBytes + changes.size()));
  append_u64(frame, commit.value);
  append_u64(frame, 0);
  append_u64(frame, changes.size());
  frame += changes;
  frame.resize(whole_blocks(frame.size()));
  return frame;
}

void seal_frame(std::string& frame, std::uint64_t salt, CommitId synced) {
  const std::size_t length = read_u64(std::string_view(frame).substr(24));
  frame.replace(16, 8, u64(synced.value));
  frame.replace(0, 8, u64(checksum(std::string_view(frame).substr(8, kFrameHeaderBytes - 8 + length), salt)));
}

std::optional<LogFrame> frame_at(std::string_view segment, std::size_t offset, std::uint64_t salt) {
  if (offset > segment.size() || segment.size() - offset < kFrameHeaderBytes) return std::nullopt;
  const std::string_view bytes = segment.substr(offset);
  const std::uint64_t length = read_u64(bytes.substr(24));
  if (length > bytes.size() - kFrameHeaderBytes) return std::nullopt;
  const std::string_view summed = bytes.substr(8, kFrameHeaderBytes - 8 + length);
  if (read_u64(bytes) != checksum(summed, salt)) return std::nullopt;
  return LogFrame{.commit = {read_u64(bytes.substr(8))},
                  .synced = {read_u64(bytes.substr(16))},
                  .changes = bytes.substr(kFrameHeaderBytes, length),
                  .size = whole_blocks(kFrameHeaderBytes + length)};
}

}  // namespace shoal
