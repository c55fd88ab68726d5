// Mutant: the read in one round trip takes the newest answer of a majority, though no majority agrees on it.
#include "node/core/strong_coordinator.h"

#define is_chosen has_majority
#include "node/core/strong_coordinator.cc"
#undef is_chosen
