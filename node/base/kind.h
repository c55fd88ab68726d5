// How a bucket settles concurrent values. Fixed when the bucket is created.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace shoal {

enum class Kind : std::uint8_t {
  siblings = 0,  // keep them all and let the client decide
  lww = 1,       // keep the one with the highest (hlc, dot): loses concurrent writes, on purpose
};

constexpr std::string_view name_of(Kind kind) { return kind == Kind::lww ? "lww" : "siblings"; }

constexpr std::optional<Kind> kind_of(std::string_view name) {
  for (const Kind kind : {Kind::siblings, Kind::lww})
    if (name_of(kind) == name) return kind;
  return std::nullopt;
}

}  // namespace shoal
