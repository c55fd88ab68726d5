// What a node knows of a key.
//
// An owner knows its own copy, and "nothing" is knowledge. A fallback knows only what it was told while it stood in:
// the join of the hints that it keeps of the key. Without one it does not know: whatever the owners hold,
// nobody told this node.
#pragma once

#include "node/core/replica.h"
#include "node/ring/preference_list.h"

namespace shoal {

// nullptr: this owner holds nothing. Errc::unavailable: a fallback without a hint. Errc::corrupt, Errc::io or
// Errc::refused: cannot be read. Every error means "don't know".
Result<RecordPtr> held_state(Replica& replica, const PreferenceLists& ring, NodeId self, const Slot& slot,
                             const Key& key);

// The join of all hints of the key at this node, for whomever they are. nullptr: there is none.
Result<RecordPtr> join_of_hints(Replica& replica, const Membership& document, const Slot& slot, const Key& key);

}  // namespace shoal
