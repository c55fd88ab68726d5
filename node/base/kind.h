// How a bucket settles concurrent values. Fixed when the bucket is created.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace shoal {

enum class Kind : std::uint8_t {
  siblings = 0,  // keep them all and let the client decide
  lww = 1,       // keep the one with the highest (hlc, dot): loses concurrent writes, on purpose
  strong = 2,    // there are none: every write is agreed on by a majority of the owners (Paxos)
};

constexpr std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::siblings: return "siblings";
    case Kind::lww: return "lww";
    case Kind::strong: return "strong";
  }
  return "unknown";
}

constexpr std::optional<Kind> kind_of(std::string_view name) {
  for (const Kind kind : {Kind::siblings, Kind::lww, Kind::strong})
    if (name_of(kind) == name) return kind;
  return std::nullopt;
}

}  // namespace shoal
