#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "bench/study/measure_parts.h"

namespace shoal::study {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool is_read(const Operation& operation) { return !operation.is_write(); }
// Probes are reads like others.
bool is_load(const Operation& operation) { return operation.phase != Phase::final && operation.invoked >= 0; }
double latency_ms(const Operation& operation) { return (operation.completed - operation.invoked) * 1000; }

Period period_of(const Operation& operation, const std::vector<FaultSpan>& faults) {
  double first = std::numeric_limits<double>::infinity();
  for (const FaultSpan& fault : faults) {
    if (operation.invoked <= fault.end && operation.completed >= fault.begin) return Period::during;
    first = std::min(first, fault.begin);
  }
  return operation.invoked < first ? Period::before : Period::after;
}

void count(Service& service, std::vector<double>& latencies, const Operation& operation) {
  switch (operation.outcome) {
    case Outcome::ok:
      ++service.ok;
      latencies.push_back(latency_ms(operation));
      break;
    case Outcome::fail: ++(operation.lost() ? service.lost : service.fail); break;
    case Outcome::info: ++service.info; break;
  }
}

// What began within one second.
struct Second {
  std::array<Service, 2> services;  // reads, writes
  std::array<std::vector<double>, 2> latencies;
  std::uint64_t values = 0;
  std::uint64_t reads_with_values = 0;
};

std::vector<Second> by_second(const Recording& recording) {
  std::vector<Second> seconds(static_cast<std::size_t>(std::max(0.0, std::ceil(recording.seconds))));
  for (const Operation& operation : recording.operations) {
    if (!is_load(operation) || operation.invoked >= static_cast<double>(seconds.size())) continue;
    Second& second = seconds[static_cast<std::size_t>(operation.invoked)];
    const std::size_t kind = is_read(operation) ? 0 : 1;
    count(second.services[kind], second.latencies[kind], operation);
    if (kind == 0 && operation.outcome == Outcome::ok && !operation.returned.empty()) {
      second.values += operation.returned.size();
      ++second.reads_with_values;
    }
  }
  return seconds;
}

struct Rate {
  const char* name;
  std::size_t kind;
  std::uint64_t Service::*number;
};
constexpr std::array kRates = {Rate{"read_ok", 0, &Service::ok},      Rate{"read_fail", 0, &Service::fail},
                               Rate{"read_info", 0, &Service::info},  Rate{"write_ok", 1, &Service::ok},
                               Rate{"write_fail", 1, &Service::fail}, Rate{"write_info", 1, &Service::info}};

struct Latency {
  const char* name;
  std::size_t kind;
  double Percentiles::*number;
};
constexpr std::array kLatencies = {Latency{"read_p50", 0, &Percentiles::p50}, Latency{"read_p99", 0, &Percentiles::p99},
                                   Latency{"write_p50", 1, &Percentiles::p50},
                                   Latency{"write_p99", 1, &Percentiles::p99}};

struct StateColumn {
  const char* name;
  const char* unit;
  std::uint64_t Sample::*number;
};
constexpr std::array kStateColumns = {
    StateColumn{"behind", "pairs", &Sample::behind},
    StateColumn{"keys_apart", "keys", &Sample::keys_apart},
    StateColumn{"hints", "hints", &Sample::hints},
    StateColumn{"hint_bytes", "bytes", &Sample::hint_bytes},
    StateColumn{"handoff_bytes", "bytes", &Sample::handoff_bytes},
    StateColumn{"read_repair_bytes", "bytes", &Sample::read_repair_bytes},
    StateColumn{"anti_entropy_bytes", "bytes", &Sample::anti_entropy_bytes},
    StateColumn{"siblings_max", "values", &Sample::siblings_max},
    StateColumn{"siblings_all", "values", &Sample::siblings_all},
    StateColumn{"clock_entries", "entries", &Sample::clock_entries},
};

}  // namespace

std::string_view name_of(Period period) {
  constexpr std::array<std::string_view, kPeriods> kNames = {"before", "during", "after", "all"};
  return kNames[static_cast<std::size_t>(period)];
}

const Lines::Column* Lines::find(std::string_view name) const {
  const auto found = std::ranges::find(columns, name, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

Traffic measure_traffic(const Recording& recording, bool reads) {
  Traffic traffic;
  std::array<std::vector<double>, kPeriods> latencies;
  for (const Operation& operation : recording.operations) {
    if (!is_load(operation) || is_read(operation) != reads) continue;
    for (const Period period : {period_of(operation, recording.faults), Period::all}) {
      const auto index = static_cast<std::size_t>(period);
      count(traffic.periods[index], latencies[index], operation);
    }
  }
  for (std::size_t i = 0; i < kPeriods; ++i) traffic.periods[i].ok_ms = percentiles_of(std::move(latencies[i]));
  return traffic;
}

Siblings measure_siblings(const Recording& recording) {
  Siblings found;
  std::vector<double> counts;
  for (const Operation& read : recording.operations) {
    if (!is_read(read) || read.outcome != Outcome::ok || read.phase == Phase::final || read.returned.empty()) continue;
    counts.push_back(static_cast<double>(read.returned.size()));
    found.max = std::max<std::uint64_t>(found.max, read.returned.size());
    found.more_than_one.add(read.returned.size() > 1);
  }
  const Percentiles percentiles = percentiles_of(std::move(counts));
  found.reads = percentiles.count;
  found.mean = percentiles.mean;
  found.p99 = percentiles.p99;
  for (const Sample& sample : recording.samples)
    found.clock_entries_max = std::max(found.clock_entries_max, sample.clock_entries);
  return found;
}

Lines second_lines(const Recording& recording) {
  const std::vector<Second> seconds = by_second(recording);
  Lines lines;
  for (std::size_t i = 0; i < seconds.size(); ++i) lines.at.push_back(static_cast<double>(i));
  for (const Rate& rate : kRates) {
    Lines::Column column{rate.name, "1/s", {}};
    for (const Second& second : seconds)
      column.values.push_back(static_cast<double>(second.services[rate.kind].*rate.number));
    lines.columns.push_back(std::move(column));
  }
  for (const Latency& latency : kLatencies) {
    Lines::Column column{latency.name, "ms", {}};
    for (const Second& second : seconds) {
      const Percentiles found = percentiles_of(second.latencies[latency.kind]);
      column.values.push_back(found.count == 0 ? kNone : found.*latency.number);
    }
    lines.columns.push_back(std::move(column));
  }
  Lines::Column siblings{"siblings", "values", {}};
  for (const Second& second : seconds)
    siblings.values.push_back(second.reads_with_values == 0
                                  ? kNone
                                  : static_cast<double>(second.values) / static_cast<double>(second.reads_with_values));
  lines.columns.push_back(std::move(siblings));
  return lines;
}

Lines state_lines(const Recording& recording) {
  Lines lines;
  for (const Sample& sample : recording.samples) lines.at.push_back(sample.at);
  for (const StateColumn& shown : kStateColumns) {
    Lines::Column column{shown.name, shown.unit, {}};
    for (const Sample& sample : recording.samples) column.values.push_back(static_cast<double>(sample.*shown.number));
    lines.columns.push_back(std::move(column));
  }
  return lines;
}

Lines node_lines(const Recording& recording) {
  Lines lines;
  for (const Sample& sample : recording.samples) lines.at.push_back(sample.at);
  for (std::size_t node = 0; node < recording.nodes.size(); ++node) {
    Lines::Column column{recording.nodes[node], "pairs", {}};
    for (const Sample& sample : recording.samples)
      column.values.push_back(node < sample.behind_by_node.size() ? sample.behind_by_node[node] : 0);
    lines.columns.push_back(std::move(column));
  }
  return lines;
}

}  // namespace shoal::study
