// Mutant: a node says that it keeps what another owner has missed, and keeps nothing. Everything else of hints.cc is as
// built; here alone the class has the function under a second name.
#include "node/core/replica.h"
#include "node/core/store.h"
#include "node/ring/preference_list.h"

#define keep                                                              \
  keep_as_built(NodeId owner, const Slot& slot, const Replicate& missed); \
  Result<CommitId> keep
#include "node/core/hints.h"
#undef keep

#define keep keep_as_built
#include "node/core/hints.cc"
#undef keep

namespace shoal {

Result<CommitId> Hints::keep(NodeId owner, const Slot& slot, const Replicate& missed) {
  const Place place(owner, slot);
  const Result<EntryPtr> held = store_.read(place);
  if (held && *held == nullptr) return store_.erase(place);  // a commit without it
  return keep_as_built(owner, slot, missed);
}

}  // namespace shoal
