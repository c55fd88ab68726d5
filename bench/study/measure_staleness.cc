#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "bench/study/measure_parts.h"

namespace shoal::study {
namespace {

// Bins of the time since the newest acknowledged write, in ms: where each ends.
constexpr std::array kBinEnds = {
    1.0,   2.0,   5.0,    10.0,   20.0,   50.0,     100.0,
    200.0, 500.0, 1000.0, 2000.0, 5000.0, 10'000.0, std::numeric_limits<double>::infinity()};
constexpr std::size_t kBins = kBinEnds.size();

std::vector<Visibility> empty_bins() {
  std::vector<Visibility> bins(kBins);
  double from = 0;
  for (std::size_t i = 0; i < kBins; ++i) {
    bins[i].from_ms = from;
    bins[i].to_ms = from = kBinEnds[i];
  }
  return bins;
}

bool is_answered_read(const Operation& operation, Phase phase) {
  return operation.function == Function::get && operation.outcome == Outcome::ok && operation.phase == phase;
}

// The planned distance that is nearest; else as it was, to the microsecond.
double distance_ms(double since_write_s, const std::vector<double>& planned) {
  const double ms = since_write_s * 1000;
  if (planned.empty()) return std::round(ms * 1000) / 1000;
  return *std::ranges::min_element(planned, {}, [ms](double other) { return std::abs(other - ms); });
}

std::vector<Visibility> probe_visibility(const Recording& recording, const Causality& causality,
                                         const std::vector<double>& planned) {
  std::map<double, Share> by_distance;
  for (const double distance : planned) by_distance[distance];
  for (const Operation& read : recording.operations)
    if (is_answered_read(read, Phase::probe))
      by_distance[distance_ms(read.since_write, planned)].add(causality.shows(read, read.write));
  std::vector<Visibility> probes;
  probes.reserve(by_distance.size());
  for (const auto& [distance, fresh] : by_distance) probes.push_back({distance, distance, fresh});
  return probes;
}

void add_read(const Operation& read, const Causality& causality, Staleness& staleness) {
  const std::uint64_t behind = causality.versions_behind(read);
  staleness.behind_max = std::max(staleness.behind_max, behind);
  ++staleness.reads_behind[std::min<std::size_t>(behind, Staleness::kBehindMax)];
  staleness.fresh_reads.add(behind == 0);
  const auto& acknowledged = causality.acknowledged(read.key);
  const auto after = std::ranges::upper_bound(acknowledged, read.invoked, {}, &Operation::completed);
  if (after == acknowledged.begin()) return;  // nothing was acknowledged before
  const double since_ms = (read.invoked - (*std::prev(after))->completed) * 1000;
  const auto bin = std::ranges::upper_bound(kBinEnds, since_ms) - kBinEnds.begin();
  staleness.reads[std::min(static_cast<std::size_t>(bin), kBins - 1)].fresh.add(behind == 0);
}

void add(std::vector<Visibility>& sum, const std::vector<Visibility>& other) {
  for (const Visibility& point : other) {
    auto same = std::ranges::lower_bound(sum, point.from_ms, {}, &Visibility::from_ms);
    if (same == sum.end() || same->from_ms != point.from_ms) same = sum.insert(same, {point.from_ms, point.to_ms, {}});
    same->fresh.hits += point.fresh.hits;
    same->fresh.trials += point.fresh.trials;
  }
}

}  // namespace

Staleness measure_staleness(const Recording& recording, const Causality& causality, const MeasureSettings& settings) {
  Staleness staleness;
  staleness.probes = probe_visibility(recording, causality, settings.probes_ms);
  staleness.reads = empty_bins();
  staleness.reads_behind.resize(Staleness::kBehindMax + 1);
  for (const Operation& read : recording.operations)
    if (is_answered_read(read, Phase::load)) add_read(read, causality, staleness);
  return staleness;
}

void add(Staleness& sum, const Staleness& other) {
  add(sum.probes, other.probes);
  add(sum.reads, other.reads);
  sum.fresh_reads.hits += other.fresh_reads.hits;
  sum.fresh_reads.trials += other.fresh_reads.trials;
  sum.behind_max = std::max(sum.behind_max, other.behind_max);
  sum.reads_behind.resize(std::max(sum.reads_behind.size(), other.reads_behind.size()));
  for (std::size_t i = 0; i < other.reads_behind.size(); ++i) sum.reads_behind[i] += other.reads_behind[i];
}

std::optional<double> visible_after_ms(const std::vector<Visibility>& probes, double share) {
  std::vector<Visibility> tried;
  std::ranges::copy_if(probes, std::back_inserter(tried), [](const Visibility& p) { return p.fresh.trials > 0; });
  // From the far end: noise must not let an early crossing win.
  std::size_t first = tried.size();
  while (first > 0 && tried[first - 1].fresh.value() >= share) --first;
  if (first == tried.size()) return std::nullopt;
  if (first == 0) return tried.front().from_ms;
  const Visibility& before = tried[first - 1];
  const Visibility& after = tried[first];
  const double rise = after.fresh.value() - before.fresh.value();
  return before.from_ms + (share - before.fresh.value()) / rise * (after.from_ms - before.from_ms);
}

LostUpdates measure_losses(const Recording& recording, const Causality& causality) {
  constexpr double kEver = std::numeric_limits<double>::infinity();
  LostUpdates found;
  std::map<std::uint32_t, const LastState*> finals;
  for (const LastState& state : recording.finals) finals[state.key] = &state;
  for (const Operation& put : recording.operations) {
    if (!put.has_value() || put.outcome != Outcome::ok) continue;
    const auto state = finals.find(put.key);
    if (state == finals.end() || !state->second->known) {
      ++found.unknown;
      continue;
    }
    ++found.acknowledged;
    const std::vector<WriteId>& values = state->second->values;
    if (causality.any_covers(values, put.write) || causality.may_be_deleted(put.write, kEver)) continue;
    if (causality.replaced_by_acknowledged(put.write)) continue;
    const bool beaten = causality.keeps_one(put.key) && !values.empty();
    if (beaten && recording.kinds[put.key] == Kind::strong) continue;  // by one that came after it
    ++(beaten ? found.dropped : found.lost);
  }
  return found;
}

}  // namespace shoal::study
