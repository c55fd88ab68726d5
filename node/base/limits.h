// What users may send. Checked at the client and again at the node; what breaks a limit changes nothing.
//
// They hold for client writes only: merges, repair and hand-off always pass, or a record could become irreparable.
#pragma once

#include <cstddef>
#include <string_view>

#include "node/base/ids.h"
#include "node/base/result.h"

namespace shoal {

inline constexpr std::string_view kDefaultBucket = "default";

inline constexpr std::size_t kKeyBytesMax = 1024;
inline constexpr std::size_t kBucketBytesMax = 64;
inline constexpr std::size_t kValueBytesMax = std::size_t{8} << 20;
inline constexpr std::size_t kContextBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kSiblingsWarn = 25;  // as Riak
inline constexpr std::size_t kSiblingsMax = 100;
inline constexpr std::size_t kListLimitMax = 10'000;

// One sentence each for what breaks a limit; nothing else is looked at.
Status check_key(const Key& key);
Status check_value_size(std::size_t bytes);

}  // namespace shoal
