// A measurement in a process of its own: it can be limited, killed, and its memory is its own.
#pragma once

#include <functional>
#include <string>

#include "node/base/result.h"

namespace shoal {

// Runs it in a forked process; what it writes to the stream is returned. A child that kills itself on purpose has said
// all that it had to say. Precondition: no other thread runs.
Result<std::string> in_child(const std::function<Status(std::FILE* answer)>& work);

}  // namespace shoal
