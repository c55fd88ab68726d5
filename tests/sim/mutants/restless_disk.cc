// Mutant: how long a sync takes depends on the syncs of earlier runs of this program. It breaks no invariant of the
// store; a seed does not name one run any more.
#include "bench/sim/sync_report.h"

namespace shoal::sim {

Duration reported_after(Duration sync) {
  static Duration::rep syncs = 0;
  return sync + Duration(++syncs);
}

}  // namespace shoal::sim
