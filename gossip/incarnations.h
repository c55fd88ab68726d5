// Which life of each member was seen last, so that an older one or a copy of it is told apart.
//
// Pure. A higher start counter replaces what was known. The same start counter with other random bits means that a data
// folder was copied and both copies run: nobody can say which is the right one, so both must stop, the one that was
// heard first as well. A later start is a restart by somebody who has settled it.
#pragma once

#include <cstdint>
#include <map>

#include "node/base/ids.h"

namespace shoal {

class Incarnations {
 public:
  enum class Verdict : std::uint8_t { current, newer, stale, clone };

  // Remembers the newest life; `stale` changes nothing.
  Verdict observe(NodeId node, Incarnation incarnation) {
    Life& newest = newest_[node];
    if (incarnation.start() < newest.incarnation.start()) return Verdict::stale;
    if (incarnation.start() == newest.incarnation.start()) {
      newest.cloned = newest.cloned || incarnation != newest.incarnation;
      return newest.cloned ? Verdict::clone : Verdict::current;
    }
    newest = Life{incarnation, false};
    return Verdict::newer;
  }

 private:
  struct Life {
    Incarnation incarnation;
    bool cloned = false;
  };
  std::map<NodeId, Life> newest_;
};

}  // namespace shoal
