// Which life of each member was seen last, so that an older one or a copy of it is told apart (ruling 4).
//
// Pure. A higher start counter replaces what was known. The same start counter with other random bits means that a data
// folder was copied and both copies run: nobody can say which is the right one, so both must stop.
#pragma once

#include <cstdint>
#include <map>

#include "node/base/ids.h"

namespace shoal {

class Incarnations {
 public:
  enum class Verdict : std::uint8_t { current, newer, stale, clone };

  // Remembers the newest life; `stale` and `clone` change nothing.
  Verdict observe(NodeId node, Incarnation incarnation) {
    Incarnation& newest = newest_[node];
    if (incarnation == newest) return Verdict::current;
    if (incarnation.start() < newest.start()) return Verdict::stale;
    if (incarnation.start() == newest.start()) return Verdict::clone;
    newest = incarnation;
    return Verdict::newer;
  }

 private:
  std::map<NodeId, Incarnation> newest_;
};

}  // namespace shoal
