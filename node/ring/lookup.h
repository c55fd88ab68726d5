// What a membership document says of a name or an id that somebody mentions.
#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/ring/membership.h"

namespace shoal {

// The member's name; of a member that the document does not know, its id.
std::string name_in(const Membership& document, NodeId id);

// The member with this name, address or id, as people name one; not among removed members.
const Member* find_member(const Membership& document, std::string_view wanted);

// Errc::invalid, with the command that would create it: there is no such bucket.
Status check_bucket(const Membership& document, const std::string& name);

}  // namespace shoal
