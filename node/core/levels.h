// Levels: how many replicas a request waits for. The one place where level, explicit numbers and the bucket meet.
//
//   eventual   one replica
//   quorum     what the bucket says: r or w, a majority unless it was set
//   session    as quorum; what the session has seen is the coordinator's business
//   all        every owner, and no fallback in its place
//
// Numbers given with a request go before what its level says.
#pragma once

#include <cstddef>
#include <cstdint>

#include "node/base/result.h"
#include "node/core/message.h"

namespace shoal {

struct Wanted {
  int needed = 0;     // seats that somebody must answer for
  int primaries = 0;  // of these, by the owner itself
};

// `asked` is r or w, `primaries` is pr or pw, `of_bucket` the bucket's r or w; 0 and -1 as in replies_needed, but no
// primaries where 0. Errc::invalid with a sentence for more replicas than there are.
Result<Wanted> wanted(Level level, std::int32_t asked, std::int32_t primaries, std::int32_t of_bucket,
                      std::size_t owners);

}  // namespace shoal
