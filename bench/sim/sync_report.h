// When a disk that needs `sync` to make a commit durable says that it has done so.
#pragma once

#include "node/base/time.h"

namespace shoal::sim {

Duration reported_after(Duration sync);

}  // namespace shoal::sim
