#include "bench/study/node_faults.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "bench/study/link_model.h"

namespace shoal::study {
namespace {

constexpr std::uint32_t kNodesMax = 16;
constexpr std::size_t kKeysMax = 10'000;  // are observed at once

struct Span {
  Millis least{};
  Millis most{};
};

// Rules draw uniformly.
std::optional<Span> span_of(const Distribution& delay) {
  if (delay.parts().size() != 1) return std::nullopt;
  const auto millis = [&](double ms) { return Millis(std::lround(ms + delay.parts()[0].plus_ms)); };
  if (const auto* constant = std::get_if<Constant>(&delay.parts()[0].shape))
    return Span{millis(constant->ms), millis(constant->ms)};
  if (const auto* uniform = std::get_if<Uniform>(&delay.parts()[0].shape))
    return Span{millis(uniform->min_ms), millis(uniform->max_ms)};
  return std::nullopt;
}

bool has_span(FaultWord word) {
  return word == FaultWord::delay || word == FaultWord::reorder || word == FaultWord::disk_slow;
}

FaultKind kind_of(FaultWord word) {
  switch (word) {
    case FaultWord::delay: return FaultKind::delay;
    case FaultWord::loss: return FaultKind::loss;
    case FaultWord::duplicate: return FaultKind::duplicate;
    case FaultWord::reorder: return FaultKind::reorder;
    case FaultWord::corrupt: return FaultKind::corrupt;
    case FaultWord::clock_jump:
    case FaultWord::clock_drift: return FaultKind::clock;
    case FaultWord::disk_slow: return FaultKind::disk_slow;
    case FaultWord::disk_full: return FaultKind::disk_full;
    case FaultWord::disk_error: return FaultKind::disk_error;
    default: return FaultKind::cut;
  }
}

bool is_cut(FaultWord word) { return word <= FaultWord::ring; }

bool is_done_to_processes(FaultWord word) {
  return word == FaultWord::crash || word == FaultWord::kill || word == FaultWord::restart ||
         word == FaultWord::pause || word == FaultWord::disk_lost;
}

bool simulator_only(FaultWord word) {
  return word == FaultWord::slow || word == FaultWord::lost_sync || word == FaultWord::partition_lost ||
         word == FaultWord::record_lost || word == FaultWord::bit_flip;
}

FaultRule rule_of(const Fault& fault) {
  FaultRule rule{.kind = kind_of(fault.word), .way = FaultWay::out};
  rule.lasts = Millis(std::max(1L, std::lround(fault.for_s * 1000)));
  if (fault.share > 0) rule.share = static_cast<std::uint32_t>(std::lround(fault.share * FaultRule::kAll));
  rule.offset = Millis(std::lround(fault.offset_ms));
  rule.drift_ppm = std::lround(fault.drift_ppm);
  if (const std::optional<Span> span = has_span(fault.word) ? span_of(fault.delay) : std::nullopt) {
    rule.least = span->least;
    rule.most = span->most;
  }
  return rule;
}

constexpr double kDay = 86'400;  // seconds

// What a node's configuration cannot express; empty when it can.
std::string why_not_configured(const ClusterPlan& plan) {
  struct Whole {
    std::string_view what;
    double value;
    double least;
    double most;
  };
  for (const auto& [what, value, least, most] :
       {Whole{"repair_interval_s in whole seconds", plan.repair_interval_s, 1, 86'400},
        Whole{"repair_mib_per_s in whole MiB", plan.repair_mib_per_s, 1, 1 << 14},
        Whole{"handoff_mib_per_s in whole MiB", plan.handoff_mib_per_s, 1, 1 << 14},
        Whole{"hints_max_mib in whole MiB", plan.hints_max_mib, 0, 1 << 20},
        Whole{"scrub_s in whole days of 86400 s", plan.scrub_s / kDay, 1, 365}})
    if (value != std::floor(value) || value < least || value > most)
      return "real nodes take cluster." + std::string(what) + ", from " + std::to_string(std::lround(least)) + " to " +
             std::to_string(std::lround(most));
  const auto is_odd = [](char c) { return c == '\'' || static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  for (const std::string& zone : plan.zones)
    if (zone.size() > 255 || std::ranges::any_of(zone, is_odd))
      return "a zone of real nodes has at most 255 bytes, no quote and no control character";
  return "";
}

}  // namespace

std::map<std::uint32_t, std::vector<FaultRule>> rules_of(const Fault& fault, std::uint32_t nodes) {
  std::map<std::uint32_t, std::vector<FaultRule>> rules;
  if (is_done_to_processes(fault.word)) return rules;
  if (!concerns_links(fault.word)) {
    for (const std::uint32_t node : fault.groups.front()) rules[node] = {rule_of(fault)};
    return rules;
  }
  for (std::uint32_t from = 0; from < nodes; ++from) {
    FaultRule rule = rule_of(fault);
    for (std::uint32_t to = 0; to < nodes; ++to)
      if (from != to && (is_cut(fault.word) ? cuts(fault, nodes, from, to) : concerns(fault, from, to)))
        rule.peers.push_back(node_name(to));
    if (!rule.peers.empty()) rules[from] = {std::move(rule)};
  }
  return rules;
}

Status check_on_nodes(const Scenario& scenario) {
  const auto refuse = [](const std::string& what) {
    return fail(Errc::invalid, what + "; run this study in the simulator (--on sim)");
  };
  for (const Fault& fault : scenario.faults) {
    if (simulator_only(fault.word)) return refuse("real nodes cannot suffer " + std::string(name_of(fault.word)));
    if (has_span(fault.word) && !span_of(fault.delay))
      return refuse("real nodes draw delays uniformly: write the delay of \"" + std::string(name_of(fault.word)) +
                    "\" as a number, or as uniform");
  }
  if (scenario.cluster.switches.own_legs) return refuse("a real node does not reach itself over a link");
  if (const std::string why = why_not_configured(scenario.cluster); !why.empty()) return refuse(why);
  if (scenario.cluster.gossip_only) return refuse("real nodes do not only gossip");
  if (scenario.cluster.nodes > kNodesMax)
    return refuse("more than " + std::to_string(kNodesMax) + " real nodes do not fit on one machine");
  for (const Workload& load : scenario.workloads)
    if (load.keys > kKeysMax && load.choice != KeyChoice::fresh)
      return refuse("the copies of more than " + std::to_string(kKeysMax) + " keys cannot be observed on real nodes");
  return Unit{};
}

}  // namespace shoal::study
