#include "node/io/random.h"

#include <sodium.h>

#include "node/base/check.h"

namespace shoal {

std::uint64_t random_u64() {
  SHOAL_CHECK(sodium_init() >= 0);
  std::uint64_t value = 0;
  ::randombytes_buf(&value, sizeof value);
  return value;
}

std::uint64_t random_id() {
  std::uint64_t value = 0;
  while (value == 0) value = random_u64();
  return value;
}

}  // namespace shoal
