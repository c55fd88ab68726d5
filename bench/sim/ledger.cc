#include "bench/sim/ledger.h"

#include <fmt/format.h>

#include "node/core/register_record.h"

namespace shoal::sim {
namespace {

constexpr std::size_t kViolationsMax = 20;  // the first few tell the story

}  // namespace

std::string to_text(const Dot& dot) {
  return fmt::format("({:x}.{}, {})", dot.actor.incarnation.value, dot.actor.epoch, dot.counter);
}

std::string to_text(const RequestId& request) { return fmt::format("{:x}#{}", request.client, request.sequence); }

void Ledger::violation(std::string sentence) {
  if (violations_.size() < kViolationsMax) violations_.push_back(std::move(sentence));
}

template <class Visit>
void Ledger::each_dot(const Slot& slot, Visit visit) {
  const auto dots = by_slot_.find(slot);
  if (dots == by_slot_.end()) return;
  for (DotFacts* facts : dots->second) visit(*facts);
}

void Ledger::learn(std::uint32_t node, const Slot& slot, const Sibling& sibling) {
  const bool of_register = sibling.dot.actor == kRegisterActor;
  const DotName name{sibling.dot, of_register ? slot : Slot{}};
  const auto known = facts_.find(name);
  if (known != facts_.end()) {
    const DotFacts& facts = known->second;
    if (facts.request != sibling.request || facts.tombstone != sibling.tombstone || facts.slot != slot ||
        facts.hlc != sibling.hlc || facts.value != sibling.value.view())
      violation(fmt::format("dot {} names two writes: {} and {}", to_text(sibling.dot), to_text(facts.request),
                            to_text(sibling.request)));
    return;
  }
  const auto life = lives_.find(sibling.dot.actor.incarnation);
  const bool minted_here = life != lives_.end() && life->second == node;
  if (!minted_here && !of_register)
    violation(fmt::format("dot {} first appears at node {}, which did not mint it", to_text(sibling.dot), node));
  DotFacts& facts = facts_[name];
  facts.dot = sibling.dot;
  facts.slot = slot;
  facts.request = sibling.request;
  facts.hlc = sibling.hlc;
  facts.tombstone = sibling.tombstone;
  facts.value = sibling.value.view();
  by_slot_[slot].push_back(&facts);
  by_request_[sibling.request].push_back(&facts);
}

void Ledger::wrote(std::uint32_t node, const Place& place, const Record* before, const Record& after) {
  const Slot& slot = place.slot;
  if (before != nullptr && !after.clock.descends(before->clock))
    violation(fmt::format("the record {:x} at node {} went backwards", slot.hi, node));
  for (const Sibling& sibling : after.siblings) learn(node, slot, sibling);
  if (!has(relaxed_, node)) return;
  each_dot(slot, [&](DotFacts& facts) {
    if (has(facts.held, node) || !after.clock.covers(facts.dot)) return;
    facts.held |= only(node);
    facts.ever_held |= only(node);
  });
}

void Ledger::synced(std::uint32_t node, const Slot& slot, const Record& record) {
  each_dot(slot, [&](DotFacts& facts) {
    if ((has(facts.ever_synced, node) && has(facts.held, node)) || !record.clock.covers(facts.dot)) return;
    facts.held |= only(node);
    facts.ever_held |= only(node);
    facts.ever_synced |= only(node);
  });
}

void Ledger::release(DotFacts& facts, std::uint32_t node) {
  if (!has(facts.held, node)) return;
  facts.lost |= only(node);
  facts.held &= ~only(node);
  if (facts.held == 0) facts.orphaned = true;
}

void Ledger::dropped_hint(std::uint32_t node, NodeId owner, const Slot& slot, const Record& hint) {
  const std::uint32_t missed_by = nodes_.at(owner);
  each_dot(slot, [&](const DotFacts& facts) {
    if (hint.clock.covers(facts.dot) && !has(facts.ever_synced | facts.lost, missed_by))
      violation(fmt::format("node {} dropped the hint of dot {} that node {} never had on its disk", node,
                            to_text(facts.dot), missed_by));
  });
}

void Ledger::erased(std::uint32_t node, const Slot& slot, const Record* left) {
  each_dot(slot, [&](DotFacts& facts) {
    if (left == nullptr || !left->clock.covers(facts.dot)) release(facts, node);
  });
}

void Ledger::survived_crash(std::uint32_t node, const Slot& slot, const Record* left) {
  each_dot(slot, [&](DotFacts& facts) {
    if (left != nullptr && left->clock.covers(facts.dot)) {
      facts.held |= only(node);
      facts.ever_held |= only(node);
      facts.ever_synced |= only(node);
      return;
    }
    if (has(facts.held, node) && !has(relaxed_, node))
      violation(fmt::format("node {} lost the synced dot {} in a crash", node, to_text(facts.dot)));
    release(facts, node);
  });
}

void Ledger::destroyed(std::uint32_t node, const Slot& slot, const Record& lost, const Record* left) {
  each_dot(slot, [&](DotFacts& facts) {
    if (left != nullptr && left->clock.covers(facts.dot)) return;
    if (lost.clock.covers(facts.dot)) facts.lost |= only(node);
    release(facts, node);
  });
}

std::vector<const DotFacts*> Ledger::dots_of(const RequestId& request) const {
  const auto dots = by_request_.find(request);
  if (dots == by_request_.end()) return {};
  return {dots->second.begin(), dots->second.end()};
}

}  // namespace shoal::sim
