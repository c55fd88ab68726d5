#include "node/wire/entry_codec.h"

#include <xxhash.h>

#include "node/wire/fields.h"
#include "node/wire/pack.h"

namespace shoal {
namespace {

constexpr char kFormat = 3;  // 2: without digests; 1: without buckets. Their stores are refused as a whole
constexpr std::size_t kHeaderBytes = 9;
constexpr std::size_t kDigestBytes = 16;

std::uint64_t seed_of(const Place& place) {
  const std::string bytes = place_bytes(place);
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t checksum(std::string_view bytes, std::uint64_t seed) {
  const std::string_view summed = bytes.substr(kHeaderBytes);
  return XXH3_64bits_withSeed(summed.data(), summed.size(), seed);
}

template <class T>
std::string seal(std::uint64_t seed, const Hash128* digest, const T& value) {
  wire::Buffer packed;
  wire::Packer(packed).put(value);
  std::string out(kHeaderBytes, kFormat);
  out.reserve(kHeaderBytes + kDigestBytes + packed.size());
  if (digest != nullptr) {
    append_u64(out, digest->hi);
    append_u64(out, digest->lo);
  }
  out.append(packed.data(), packed.size());
  std::string sum;
  append_u64(sum, checksum(out, seed));
  return out.replace(1, sum.size(), sum);
}

// `plain`: bytes between header and MessagePack.
template <class T>
Result<T> unseal(std::uint64_t seed, std::size_t plain, std::string_view bytes, const std::string& what) {
  if (bytes.size() < kHeaderBytes + plain) return fail(Errc::corrupt, what + " is cut short");
  const auto format = static_cast<unsigned char>(bytes[0]);
  if (format < kFormat) return fail(Errc::corrupt, what + " has no valid format number");
  if (format > kFormat)
    return fail(Errc::refused, what + " has format " + std::to_string(format) +
                                   ", newer than this version reads; start the newer version again");
  if (read_u64(bytes.substr(1)) != checksum(bytes, seed)) return fail(Errc::corrupt, what + " fails its checksum");
  msgpack::object_handle handle;
  T value;
  if (!wire::parse(bytes.substr(kHeaderBytes + plain), handle) || !wire::Unpacker::read(handle.get(), value))
    return fail(Errc::corrupt, what + " cannot be read");
  return value;
}

// An entry at a place of acceptors.
struct VoterMemory {
  Key key;
  KeyAcceptorPtr acceptor;
  TopologyVotePtr vote;

  template <class A>
  friend void fields(A& a, VoterMemory& v) {
    a(v.key, v.acceptor, v.vote);
  }
};

// How both forms begin.
struct Named {
  Key key;

  template <class A>
  friend void fields(A& a, Named& v) {
    a(v.key);
  }
};

Result<Entry> decode_memory(const Place& place, std::string_view bytes) {
  const std::string what = "what an acceptor remembers";
  Result<VoterMemory> memory = unseal<VoterMemory>(seed_of(place), kDigestBytes, bytes, what);
  if (!memory) return memory.error();
  const bool is_vote = place == Place::vote();
  if ((memory->vote != nullptr) != is_vote || (memory->acceptor == nullptr) != is_vote)
    return fail(Errc::corrupt, what + " cannot be read");
  return Entry{.key = std::move(memory->key), .kind = Kind::strong, .acceptor = memory->acceptor, .vote = memory->vote};
}

}  // namespace

std::string place_bytes(const Place& place) {
  std::string out;
  out.reserve(24);
  if (!place.is_own()) append_u64(out, place.owner.value);
  append_u64(out, place.slot.hi);
  append_u64(out, place.slot.lo);
  return out;
}

std::optional<Place> place_from(std::string_view bytes) {
  if (bytes.size() != 16 && bytes.size() != 24) return std::nullopt;
  Place place;
  if (bytes.size() == 24) {
    place.owner.value = read_u64(bytes);
    bytes.remove_prefix(8);
  }
  place.slot = {.hi = read_u64(bytes), .lo = read_u64(bytes.substr(8))};
  return place;
}

std::string encode_entry(const Place& place, const Entry& entry) {
  if (!place.is_acceptor()) return seal(seed_of(place), &entry.digest, entry);
  return seal(seed_of(place), &entry.digest, VoterMemory{entry.key, entry.acceptor, entry.vote});
}

Result<Entry> decode_entry(const Place& place, std::string_view bytes) {
  if (place.is_acceptor()) return decode_memory(place, bytes);
  Result<Entry> entry = unseal<Entry>(seed_of(place), kDigestBytes, bytes, "a record");
  if (entry) entry->digest = sealed_digest(bytes).value_or(Hash128{});
  return entry;
}

std::optional<Hash128> sealed_digest(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes + kDigestBytes || bytes[0] != kFormat) return std::nullopt;
  bytes.remove_prefix(kHeaderBytes);
  return Hash128{.hi = read_u64(bytes), .lo = read_u64(bytes.substr(8))};
}

std::optional<Key> sealed_key(std::string_view bytes) {
  if (!sealed_digest(bytes)) return std::nullopt;
  msgpack::object_handle handle;
  Named named;
  if (!wire::parse(bytes.substr(kHeaderBytes + kDigestBytes), handle) || !wire::Unpacker::read(handle.get(), named))
    return std::nullopt;
  return named.key;
}

std::string encode_document(const Membership& document) { return seal(0, nullptr, document); }
Result<Membership> decode_document(std::string_view bytes) {
  return unseal<Membership>(0, 0, bytes, "the membership document");
}

}  // namespace shoal
