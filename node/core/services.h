// What the coordinators of one node share.
#pragma once

#include <algorithm>
#include <span>

#include "node/base/ids.h"
#include "node/base/time.h"
#include "node/core/event_log.h"
#include "node/core/hints.h"
#include "node/core/message.h"
#include "node/core/outbox.h"
#include "node/core/peer_pace.h"
#include "node/core/peers.h"
#include "node/core/repair_coverage.h"
#include "node/core/repair_marks.h"
#include "node/core/repair_traffic.h"
#include "node/core/replica.h"
#include "node/core/store.h"
#include "node/core/study_switches.h"
#include "node/core/topology.h"
#include "node/core/trace.h"
#include "node/ring/preference_list.h"

namespace shoal {

// What a message says of the time until its sender's deadline: at least a millisecond, for 0 says nothing.
inline Millis time_left(Instant deadline, Now now) {
  return std::max(Millis(1), std::chrono::ceil<Millis>(deadline - now.mono));
}

struct Services {
  static constexpr std::size_t kBusyWaiting = 64;  // messages

  NodeId self;
  bool sync = true;
  StudySwitches study;
  Store& store;
  Replica& replica;
  Hints& hints;
  RepairMarks& repair_marks;
  RepairCoverage& coverage;
  Topology& topology;
  Outbox& outbox;
  Peers& peers;
  PeerPace& pace;
  Trace& trace;
  EventLog& events;
  std::uint64_t next_call = 1;
  RepairTraffic traffic = {};

  CallId new_call() { return CallId{next_call++}; }

  // Who may answer for an owner of the partition that is down, best first.
  [[nodiscard]] std::span<const NodeId> fallbacks(PartitionId partition) const {
    return study.stand_ins() ? topology.ring()->fallbacks(partition) : std::span<const NodeId>();
  }

  // Much waits for the disk: whatever can wait should.
  [[nodiscard]] bool busy() const { return outbox.waiting() > kBusyWaiting; }

  // Answers whoever asked: a client directly, a peer that forwarded a client's request through Forwarded.
  void reply(const Address& asker, ClientReply reply) {
    const CallId call = std::visit([](const auto& r) { return r.call; }, reply);
    if (std::holds_alternative<NodeId>(asker)) return outbox.send(asker, Forwarded{call, std::move(reply)});
    std::visit([&](auto& r) { outbox.send(asker, std::move(r)); }, reply);
  }
};

}  // namespace shoal
