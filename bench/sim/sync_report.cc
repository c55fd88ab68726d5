// A file of its own, so that a test can link a disk that lies and see it caught.
#include "bench/sim/sync_report.h"

namespace shoal::sim {

Duration reported_after(Duration sync) { return sync; }

}  // namespace shoal::sim
