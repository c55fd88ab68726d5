// Frames: what travels in one ZeroMQ message. Every message of a turn to one destination shares a frame.
//
// Every frame introduces itself: protocol version, cluster, sender, incarnation. ZeroMQ reconnects silently and drops
// silently, so a handshake once per connection would leave the receiver guessing which life of a peer it hears; a
// header of some 30 bytes per turn does not.
//
//   frame  = [protocol, cluster, sender, incarnation, kind, body, sent, check]      a MessagePack array
//   kind 0 : body = [[tag, [fields...]], ...]                                whole messages; tag = place in Message
//   kind 1 : body = [transfer, index, count, bytes]                          a piece of an encoded frame
//
// `check`, always the last field and nine bytes long, is XXH3-64 of all bytes before it: what a wire or a network card
// has changed is not taken for what was said. A frame of an earlier release has seven fields or fewer, and none.
//
// `sent` is the sender's monotonic clock; who hears many frames of one life tells from it which were delayed.
//
// Unknown trailing fields and unknown message tags are ignored, so that releases can be mixed while upgrading.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/ids.h"
#include "node/base/result.h"
#include "node/core/message.h"

namespace shoal {

inline constexpr std::uint32_t kProtocolVersion = 2;
// The largest ZeroMQ message that a node sends or accepts; larger frames travel in pieces.
inline constexpr std::size_t kFrameBytesMax = std::size_t{4} << 20;
// The most messages in one frame: a value in memory is far larger than four hostile bytes on the wire.
inline constexpr std::size_t kFrameMessagesMax = 16'384;
// The largest frame that is put together from pieces: from peers a record of 100 siblings of the largest value, and
// some; from clients one largest write.
inline constexpr std::size_t kPeerAssemblyBytesMax = std::size_t{1} << 30;
inline constexpr std::size_t kClientAssemblyBytesMax = std::size_t{16} << 20;

struct FrameHeader {
  std::uint32_t protocol = kProtocolVersion;
  ClusterId cluster;          // 0 from a client that does not know it yet
  NodeId sender;              // 0 from a client
  Incarnation incarnation;    // 0 from a client
  std::uint64_t sent_us = 0;  // when the frame was made, by the sender's monotonic clock; 0: not said
  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

struct Frame {
  FrameHeader header;
  std::vector<Message> messages;
};

// One or more ZeroMQ messages, in the order in which they must be sent. `transfer` tells the pieces of different
// frames of one sender apart: draw a new one for every call.
std::vector<std::string> encode_frame(const FrameHeader& header, std::span<const Message> messages,
                                      std::uint64_t transfer);

// Reads the frames of one connection. Keeps the pieces of at most one unfinished frame, at most `assembly_bytes_max`.
class FrameReader {
 public:
  explicit FrameReader(std::size_t assembly_bytes_max) : assembly_bytes_max_(assembly_bytes_max) {}

  // nullopt: a piece, more to come. Errc::corrupt with a sentence for anything malformed; the state stays usable.
  // A frame of another protocol version yields its header and no messages.
  Result<std::optional<Frame>> read(std::string_view bytes);

  [[nodiscard]] std::size_t held_bytes() const { return assembly_.size(); }

 private:
  struct Piece;
  // True when the frame is whole in `assembly_`.
  Result<bool> add(const Piece& piece);

  std::size_t assembly_bytes_max_;
  std::uint64_t transfer_ = 0;
  std::uint64_t next_index_ = 0;
  std::string assembly_;
};

}  // namespace shoal
