// What a fault of a scenario means to real nodes: rules that they are ordered to keep, or something done to their
// processes.
#pragma once

#include <map>
#include <vector>

#include "bench/study/scenario.h"
#include "node/base/result.h"
#include "node/core/study_messages.h"

namespace shoal::study {

// The rules that this fault is at each node, by node; empty for what is done to processes.
std::map<std::uint32_t, std::vector<FaultRule>> rules_of(const Fault& fault, std::uint32_t nodes);

// Errc::invalid with a sentence for what only the simulator can do.
Status check_on_nodes(const Scenario& scenario);

}  // namespace shoal::study
