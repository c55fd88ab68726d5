// What the shoal command's exit status means. Scripts depend on it: never renumber.
#pragma once

#include "node/base/result.h"

namespace shoal::cli {

enum Exit : int {
  kDone = 0,
  kAbsent = 1,       // no such key
  kUsage = 2,        // the request itself is wrong
  kConflict = 3,     // concurrent values and no rule to choose
  kUnavailable = 4,  // and certainly not applied
  kMaybe = 5,        // timeout or partial quorum: may have been applied
  kUnhealthy = 6,    // a check failed; a study is invalid
  kRefused = 7,
  kUnknown = 8,  // a study could not decide
  kBug = 70,
};

Exit exit_code_of(Errc code);
// The code's name in JSON output.
const char* name_of(Errc code);

}  // namespace shoal::cli
