#include "node/core/register_record.h"

namespace shoal {

Record record_of(const paxos::Register& chosen) {
  const Dot dot{kRegisterActor, chosen.version};
  Record record;
  record.clock.raise(dot);
  record.siblings.push_back({dot, Hlc{chosen.hlc}, chosen.request, !chosen.exists, chosen.value});
  return record;
}

}  // namespace shoal
