#include "node/wire/frame.h"

#include <xxhash.h>

#include <algorithm>

#include "node/base/bytes.h"
#include "node/wire/fields.h"
#include "node/wire/pack.h"

namespace shoal {
namespace {

enum class FrameKind : std::uint8_t { messages = 0, piece = 1 };

constexpr std::size_t kPieceBytes = kFrameBytesMax - 128;  // leaves room for the header around it

constexpr std::uint32_t kFields = 8;
constexpr std::size_t kCheckBytes = 9;  // a 64-bit integer as MessagePack has it: 0xcf, then the number, big-endian

Error malformed(const char* why) { return fail(Errc::corrupt, std::string("malformed frame: ") + why); }

void put_header(wire::Packer& packer, const FrameHeader& header, FrameKind kind) {
  packer.array(kFields);
  packer.put(header.protocol);
  packer.put(header.cluster);
  packer.put(header.sender);
  packer.put(header.incarnation);
  packer.put(static_cast<std::uint8_t>(kind));
}

std::string check_of(std::string_view bytes) {
  std::string check(1, '\xcf');
  append_u64(check, XXH3_64bits(bytes.data(), bytes.size()));
  return check;
}

// The last field, behind all others.
std::string checked(const wire::Buffer& buffer) {
  std::string frame;
  frame.reserve(buffer.size() + kCheckBytes);
  frame.append(buffer.data(), buffer.size());
  return frame += check_of(frame);
}

bool is_intact(const msgpack::object& object, std::string_view bytes) {
  if (object.type != msgpack::type::ARRAY || object.via.array.size < kFields) return true;
  const std::size_t end = bytes.size() - std::min(bytes.size(), kCheckBytes);
  return bytes.substr(end) == check_of(bytes.substr(0, end));
}

std::string whole_frame(const FrameHeader& header, std::size_t count, std::string_view packed_messages) {
  wire::Buffer buffer(packed_messages.size() + 64);
  wire::Packer packer(buffer);
  put_header(packer, header, FrameKind::messages);
  packer.array(count);
  buffer.write(packed_messages.data(), packed_messages.size());
  packer.put(header.sent_us);
  return checked(buffer);
}

void append_frame(std::vector<std::string>& out, const FrameHeader& header, std::string frame, std::uint64_t transfer) {
  if (frame.size() <= kFrameBytesMax) {
    out.push_back(std::move(frame));
    return;
  }
  const std::size_t count = (frame.size() + kPieceBytes - 1) / kPieceBytes;
  for (std::size_t index = 0; index < count; ++index) {
    wire::Buffer buffer(kPieceBytes + 128);
    wire::Packer packer(buffer);
    put_header(packer, header, FrameKind::piece);
    packer(transfer, index, count, std::string_view(frame).substr(index * kPieceBytes, kPieceBytes));
    packer.put(header.sent_us);
    out.push_back(checked(buffer));
  }
}

template <std::size_t... Is>
bool read_message(const msgpack::object& object, std::size_t tag, Message& out, std::index_sequence<Is...>) {
  bool fits = false;
  ((tag == Is && (fits = wire::Unpacker::read(object, out.emplace<Is>()))), ...);
  return fits;
}

// False when malformed. A tag that this release does not know is skipped.
bool read_messages(const msgpack::object& body, std::vector<Message>& out) {
  if (body.type != msgpack::type::ARRAY || body.via.array.size > kFrameMessagesMax) return false;
  for (std::uint32_t i = 0; i < body.via.array.size; ++i) {
    const msgpack::object& item = body.via.array.ptr[i];
    std::size_t tag = 0;
    if (item.type != msgpack::type::ARRAY || item.via.array.size < 2) return false;
    if (!wire::Unpacker::read(item.via.array.ptr[0], tag)) return false;
    if (tag >= std::variant_size_v<Message>) continue;
    constexpr auto kTags = std::make_index_sequence<std::variant_size_v<Message>>{};
    if (!read_message(item.via.array.ptr[1], tag, out.emplace_back(), kTags)) return false;
  }
  return true;
}

struct Parsed {
  FrameHeader header;
  std::uint8_t kind = 0;
  const msgpack::object* body = nullptr;
};

bool read_header(const msgpack::object& object, Parsed& out) {
  if (object.type != msgpack::type::ARRAY || object.via.array.size < 6) return false;
  const msgpack::object* at = object.via.array.ptr;
  out.body = &at[5];
  return wire::Unpacker::read(at[0], out.header.protocol) && wire::Unpacker::read(at[1], out.header.cluster) &&
         wire::Unpacker::read(at[2], out.header.sender) && wire::Unpacker::read(at[3], out.header.incarnation) &&
         wire::Unpacker::read(at[4], out.kind) &&
         (object.via.array.size < 7 || wire::Unpacker::read(at[6], out.header.sent_us));
}

}  // namespace

struct FrameReader::Piece {
  std::uint64_t transfer = 0;
  std::uint64_t index = 0;
  std::uint64_t count = 0;
  std::string bytes;

  template <class A>
  friend void fields(A& a, Piece& v) {
    a(v.transfer, v.index, v.count, v.bytes);
  }
};

std::vector<std::string> encode_frame(const FrameHeader& header, std::span<const Message> messages,
                                      std::uint64_t transfer) {
  std::vector<std::string> frames;
  wire::Buffer packed;
  std::size_t count = 0;
  const auto close = [&] {
    if (count > 0) append_frame(frames, header, whole_frame(header, count, {packed.data(), packed.size()}), transfer);
    packed.clear();
    count = 0;
  };
  for (const Message& message : messages) {
    wire::Packer(packed).put(message);
    ++count;
    // A frame is closed once it is large; only a single large message ever exceeds the limit and travels in pieces.
    if (packed.size() > kFrameBytesMax / 4 || count == kFrameMessagesMax) close();
  }
  close();
  return frames;
}

Result<bool> FrameReader::add(const Piece& piece) {
  if (piece.index == 0) {
    assembly_.clear();
    next_index_ = 0;
    transfer_ = piece.transfer;
  }
  const bool in_order = piece.transfer == transfer_ && piece.index == next_index_ && piece.index < piece.count;
  if (!in_order || assembly_.size() + piece.bytes.size() > assembly_bytes_max_) {
    assembly_ = std::string();
    next_index_ = 0;
    return malformed(in_order ? "the pieces of one message exceed the limit" : "a piece is missing");
  }
  assembly_ += piece.bytes;
  ++next_index_;
  return next_index_ == piece.count;
}

Result<std::optional<Frame>> FrameReader::read(std::string_view bytes) {
  msgpack::object_handle handle;
  Parsed parsed;
  if (!wire::parse(bytes, handle)) return malformed("no shoal frame");
  if (!is_intact(handle.get(), bytes)) return malformed("its bytes have changed on the way");
  if (!read_header(handle.get(), parsed)) return malformed("no shoal frame");
  Frame frame{parsed.header, {}};
  if (parsed.header.protocol != kProtocolVersion) return std::optional(std::move(frame));

  std::string whole;
  if (parsed.kind == static_cast<std::uint8_t>(FrameKind::piece)) {
    Piece piece;
    if (!wire::Unpacker::read(*parsed.body, piece)) return malformed("a piece that cannot be read");
    const Result<bool> complete = add(piece);
    if (!complete) return complete.error();
    if (!*complete) return std::optional<Frame>();
    whole = std::exchange(assembly_, std::string());
    if (!wire::parse(whole, handle) || !read_header(handle.get(), parsed)) return malformed("no frame in the pieces");
    if (parsed.header != frame.header) return malformed("the pieces introduce another sender");
  }
  if (parsed.kind != static_cast<std::uint8_t>(FrameKind::messages)) return malformed("a kind that nobody defined");
  if (!read_messages(*parsed.body, frame.messages)) return malformed("a message that cannot be read");
  return std::optional(std::move(frame));
}

}  // namespace shoal
