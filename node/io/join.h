// The first start of a node: found a cluster, or ask a member of one to be let in.
#pragma once

#include <zmq.hpp>

#include "node/base/endpoint.h"
#include "node/io/config.h"
#include "node/ring/membership.h"
#include "node/wire/frame.h"

namespace shoal {

// A cluster of one: draws cluster id and key.
Membership found_cluster(const Config& config, NodeId self);

// Asks the seed until it answers. Errc::refused with the cluster's sentence, Errc::timeout when nobody answers within
// a minute, Errc::closed when `signal_fd` becomes readable meanwhile. `known`: the cluster that this node belongs to
// already, if any; another one is not even asked.
Result<Membership> join_cluster(zmq::context_t& context, const Config& config, NodeId self, ClusterId known,
                                int signal_fd);

// A node that comes back under another address says a word at the one that its folder remembers. Nobody is there, or
// somebody who does not care, unless the folder was copied and the original runs: then both stop, this one with
// Errc::refused and the sentence. Errc::closed as above.
Status challenge_old_address(const FrameHeader& self, const std::string& address, int signal_fd);

}  // namespace shoal
