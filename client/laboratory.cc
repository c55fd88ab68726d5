#include "client/laboratory.h"

#include "client/ask_member.h"

namespace shoal {

using client_detail::ask_member;
using client_detail::Reply;

LaboratoryAccess::LaboratoryAccess(const Client& client, std::string token)
    : engine_(client.async().engine_), token_(std::move(token)) {}

Pending<FaultsReply> LaboratoryAccess::order(std::string_view node, FaultsRequest request) {
  request.token = token_;
  return ask_member<FaultsReply>(engine_, std::move(request), node, [](const Membership&, Reply reply) {
    return Result<FaultsReply>(std::get<FaultsReply>(std::move(reply)));
  });
}

Pending<FaultsReply> LaboratoryAccess::faults(std::string_view node) { return order(node, {}); }

Pending<FaultsReply> LaboratoryAccess::add(std::string_view node, std::vector<FaultRule> rules) {
  FaultsRequest request;
  request.op = FaultsOp::add;
  request.rules = std::move(rules);
  return order(node, std::move(request));
}

Pending<FaultsReply> LaboratoryAccess::clear(std::string_view node, std::vector<std::uint64_t> ids) {
  FaultsRequest request;
  request.op = FaultsOp::clear;
  request.ids = std::move(ids);
  return order(node, std::move(request));
}

Pending<ObserveReply> LaboratoryAccess::observe(std::string_view node, std::vector<Key> keys) {
  return ask_member<ObserveReply>(
      engine_, ObserveRequest{{}, token_, std::move(keys)}, node,
      [](const Membership&, Reply reply) { return Result<ObserveReply>(std::get<ObserveReply>(std::move(reply))); });
}

std::vector<NodeRule> partition_rules(const std::vector<std::vector<std::string>>& groups, bool one_way, Millis lasts) {
  std::vector<NodeRule> rules;
  for (std::size_t here = 0; here < groups.size(); ++here) {
    FaultRule rule{.kind = FaultKind::cut, .lasts = lasts};
    rule.way = one_way ? FaultWay::out : FaultWay::both;
    for (std::size_t there = 0; there < groups.size(); ++there)
      if (there != here) rule.peers.insert(rule.peers.end(), groups[there].begin(), groups[there].end());
    for (const std::string& node : groups[here]) rules.push_back({node, rule});
    if (one_way) break;
  }
  return rules;
}

}  // namespace shoal
