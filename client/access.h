// Builds the public values from what travels on the wire.
#pragma once

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
};

Receipt receipt_of(PutReply reply);
NodeStatus status_of(const StatusReply& reply);
// Liveness is "unknown" for members that `views` does not name.
MemberStatus member_status(const Member& member, const std::vector<MemberView>& views);

}  // namespace shoal::client_detail
