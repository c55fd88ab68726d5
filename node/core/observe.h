// What a laboratory sees of a node's own copies.
#pragma once

#include "node/core/store.h"
#include "node/core/study_messages.h"

namespace shoal {

// The copies alone; the caller adds who it is and what it counts. Errc::invalid for too many keys at once.
ObserveReply observe(Store& store, const HashKey& cluster_key, const ObserveRequest& request);

}  // namespace shoal
