// Measures: what a Recording says in numbers and lines; and what many seeds of one variant say together.
//
// Everything is computed from the Recording alone, so a run in the simulator and one on real nodes are measured by the
// same code. docs/study.md ("Measures") has the definition and formula of each. A number that a run cannot give is
// absent (std::nullopt), never zero: no faults, no healing; no probes, no visibility.
//
// Units: seconds for times of day (0 = the load began) and spans, milliseconds for latencies and distances of probes
// (names end in _ms), bytes, and shares from 0 to 1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/study/recording.h"
#include "bench/study/scenario.h"

namespace shoal::study {

struct Interval {
  double low = 0;
  double high = 0;
};

// Successes among trials.
struct Share {
  std::uint64_t hits = 0;
  std::uint64_t trials = 0;

  void add(bool hit) { hits += hit ? 1U : 0U, ++trials; }
  // 0 without trials.
  [[nodiscard]] double value() const;
  // sqrt(p (1 - p) / trials)
  [[nodiscard]] double standard_error() const;
  // Wilson's score interval at 95 %: right also for shares of 0 and 1 and for few trials.
  [[nodiscard]] Interval wilson() const;
};

// Of latencies, in milliseconds; nearest rank. All 0 when there are none.
struct Percentiles {
  std::uint64_t count = 0;
  double mean = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;
};
Percentiles percentiles_of(std::vector<double> values);

// ---- convergence ---------------------------------------------------------------------------------------------------

// S(t) is the number of pairs (key, owner) in which the owner is strictly behind the join of all owners.
struct Convergence {
  std::uint64_t peak = 0;        // of S(t)
  double peak_at = 0;            // when first
  std::uint64_t keys_apart = 0;  // peak of that
  std::uint64_t left = 0;        // S at the last sample
  // From healing, or from the end of the load when that came later, to the first sample from which S stays 0; absent
  // when it does not get there. A run without faults counts as healed at 0.
  std::optional<double> time_to_zero_s;
  // From healing alone to the first sample with S = 0, while the load may still go on.
  std::optional<double> first_zero_s;

  // Without writes: alpha = S(t + round) / S(t) for consecutive rounds of anti-entropy from the moment from which
  // time_to_zero_s counts, while S(t) > 0. Absent without one such round.
  std::uint32_t rounds = 0;
  std::optional<double> alpha_median;
  std::optional<double> alpha_worst;
  // While writes go on, after healing: the least squares line S(t + round) = alpha S(t) + beta over all samples t of
  // the load whose t + round is in the load too. Absent with fewer than three, or when S never changes.
  std::optional<double> fit_alpha;
  std::optional<double> fit_beta;
  std::uint32_t fit_points = 0;
};

// ---- staleness -----------------------------------------------------------------------------------------------------

// Reads that began so long after an acknowledgement, and how many of them were fresh: what they returned is that write
// or covers it (docs/study.md says when exactly).
struct Visibility {
  double from_ms = 0;  // of probes: the distance; of ordinary reads: the bin's begin
  double to_ms = 0;    // of probes: the same; of ordinary reads: the bin's end, infinity for the last
  Share fresh;
};

struct Staleness {
  std::vector<Visibility> probes;  // by ascending distance
  std::vector<Visibility> reads;   // ordinary reads by the time since the key's newest acknowledged write
  Share fresh_reads;               // of all ordinary reads
  // reads_behind[k]: ordinary reads that lacked k acknowledged versions; the last counts all from there on.
  static constexpr std::size_t kBehindMax = 64;
  std::vector<std::uint64_t> reads_behind;
  std::uint64_t behind_max = 0;
};

// The least distance from which P(fresh) of all probes is at least `share`, interpolated on a line between two
// distances. Absent when the farthest probes are not there yet.
std::optional<double> visible_after_ms(const std::vector<Visibility>& probes, double share);

// ---- siblings ------------------------------------------------------------------------------------------------------

struct Siblings {
  std::uint64_t reads = 0;  // that returned a value
  double mean = 0;          // values in them
  double p99 = 0;
  std::uint64_t max = 0;
  Share more_than_one;
  std::uint64_t clock_entries_max = 0;  // of all pairs of key and owner together, at any sample
};

// ---- lost updates --------------------------------------------------------------------------------------------------

// Acknowledged puts that are neither returned at the end nor covered by what is, nor by a delete or another
// acknowledged write whose context had seen them. Only of keys whose end is known.
struct LostUpdates {
  std::uint64_t acknowledged = 0;  // puts of keys whose end is known
  std::uint64_t lost = 0;          // must be 0
  std::uint64_t dropped = 0;       // by last-writer-wins buckets: what they are there to show
  std::uint64_t unknown = 0;       // acknowledged puts of keys whose end is not known
};

// ---- work of repair ------------------------------------------------------------------------------------------------

struct Repair {
  std::uint64_t handoff_bytes = 0;
  std::uint64_t read_repair_bytes = 0;
  std::uint64_t anti_entropy_bytes = 0;
  std::uint64_t hints_max = 0;  // backlog
  std::uint64_t hint_bytes_max = 0;
  std::optional<double> bytes_per_pair;  // all three, divided by the peak of S(t); absent when S was always 0
};

// ---- latency -------------------------------------------------------------------------------------------------------

// By when an operation was under way: during = while any fault was; before = it began before the first fault; after =
// everything else. Without faults everything is before.
enum class Period : std::uint8_t { before, during, after, all, count_ };
inline constexpr auto kPeriods = static_cast<std::size_t>(Period::count_);
std::string_view name_of(Period period);

struct Service {
  std::uint64_t ok = 0;
  std::uint64_t fail = 0;
  std::uint64_t info = 0;
  std::uint64_t lost = 0;  // comparisons: answered, and so no failures, but nothing was changed
  Percentiles ok_ms;       // latency of those that succeeded
};

// Reads (probes too), or writes (puts, deletes, compare-and-sets), while the load went on.
struct Traffic {
  std::array<Service, kPeriods> periods;
  [[nodiscard]] const Service& in(Period period) const { return periods[static_cast<std::size_t>(period)]; }
};

// ---- lines over time -----------------------------------------------------------------------------------------------

// Columns over one row of times, all of one length. Between two times a value stays what it was.
struct Lines {
  struct Column {
    std::string name;
    std::string unit;
    std::vector<double> values;
  };
  std::vector<double> at;
  std::vector<Column> columns;
  // nullptr when there is none of that name.
  [[nodiscard]] const Column* find(std::string_view name) const;
};

// ---- one run -------------------------------------------------------------------------------------------------------

struct Measures {
  std::string variant;
  std::uint64_t seed = 0;
  std::string driver;
  std::int32_t r = 0;  // of the load's operations: what staleness depends on
  std::int32_t w = 0;
  std::uint32_t replicas = 0;
  double seconds = 0;  // of load
  double healed = 0;
  std::vector<FaultSpan> faults;

  Convergence convergence;
  Staleness staleness;
  Siblings siblings;
  LostUpdates lost;
  Repair repair;
  Traffic reads;
  Traffic writes;

  // At the samples: behind, keys_apart, hints, hint_bytes, handoff_bytes, read_repair_bytes, anti_entropy_bytes,
  // siblings_max, siblings_all, clock_entries.
  Lines state;
  // S(t) by node, one column each, named after the nodes: for heat maps of one run.
  Lines behind_by_node;
  // For each second of the load, at its begin: read_ok, read_fail, read_info, write_ok, write_fail, write_info (1/s),
  // read_p50, read_p99, write_p50, write_p99 (ms; NaN in a second without any), siblings (mean of a read's values;
  // NaN).
  Lines seconds_lines;
};

// What the Recording does not say itself.
struct MeasureSettings {
  double round_s = 10;            // between two rounds of anti-entropy
  std::vector<double> probes_ms;  // the planned distances: probes count for the nearest; empty: as they were
};
MeasureSettings settings_for(const Scenario& scenario);

Measures measure(const Recording& recording, const MeasureSettings& settings);

// ---- many runs -----------------------------------------------------------------------------------------------------

// A number of a run by its name, for tables and files: always the same names in the same order. Names are
// lower_case_with_units: "time_to_zero_s", "alpha_median", "read_p99_during_ms", "lost", ...
struct Number {
  std::string name;
  std::string unit;  // "s", "ms", "bytes", "1", ...
  std::optional<double> value;
};
std::vector<Number> numbers_of(const Measures& measures);

// A number over seeds. Of the runs that have it.
struct Spread {
  std::string name;
  std::string unit;
  std::uint64_t runs = 0;     // that have it
  std::uint64_t missing = 0;  // that do not: "did not converge" is not a time
  double mean = 0;
  double median = 0;
  double low = 0;   // 5th percentile of the runs
  double high = 0;  // 95th
  double min = 0;
  double max = 0;
  Interval mean_interval;    // bootstrap, 95 %
  Interval median_interval;  // bootstrap, 95 %
};

// Percentile bootstrap with 2000 resamples, drawn from a fixed seed: the same numbers give the same interval.
Spread spread_of(std::string name, std::string unit, const std::vector<std::optional<double>>& values);

// Lines over seeds: at each time the median and the 5th and 95th percentile of the runs. A run that ended earlier keeps
// its last value.
struct Band {
  std::string name;
  std::string unit;
  std::vector<double> at;
  std::vector<double> median;
  std::vector<double> low;
  std::vector<double> high;
};

// All seeds of one variant.
struct VariantMeasures {
  std::string variant;
  std::string driver;
  std::int32_t r = 0;
  std::int32_t w = 0;
  std::uint32_t replicas = 0;
  std::vector<std::uint64_t> seeds;
  std::vector<Spread> numbers;    // those of numbers_of, in its order
  std::vector<Band> bands;        // the columns of Measures::state and ::seconds_lines
  Staleness staleness;            // all seeds' trials together
  std::vector<FaultSpan> faults;  // of the first seed: the bands behind plots; with random faults others differ

  [[nodiscard]] const Spread* number(std::string_view name) const;
  [[nodiscard]] const Band* band(std::string_view name) const;
};

// Precondition: at least one run, all of one variant.
VariantMeasures aggregate(const std::vector<Measures>& runs);
// Groups by variant, in order of first appearance.
std::vector<VariantMeasures> aggregate_all(const std::vector<Measures>& runs);

}  // namespace shoal::study
