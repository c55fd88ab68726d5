// SIGTERM and SIGINT as something to poll.
#pragma once

#include "node/io/unique_fd.h"

namespace shoal {

// Blocks both signals for this thread and those it starts later; call before any other thread exists.
UniqueFd block_and_watch_signals();

// Takes one signal that has come. After that the next one ends the process at once.
void take_signal(const UniqueFd& signals);

}  // namespace shoal
