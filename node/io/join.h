// The first start of a node: found a cluster, or ask a member of one to be let in.
#pragma once

#include <zmq.hpp>

#include "node/base/endpoint.h"
#include "node/io/config.h"
#include "node/ring/membership.h"

namespace shoal {

// A cluster of one: draws cluster id and key.
Membership found_cluster(const Config& config, NodeId self);

// Asks the seed until it answers. Errc::refused with the cluster's sentence, Errc::timeout when nobody answers within
// a minute, Errc::closed when `signal_fd` becomes readable meanwhile.
Result<Membership> join_cluster(zmq::context_t& context, const Config& config, NodeId self, int signal_fd);

}  // namespace shoal
