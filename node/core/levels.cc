#include "node/core/levels.h"

#include <algorithm>

#include "node/core/quorum.h"

namespace shoal {
namespace {

std::int32_t number_of(Level level, std::int32_t of_bucket) {
  switch (level) {
    case Level::eventual: return 1;
    case Level::all: return -1;
    case Level::quorum:
    case Level::session:
    case Level::strong: break;
  }
  return of_bucket;
}

}  // namespace

Result<Wanted> wanted(Level level, std::int32_t asked, std::int32_t primaries, std::int32_t of_bucket,
                      std::size_t owners) {
  const Result<int> needed = replies_needed(asked != 0 ? asked : number_of(level, of_bucket), owners);
  if (!needed) return needed.error();
  if (primaries == 0 && level == Level::all) primaries = -1;
  if (primaries == 0) return Wanted{*needed, 0};
  const Result<int> by_owners = replies_needed(primaries, owners);
  if (!by_owners) return by_owners.error();
  return Wanted{std::max(*needed, *by_owners), *by_owners};
}

}  // namespace shoal
