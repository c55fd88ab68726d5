// The commit log's bytes.
//
//   segment  a file: one block of header, then frames, each beginning at a block (4096 bytes)
//   frame    one commit: all changes of it or none
//
//   segment header                                   frame header
//   byte  0..7   "shoallog"                          byte  0..7   XXH3-64 of the rest of the frame, seeded with `salt`
//         8..15  format, 2                                 8..15  commit
//        16..23  the node whose log it is                 16..23  synced: on the disk, with all before it, when this
//        24..31  number of the segment                            frame was written
//        32..39  first: its first commit                  24..31  length of the changes
//        40..47  salt, random                             32..    changes
//        48..55  bytes of the file
//        56..63  XXH3-64 of all before
//
//   change   kind (1 byte: 0 entry, 1 erased, 2 document) | owner (8) | slot (16) | length (4) | sealed value
//
// A block that was synced is never written again: what a power cut tears, nobody has relied on. The salt, drawn anew
// whenever a file becomes a segment, makes frames of the file's earlier life invalid, and frames that a client hides in
// a value too. A file shorter than its header says has lost frames that nothing else may prove. Format 1, which is read
// as well, did not say. Integers are big-endian; a sealed value is what node/wire/entry_codec.h makes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/ids.h"
#include "node/base/result.h"
#include "node/core/store.h"

namespace shoal {

inline constexpr std::size_t kLogBlock = 4096;

struct SegmentHeader {
  NodeId owner;
  std::uint64_t number = 0;
  CommitId first;
  std::uint64_t salt = 0;
  std::uint64_t bytes = 0;  // of the file, at least
};

// One block.
std::string encode_segment_header(const SegmentHeader& header);
// Errc::corrupt: it is none; Errc::refused: of a newer format.
Result<SegmentHeader> decode_segment_header(std::string_view block);

struct Change {
  Place place;
  EntryPtr entry;  // null: erased
};

// What is written together.
struct LogBatch {
  CommitId id;
  std::vector<Change> changes;
  std::optional<std::string> document;  // sealed
  std::size_t bytes = 0;                // about what the changes hold in memory, if whoever filled it has counted

  [[nodiscard]] bool empty() const { return changes.empty() && !document; }
};

std::string encode_changes(const LogBatch& batch);
// Errc::corrupt or Errc::refused, as the entry says.
Result<LogBatch> decode_changes(CommitId id, std::string_view changes);

// A frame that is not sealed yet: whole blocks.
std::string draft_frame(CommitId commit, std::string_view changes);
// Fills in what depends on where it goes. A frame may be sealed again, for another segment.
void seal_frame(std::string& frame, std::uint64_t salt, CommitId synced);

struct LogFrame {
  CommitId commit;
  CommitId synced;
  std::string_view changes;
  std::size_t size = 0;  // whole blocks
};

// The valid frame at this offset of a segment's bytes.
std::optional<LogFrame> frame_at(std::string_view segment, std::size_t offset, std::uint64_t salt);

}  // namespace shoal
