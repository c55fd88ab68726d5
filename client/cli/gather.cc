#include "client/cli/gather.h"

namespace shoal::cli {

std::vector<MemberStatus> present_members(const NodeStatus& view) {
  std::vector<MemberStatus> members = view.members;
  std::erase_if(members, [](const MemberStatus& member) { return member.state == "removed"; });
  std::ranges::sort(members, {}, &MemberStatus::name);
  return members;
}

std::vector<Answer<NodeStatus>> status_of_all(Session& session, const NodeStatus& view) {
  Async async = session.db().async();
  return ask_all<NodeStatus>(present_members(view),
                             [&](const MemberStatus& member) { return async.status(member.id); });
}

}  // namespace shoal::cli
