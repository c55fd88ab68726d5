#include "node/base/hash.h"

#include <sodium.h>

#include <string>

#include "node/base/bytes.h"

namespace shoal {

static_assert(crypto_shorthash_siphashx24_BYTES == 16 && crypto_shorthash_siphashx24_KEYBYTES == 16);

Hash128 hash128(const HashKey& key, std::string_view bytes) {
  std::array<unsigned char, 16> out{};
  crypto_shorthash_siphashx24(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                              key.bytes.data());
  const std::string_view text(reinterpret_cast<const char*>(out.data()), out.size());
  return {read_u64(text), read_u64(text.substr(8))};
}

Slot slot_of(const HashKey& key, const Key& full_key) {
  std::string bytes;
  bytes.reserve(1 + full_key.bucket.size() + full_key.name.size());
  bytes.push_back(static_cast<char>(full_key.bucket.size()));  // at most kBucketBytesMax, fits a byte
  bytes += full_key.bucket;
  bytes += full_key.name;
  const Hash128 hash = hash128(key, bytes);
  return {hash.hi, hash.lo};
}

}  // namespace shoal
