#include "bench/study/scenario.h"

#include <algorithm>
#include <cmath>

namespace shoal::study {
namespace {

constexpr std::array<std::string_view, kLegs> kLegNames = {"write", "ack", "read", "response", "other", "client"};

constexpr std::array<std::string_view, static_cast<std::size_t>(FaultWord::count_)> kFaultNames = {
    "partition", "isolate",   "bridge",     "ring",      "delay",     "slow",           "loss",        "duplicate",
    "reorder",   "corrupt",   "crash",      "kill",      "restart",   "pause",          "clock_jump",  "clock_drift",
    "disk_slow", "disk_full", "disk_error", "lost_sync", "disk_lost", "partition_lost", "record_lost", "bit_flip"};

std::string names_of(const Nodes& nodes) {
  std::string names;
  for (const std::uint32_t node : nodes) names += (names.empty() ? "" : ", ") + node_name(node);
  return names;
}

Nodes shuffled(std::uint32_t count, Rng& rng) {
  Nodes nodes(count);
  for (std::uint32_t i = 0; i < count; ++i) nodes[i] = i;
  for (std::uint32_t i = count; i > 1; --i) std::swap(nodes[i - 1], nodes[rng.below(i)]);
  return nodes;
}

// How strong a fault of this kind is when nobody says.
void draw_strength(Fault& fault, Rng& rng) {
  switch (fault.word) {
    case FaultWord::loss:
    case FaultWord::duplicate:
    case FaultWord::reorder:
    case FaultWord::corrupt: fault.share = 0.01 + 0.3 * unit(rng); break;
    case FaultWord::slow: fault.factor = 2 + 50 * unit(rng); break;
    case FaultWord::clock_jump: fault.offset_ms = std::round(2 * 3'600'000 * (unit(rng) - 0.5)); break;
    case FaultWord::clock_drift: fault.drift_ppm = std::round(1000 * (unit(rng) - 0.5)); break;
    case FaultWord::partition: fault.one_way = rng.chance(250'000); break;
    default: break;
  }
  if (fault.word == FaultWord::delay || fault.word == FaultWord::disk_slow || fault.word == FaultWord::reorder)
    fault.delay = Distribution({{1, Exponential{1 + 200 * unit(rng)}}}, 0);
}

Fault draw_fault(const Scenario& scenario, double at_s, Rng& rng) {
  Fault fault;
  fault.word = scenario.random.words[rng.below(scenario.random.words.size())];
  fault.at_s = at_s;
  fault.for_s = std::chrono::duration<double>(scenario.random.lasts.draw(rng)).count();
  const Nodes order = shuffled(scenario.cluster.nodes, rng);
  const auto middle =
      order.begin() + static_cast<std::ptrdiff_t>(rng.between(1, std::max<std::size_t>(order.size() / 2, 1)));
  if (fault.word == FaultWord::partition) {
    fault.groups = {{order.begin(), middle}, {middle, order.end()}};
  } else if (fault.word == FaultWord::bridge && order.size() > 2) {
    fault.groups = {{order.begin() + 1, middle + 1}, {middle + 1, order.end()}};  // the first node sees both
  } else {
    fault.groups = {{order.front()}};
  }
  draw_strength(fault, rng);
  return fault;
}

std::int32_t replies(const ClusterPlan& cluster, const Workload& load, std::int32_t asked,
                     std::int32_t Bucket::*of_bucket) {
  const auto bucket = std::ranges::find(cluster.buckets, load.bucket, &Bucket::name);
  if (asked == 0 && bucket != cluster.buckets.end()) asked = (*bucket).*of_bucket;
  const auto replicas = static_cast<std::int32_t>(cluster.replicas);
  return asked == 0 ? replicas / 2 + 1 : asked < 0 ? replicas : asked;
}

}  // namespace

std::string_view name_of(Leg leg) { return kLegNames[static_cast<std::size_t>(leg)]; }
std::string_view name_of(FaultWord word) { return kFaultNames[static_cast<std::size_t>(word)]; }
bool concerns_links(FaultWord word) { return word <= FaultWord::corrupt; }

Scenario with_faults_drawn(Scenario scenario, std::uint64_t seed) {
  const RandomFaults& random = scenario.random;
  if (random.per_minute > 0 && !random.words.empty()) {
    Rng rng = Rng(seed).fork("random faults");
    const auto gap = [&] { return -60 / random.per_minute * std::log(unit(rng)); };
    for (double at = gap(); at < scenario.seconds; at += gap())
      scenario.faults.push_back(draw_fault(scenario, at, rng));
  }
  std::ranges::stable_sort(scenario.faults, {}, &Fault::at_s);
  return scenario;
}

Kind kind_of(const ClusterPlan& cluster, std::string_view bucket) {
  const auto found = std::ranges::find(cluster.buckets, bucket, &Bucket::name);
  return found != cluster.buckets.end() ? found->kind : Kind::siblings;
}

std::int32_t replies_read(const Scenario& scenario, const Workload& load) {
  if (load.r == 0 && load.level == Level::eventual) return 1;
  if (load.r == 0 && load.level == Level::all) return static_cast<std::int32_t>(scenario.cluster.replicas);
  return replies(scenario.cluster, load, load.r, &Bucket::r);
}

std::int32_t replies_written(const Scenario& scenario, const Workload& load) {
  if (load.w == 0 && load.level == Level::eventual) return 1;
  if (load.w == 0 && load.level == Level::all) return static_cast<std::int32_t>(scenario.cluster.replicas);
  return replies(scenario.cluster, load, load.w, &Bucket::w);
}

std::string node_name(std::uint32_t node) { return "n" + std::to_string(node + 1); }

std::string zone_of(const ClusterPlan& cluster, std::uint32_t node) {
  return cluster.zones[node % cluster.zones.size()];
}

std::string where(const Fault& fault) {
  std::string text;
  for (const Nodes& group : fault.groups) text += (text.empty() ? "" : " | ") + names_of(group);
  if (!fault.to.empty()) text += " > " + names_of(fault.to);
  return text.empty() ? "all" : text;
}

}  // namespace shoal::study
