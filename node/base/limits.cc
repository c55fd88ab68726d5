#include "node/base/limits.h"

#include <string>

namespace shoal {

Status check_key(const Key& key) {
  if (key.name.empty()) return fail(Errc::invalid, "the key is empty; keys have 1 to 1024 bytes");
  if (key.name.size() > kKeyBytesMax)
    return fail(Errc::too_large,
                "the key has " + std::to_string(key.name.size()) + " bytes; keys have 1 to 1024 bytes");
  if (key.bucket.empty() || key.bucket.size() > kBucketBytesMax)
    return fail(Errc::invalid,
                "the bucket's name has " + std::to_string(key.bucket.size()) + " bytes; such names have 1 to 64 bytes");
  return Unit{};
}

Status check_value_size(std::size_t bytes) {
  if (bytes <= kValueBytesMax) return Unit{};
  return fail(Errc::too_large, "the value has " + std::to_string(bytes) + " bytes; values have at most " +
                                   std::to_string(kValueBytesMax) + " bytes (8 MiB)");
}

}  // namespace shoal
