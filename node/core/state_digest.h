// The digest by which two nodes find out that they hold the same of a key.
#pragma once

#include "node/base/hash.h"
#include "node/base/ids.h"
#include "vclock/record.h"

namespace shoal {

// Of the causal state (clock, dots, flags; never values: a dot names one value), keyed with the slot, which is a secret
// of the cluster. Never zero: zero says "holds nothing".
Hash128 state_digest(const Slot& slot, const Record& record);

}  // namespace shoal
