#include "node/wire/entry_codec.h"

#include <xxhash.h>

#include "node/wire/fields.h"
#include "node/wire/pack.h"

namespace shoal {
namespace {

constexpr char kFormat = 2;  // 1: without buckets; its store is refused as a whole (disk_store)
constexpr std::size_t kHeaderBytes = 9;

template <class T>
std::string seal(const T& value) {
  wire::Buffer packed;
  wire::Packer(packed).put(value);
  std::string out(1, kFormat);
  out.reserve(kHeaderBytes + packed.size());
  append_u64(out, XXH3_64bits(packed.data(), packed.size()));
  out.append(packed.data(), packed.size());
  return out;
}

template <class T>
Result<T> unseal(std::string_view bytes, const char* what) {
  if (bytes.size() < kHeaderBytes) return fail(Errc::corrupt, std::string(what) + " is cut short");
  const auto format = static_cast<unsigned char>(bytes[0]);
  if (format < kFormat) return fail(Errc::corrupt, std::string(what) + " has no valid format number");
  if (format > kFormat)
    return fail(Errc::refused, std::string(what) + " has format " + std::to_string(format) +
                                   ", newer than this version reads; start the newer version again");
  const std::string_view packed = bytes.substr(kHeaderBytes);
  if (read_u64(bytes.substr(1)) != XXH3_64bits(packed.data(), packed.size()))
    return fail(Errc::corrupt, std::string(what) + " fails its checksum");
  msgpack::object_handle handle;
  T value;
  if (!wire::parse(packed, handle) || !wire::Unpacker::read(handle.get(), value))
    return fail(Errc::corrupt, std::string(what) + " cannot be read");
  return value;
}

}  // namespace

std::string encode_entry(const Entry& entry) { return seal(entry); }
Result<Entry> decode_entry(std::string_view bytes) { return unseal<Entry>(bytes, "a record"); }

std::string encode_document(const Membership& document) { return seal(document); }
Result<Membership> decode_document(std::string_view bytes) {
  return unseal<Membership>(bytes, "the membership document");
}

}  // namespace shoal
