// What a request promises. The public client header includes this file: it depends on the standard library alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace shoal {

// docs/guarantees.md says what each one promises. r, w, pr and pw given with it go before what it would ask for.
enum class Level : std::uint8_t {
  quorum = 0,    // r, w of the bucket
  eventual = 1,  // one replica
  session = 2,   // as quorum, and never older than what the session has seen
  all = 3,       // every primary, agreed
  strong = 4,    // linearizable; buckets of kind strong alone
};

constexpr std::string_view name_of(Level level) {
  switch (level) {
    case Level::quorum: return "quorum";
    case Level::eventual: return "eventual";
    case Level::session: return "session";
    case Level::all: return "all";
    case Level::strong: return "strong";
  }
  return "unknown";
}

constexpr std::optional<Level> level_of(std::string_view name) {
  for (const Level level : {Level::eventual, Level::quorum, Level::session, Level::all, Level::strong})
    if (name_of(level) == name) return level;
  return std::nullopt;
}

}  // namespace shoal
