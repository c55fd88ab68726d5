// Orders about faults as they are written: whether they make sense, whom they name, and how people read them.
#pragma once

#include <string>
#include <vector>

#include "node/base/result.h"
#include "node/core/study_messages.h"
#include "node/ring/membership.h"

namespace shoal {

// Errc::invalid with what is wrong, by itself.
Status check_fault(const FaultRule& rule);
// The members that it names. Errc::invalid: there is no such member, or it is this node.
Result<std::vector<const Member*>> fault_peers(const FaultRule& rule, const Membership& document, NodeId self);

// "20 s", "1500 ms"
std::string seconds_text(Millis span);

}  // namespace shoal
