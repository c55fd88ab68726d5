// Mutant: an acceptor answers before its state is on the disk, so that a power cut makes it forget what it has promised
// and accepted.
#include "node/core/acceptors.h"

#define send_after(commit, to, message) send((static_cast<void>(commit), to), message)
#include "node/core/acceptors.cc"
#undef send_after
