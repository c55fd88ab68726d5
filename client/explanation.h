// Why a key is as it is: from what every member holds of it to what is wrong and what will fix it.
//
// The idea: the join of all that was found is what the key should be. An owner whose clock does not cover the join is
// behind. What it lacks comes by the first of these that holds: a hint for it that has it all, a read (which repairs
// what it finds behind), a repair of the partition.
#pragma once

#include "client/shoal/cluster.hpp"
#include "node/wire/frame.h"

namespace shoal::client_detail {

// A record without its values, as people are told of it.
Holding holding_of(const Record& state);
Explanation explanation_of(const Membership& document, const Key& key, const ExplainReply& reply);
// `here` and `there` are the nodes that were compared, by name.
NodeDifference difference_of(std::string here, std::string there, const DiffReply& reply);

}  // namespace shoal::client_detail
