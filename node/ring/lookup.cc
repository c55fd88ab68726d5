#include "node/ring/lookup.h"

#include <algorithm>

namespace shoal {

std::string name_in(const Membership& document, NodeId id) {
  const Member* member = document.find(id);
  return member != nullptr ? member->name : to_string(id);
}

const Member* find_member(const Membership& document, std::string_view wanted) {
  const auto it = std::ranges::find_if(document.members, [&](const Member& member) {
    return member.state != MemberState::removed &&
           (member.name == wanted || member.address == wanted || to_string(member.id) == wanted);
  });
  return it != document.members.end() ? &*it : nullptr;
}

Status check_bucket(const Membership& document, const std::string& name) {
  if (document.bucket(name) != nullptr) return Unit{};
  return fail(Errc::invalid, "there is no bucket \"" + name + "\"; create it with: shoal bucket create " + name);
}

}  // namespace shoal
