// Builds the public values from what travels on the wire.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/shoal/client.hpp"
#include "node/wire/frame.h"

namespace shoal::client_detail {

struct Access {
  static Context context(std::string bytes) { return Context(std::move(bytes)); }
  static std::string bytes(const Context& context) { return std::string(context.view()); }
  static Object object(GetReply reply);
  static std::shared_ptr<SessionState> session(const Session* session) {
    return session != nullptr ? session->state_ : nullptr;
  }
};

Receipt receipt_of(PutReply reply);
BucketStatus bucket_status(const Bucket& bucket);
NodeStatus status_of(const StatusReply& reply);
Placement placement_of(const StatusReply& view, const Key& key);
// Names come from the document; members that it does not know are shown by their ids.
HintStatus hints_of(const Membership& document, const HintsReply& reply);
NodeSnapshots snapshots_of(const Membership& document, const SnapshotReply& reply);
RepairStatus repair_of(const Membership& document, const RepairReply& reply);
NodeEvents events_of(const Membership& document, const EventsReply& reply);
// Liveness is "unknown" for members that `views` does not name.
MemberStatus member_status(const Member& member, const std::vector<MemberView>& views);

}  // namespace shoal::client_detail
