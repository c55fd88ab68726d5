// The fields of everything that measures.json holds, said once for writing and reading: fields(visit, value) calls
// visit(name, field) for each.
#pragma once

#include <concepts>
#include <type_traits>

#include "bench/study/measures.h"
#include "bench/study/recording.h"
#include "bench/study/results.h"

namespace shoal::study {

// T is U or const U: writers visit const values, readers others.
template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

template <class V, Is<Interval> T>
void fields(V& visit, T& x) {
  visit("low", x.low), visit("high", x.high);
}

template <class V, Is<Share> T>
void fields(V& visit, T& x) {
  visit("hits", x.hits), visit("trials", x.trials);
}

template <class V, Is<Percentiles> T>
void fields(V& visit, T& x) {
  visit("count", x.count), visit("mean", x.mean), visit("p50", x.p50), visit("p95", x.p95), visit("p99", x.p99);
  visit("p999", x.p999), visit("max", x.max);
}

template <class V, Is<Convergence> T>
void fields(V& visit, T& x) {
  visit("peak", x.peak), visit("peak_at", x.peak_at), visit("keys_apart", x.keys_apart), visit("left", x.left);
  visit("time_to_zero_s", x.time_to_zero_s), visit("first_zero_s", x.first_zero_s);
  visit("rounds", x.rounds), visit("alpha_median", x.alpha_median), visit("alpha_worst", x.alpha_worst);
  visit("fit_alpha", x.fit_alpha), visit("fit_beta", x.fit_beta), visit("fit_points", x.fit_points);
}

template <class V, Is<Visibility> T>
void fields(V& visit, T& x) {
  visit("from_ms", x.from_ms), visit("to_ms", x.to_ms), visit("fresh", x.fresh);
}

template <class V, Is<Staleness> T>
void fields(V& visit, T& x) {
  visit("probes", x.probes), visit("reads", x.reads), visit("fresh_reads", x.fresh_reads);
  visit("reads_behind", x.reads_behind), visit("behind_max", x.behind_max);
}

template <class V, Is<Siblings> T>
void fields(V& visit, T& x) {
  visit("reads", x.reads), visit("mean", x.mean), visit("p99", x.p99), visit("max", x.max);
  visit("more_than_one", x.more_than_one), visit("clock_entries_max", x.clock_entries_max);
}

template <class V, Is<LostUpdates> T>
void fields(V& visit, T& x) {
  visit("acknowledged", x.acknowledged), visit("lost", x.lost), visit("dropped", x.dropped);
  visit("unknown", x.unknown);
}

template <class V, Is<Repair> T>
void fields(V& visit, T& x) {
  visit("handoff_bytes", x.handoff_bytes), visit("read_repair_bytes", x.read_repair_bytes);
  visit("anti_entropy_bytes", x.anti_entropy_bytes), visit("hints_max", x.hints_max);
  visit("hint_bytes_max", x.hint_bytes_max), visit("bytes_per_pair", x.bytes_per_pair);
}

template <class V, Is<Service> T>
void fields(V& visit, T& x) {
  visit("ok", x.ok), visit("fail", x.fail), visit("info", x.info), visit("lost", x.lost);
  visit("ok_ms", x.ok_ms);
}

template <class V, Is<Traffic> T>
void fields(V& visit, T& x) {
  visit("periods", x.periods);
}

template <class V, Is<Lines::Column> T>
void fields(V& visit, T& x) {
  visit("name", x.name), visit("unit", x.unit), visit("values", x.values);
}

template <class V, Is<Lines> T>
void fields(V& visit, T& x) {
  visit("at", x.at), visit("columns", x.columns);
}

template <class V, Is<FaultSpan> T>
void fields(V& visit, T& x) {
  visit("what", x.what), visit("where", x.where), visit("begin", x.begin), visit("end", x.end);
  visit("destroyed_copies", x.destroyed_copies);
}

template <class V, Is<Measures> T>
void fields(V& visit, T& x) {
  visit("variant", x.variant), visit("seed", x.seed), visit("driver", x.driver), visit("r", x.r), visit("w", x.w);
  visit("replicas", x.replicas), visit("seconds", x.seconds), visit("healed", x.healed), visit("faults", x.faults);
  visit("convergence", x.convergence), visit("staleness", x.staleness), visit("siblings", x.siblings);
  visit("lost", x.lost), visit("repair", x.repair), visit("reads", x.reads), visit("writes", x.writes);
  visit("state", x.state), visit("behind_by_node", x.behind_by_node), visit("seconds_lines", x.seconds_lines);
}

template <class V, Is<Spread> T>
void fields(V& visit, T& x) {
  visit("name", x.name), visit("unit", x.unit), visit("runs", x.runs), visit("missing", x.missing);
  visit("mean", x.mean), visit("median", x.median), visit("low", x.low), visit("high", x.high), visit("min", x.min);
  visit("max", x.max), visit("mean_interval", x.mean_interval), visit("median_interval", x.median_interval);
}

template <class V, Is<Band> T>
void fields(V& visit, T& x) {
  visit("name", x.name), visit("unit", x.unit), visit("at", x.at), visit("median", x.median), visit("low", x.low);
  visit("high", x.high);
}

template <class V, Is<VariantMeasures> T>
void fields(V& visit, T& x) {
  visit("variant", x.variant), visit("driver", x.driver), visit("r", x.r), visit("w", x.w);
  visit("replicas", x.replicas), visit("seeds", x.seeds), visit("numbers", x.numbers), visit("bands", x.bands);
  visit("staleness", x.staleness), visit("faults", x.faults);
}

template <class V, Is<MessageTrace> T>
void fields(V& visit, T& x) {
  visit("sent", x.sent), visit("arrived", x.arrived), visit("from", x.from), visit("to", x.to), visit("name", x.name);
  visit("note", x.note);
}

// The verdict stands in a file of its own.
template <class V, Is<RunResult> T>
void fields(V& visit, T& x) {
  visit("measures", x.measures), visit("detailed", x.detailed), visit("nodes", x.nodes), visit("messages", x.messages);
}

template <class V, Is<Check> T>
void fields(V& visit, T& x) {
  visit("name", x.name), visit("judgement", x.judgement), visit("examined", x.examined);
  visit("violations", x.violations), visit("sentences", x.sentences);
}

}  // namespace shoal::study
