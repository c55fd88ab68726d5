#include "node/core/held_state.h"

#include <utility>

namespace shoal {

Result<RecordPtr> join_of_hints(Replica& replica, const Membership& document, const Slot& slot, const Key& key) {
  RecordPtr joined;
  for (const Member& owner : document.members) {
    const Result<EntryPtr> hint = replica.read(Place(owner.id, slot), key);
    if (!hint) return hint.error();
    if (!*hint) continue;
    const Entry& entry = **hint;
    if (joined == nullptr) {
      joined = RecordPtr(*hint, &entry.record);
    } else {
      Record both = *joined;
      merge(entry.kind, both, entry.record);
      joined = std::make_shared<const Record>(std::move(both));
    }
  }
  return joined;
}

Result<RecordPtr> held_state(Replica& replica, const PreferenceLists& ring, NodeId self, const Slot& slot,
                             const Key& key) {
  if (ring.owns(self, ring.partition_of(slot))) {
    const Result<EntryPtr> held = replica.read(slot, key);
    if (!held) return held.error();
    return *held ? RecordPtr(*held, &(*held)->record) : RecordPtr();
  }
  Result<RecordPtr> hints = join_of_hints(replica, ring.document(), slot, key);
  if (hints && *hints == nullptr) return fail(Errc::unavailable, "this node is no owner of the key and has no hint");
  return hints;
}

}  // namespace shoal
