#include "node/core/read_repair.h"

#include "node/core/repair_session.h"

namespace shoal {

void ReadRepair::send(NodeId owner, const Key& key, Kind kind, const RecordPtr& state, Instant now) {
  while (!sent_.empty() && sent_.begin()->second + kForgottenAfter <= now) sent_.erase(sent_.begin());
  if (sent_.size() >= kOutstandingMax) return services_.trace.mark(Mark::read_repair_skipped);
  services_.trace.mark(Mark::read_repair_sent);
  services_.traffic.read_repair_bytes += key.bucket.size() + key.name.size() + state_bytes(*state);
  const CallId call = services_.new_call();
  sent_.emplace(call, now);
  Replicate repair{call, services_.topology.document().epoch, key, state, kind};
  repair.purpose = Purpose::repair;
  services_.outbox.send(owner, std::move(repair));
}

}  // namespace shoal
