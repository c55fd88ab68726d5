// Topology rules: which changes of the membership document are allowed, and what each of them makes of it. Pure.
#pragma once

#include <functional>
#include <variant>
#include <vector>

#include "node/base/result.h"
#include "node/core/message.h"
#include "node/ring/membership.h"

namespace shoal {

// The cluster's own wish: these shall be the voters, unless a person has named others.
struct ChooseVoters {
  std::vector<NodeId> voters;  // sorted
};

using TopologyRequest = std::variant<Join, CloseFormation, BucketRequest, VotersRequest, ChooseVoters>;

// What is wrong with a request whatever the newest document says, so that no voter has to be asked.
Status check_request(const Membership& document, const TopologyRequest& request);

// `document` with the change made, its number still the same; equal to it when it is so already. Errc::refused or
// Errc::invalid with a sentence. Precondition: check_request, and the request breaks no glass.
Result<Membership> changed(const Membership& document, const TopologyRequest& request);

// An odd number of members, kVotersChosenMax at most, in as many zones as can be. Voters that are members stay; nobody
// becomes one whom `is_there` denies.
inline constexpr std::size_t kVotersChosenMax = 5;
std::vector<NodeId> choose_voters(const Membership& document, const std::function<bool(NodeId)>& is_there);

// The first document of the next generation, in which `self` alone votes. Every later generation's documents have
// higher numbers than all of the ones before.
Membership next_generation(const Membership& document, NodeId self);

}  // namespace shoal
