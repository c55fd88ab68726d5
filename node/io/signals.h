// SIGTERM and SIGINT as something to poll.
#pragma once

#include "node/io/unique_fd.h"

namespace shoal {

// Blocks both signals for this thread and those it starts later; call before any other thread exists.
UniqueFd block_and_watch_signals();

// A page of a mapped file that the disk cannot read any more comes as SIGBUS to whoever touches it. LMDB is mapped, and
// no thread can go on from there: the process ends with a sentence instead of a bare signal, and with exit code 4 as a
// node, with 6 when it was to find out whether a folder is damaged.
enum class Reading { to_serve, to_check };
void end_on_unreadable_pages(Reading reading);

// Takes one signal that has come. After that the next one ends the process at once.
void take_signal(const UniqueFd& signals);

}  // namespace shoal
