#include "bench/study/link_model.h"

#include <algorithm>

#include "bench/study/distribution.h"

namespace shoal::study {
namespace {

bool has(const Nodes& nodes, std::uint32_t node) { return std::ranges::find(nodes, node) != nodes.end(); }

int group_of(const Fault& fault, std::uint32_t node) {
  const auto found = std::ranges::find_if(fault.groups, [&](const Nodes& group) { return has(group, node); });
  return found != fault.groups.end() ? static_cast<int>(found - fault.groups.begin()) : -1;
}

}  // namespace

bool cuts(const Fault& fault, std::uint32_t nodes, std::uint32_t from, std::uint32_t to) {
  switch (fault.word) {
    case FaultWord::partition:
    case FaultWord::bridge: {
      const int a = group_of(fault, from);
      const int b = group_of(fault, to);
      return a >= 0 && b >= 0 && a != b && (!fault.one_way || a == 0);
    }
    case FaultWord::isolate: {
      const bool out = has(fault.groups.front(), from) && from != to;
      const bool in = has(fault.groups.front(), to) && from != to;
      return fault.one_way ? out && !in : out || in;
    }
    case FaultWord::ring: {
      const std::uint32_t apart = (from + nodes - to) % nodes;
      return apart > 1 && apart != nodes - 1;
    }
    default: return false;
  }
}

bool concerns(const Fault& fault, std::uint32_t from, std::uint32_t to) {
  const auto this_way = [&](std::uint32_t a, std::uint32_t b) {
    return (fault.groups.empty() || has(fault.groups.front(), a)) && (fault.to.empty() || has(fault.to, b));
  };
  return this_way(from, to) || (!fault.one_way && this_way(to, from));
}

LinkModel::LinkModel(const Scenario& scenario, Rng rng) : scenario_(scenario), rng_(rng) {
  if (scenario.link_rules.empty()) return;
  const std::uint32_t nodes = scenario.cluster.nodes;
  rule_of_.assign(std::size_t{nodes} * nodes, 0);
  for (std::uint32_t rule = 0; rule < scenario.link_rules.size(); ++rule)
    for (const std::uint32_t from : scenario.link_rules[rule].from)
      for (const std::uint32_t to : scenario.link_rules[rule].to) rule_of_[std::size_t{from} * nodes + to] = rule + 1;
}

const LinkQuality& LinkModel::quality(std::uint32_t from, std::uint32_t to) const {
  if (rule_of_.empty()) return scenario_.links;
  const std::uint32_t rule = rule_of_[std::size_t{from} * scenario_.cluster.nodes + to];
  return rule == 0 ? scenario_.links : scenario_.link_rules[rule - 1].quality;
}

Instant LinkModel::arrival(const LinkQuality& quality, std::uint32_t from, std::uint32_t to, Leg leg, Instant now) {
  Duration takes = quality.delay[static_cast<std::size_t>(leg)].draw(rng_);
  for (const Fault* fault : active_) {
    if (!concerns(*fault, from, to)) continue;
    if (fault->word == FaultWord::slow) takes = duration_of_ms(ms_of(takes) * fault->factor);
    if (fault->word == FaultWord::delay) takes += fault->delay.draw(rng_);
    if (fault->word == FaultWord::reorder && unit(rng_) < fault->share) takes += fault->delay.draw(rng_);
  }
  Instant at = now + takes;
  if (!quality.in_order) return at;
  Instant& last = last_arrival_[{from, to}];
  return last = std::max(last, at);
}

LinkModel::Arrivals LinkModel::between(std::uint32_t from, std::uint32_t to, Leg leg, Instant now) {
  const LinkQuality& of = quality(from, to);
  double lost = of.loss;
  double twice = of.duplicate;
  for (const Fault* fault : active_) {
    if (cuts(*fault, scenario_.cluster.nodes, from, to)) return {};
    if (!concerns(*fault, from, to)) continue;
    // A damaged message is refused by its receiver, frame and all.
    if (fault->word == FaultWord::loss || fault->word == FaultWord::corrupt) lost = 1 - (1 - lost) * (1 - fault->share);
    if (fault->word == FaultWord::duplicate) twice = 1 - (1 - twice) * (1 - fault->share);
  }
  if (lost > 0 && unit(rng_) < lost) return {};
  Arrivals arrivals{.first = arrival(of, from, to, leg, now)};
  if (twice > 0 && unit(rng_) < twice) arrivals.second = arrival(of, from, to, leg, now);
  return arrivals;
}

Instant LinkModel::with_client(std::uint32_t node, Instant now) {
  return now + quality(node, node).delay[static_cast<std::size_t>(Leg::client)].draw(rng_);
}

bool LinkModel::is_cut(std::uint32_t from, std::uint32_t to) const {
  return std::ranges::any_of(active_,
                             [&](const Fault* fault) { return cuts(*fault, scenario_.cluster.nodes, from, to); });
}

}  // namespace shoal::study
