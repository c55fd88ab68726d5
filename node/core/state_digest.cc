#include "node/core/state_digest.h"

namespace shoal {
namespace {

HashKey key_of(const Slot& slot) {
  HashKey key;
  for (std::size_t i = 0; i < 8; ++i) {
    key.bytes[i] = static_cast<unsigned char>(slot.hi >> (8 * i));
    key.bytes[8 + i] = static_cast<unsigned char>(slot.lo >> (8 * i));
  }
  return key;
}

}  // namespace

Hash128 state_digest(const Slot& slot, const Record& record) {
  const Hash128 digest = hash128(key_of(slot), causal_bytes(record));
  return digest != Hash128{} ? digest : Hash128{0, 1};
}

}  // namespace shoal
