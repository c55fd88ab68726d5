// For laboratories: ordering faults at nodes and reading what they themselves hold. Works at nodes that were started
// with `--allow-faults FILE`, for those who know the token in FILE; other nodes answer Errc::refused with a sentence.
//
//     LaboratoryAccess laboratory(client, token);
//     for (const auto& [node, rule] : partition_rules({{"n1", "n2"}, {"n3", "n4", "n5"}}, false, 20s))
//       laboratory.add(node, {rule}).get().value();
//     const ObserveReply seen = laboratory.observe("n1", {{"default", "k"}}).get().value();
//
// No part of libshoal's public headers: it speaks in the wire's own structs, so that a laboratory compares version
// vectors and not texts.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/shoal/client.hpp"
#include "node/wire/frame.h"

namespace shoal {

class LaboratoryAccess {
 public:
  // Works until the client is closed, with its time-out.
  LaboratoryAccess(const Client& client, std::string token);

  // Each of the member with this name, id or address; the reply says what is in force there then.
  // Errc::indeterminate of add and clear: it may have been done.
  Pending<FaultsReply> faults(std::string_view node);
  // All rules or none; Errc::invalid says which makes no sense. `peers` are names or ids.
  Pending<FaultsReply> add(std::string_view node, std::vector<FaultRule> rules);
  // No ids: all faults of this node. Errc::not_found: one of them is not in force.
  Pending<FaultsReply> clear(std::string_view node, std::vector<std::uint64_t> ids = {});
  // The node's own copies of these keys (at most ObserveRequest::kKeysMax), in their order, and its counts. Nothing is
  // repaired by it; the node reads them all in one go, some microseconds each.
  Pending<ObserveReply> observe(std::string_view node, std::vector<Key> keys);

 private:
  Pending<FaultsReply> order(std::string_view node, FaultsRequest request);

  std::shared_ptr<client_detail::Engine> engine_;
  std::string token_;
};

// What one node is ordered.
struct NodeRule {
  std::string node;
  FaultRule rule;
};
// No frame between the groups: each of their nodes cuts all others' off. `one_way`: none from the first group to the
// others, and everything back. A node in no group sees all.
std::vector<NodeRule> partition_rules(const std::vector<std::vector<std::string>>& groups, bool one_way, Millis lasts);

extern template class Pending<FaultsReply>;
extern template class Pending<ObserveReply>;

}  // namespace shoal
