#include "bench/load/outage.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <deque>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/load/closed_loop.h"
#include "bench/load/local_cluster.h"
#include "bench/load/open_loop.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kVictim = 2;
constexpr std::chrono::seconds kFirstMoments{5};
constexpr std::chrono::milliseconds kLookEvery{200};
constexpr int kInflight = 48;
constexpr std::size_t kOpenMax = 20'000;

// What one run found for one kind of request in one phase.
struct Latencies {
  std::string phase;
  std::string operation;
  double requests = 0, p50_ms = 0, p99_ms = 0, p999_ms = 0, max_ms = 0;
  double errors = 0;  // of the phase, both kinds of requests
};

struct Storm {
  double rate = 0, hints = 0, mib = 0, delivery_seconds = 0;
  double memory_before_mib = 0, memory_outage_mib = 0, memory_delivery_mib = 0;  // of the largest holder
};

struct Run {
  double rate = 0;  // of the steady load
  std::vector<Latencies> rows;
  Storm storm;
  double writes_per_put = 0;  // that the living nodes took while one hung
};

double ms(std::chrono::microseconds latency) { return static_cast<double>(latency.count()) / 1000.0; }
double mib(double bytes) { return bytes / (1 << 20); }

Latencies latencies_of(const OpenLoopResult& result, const std::string& operation, const Histogram& histogram) {
  return {.phase = result.phase,
          .operation = operation,
          .requests = static_cast<double>(histogram.count()),
          .p50_ms = ms(histogram.at(0.5)),
          .p99_ms = ms(histogram.at(0.99)),
          .p999_ms = ms(histogram.at(0.999)),
          .max_ms = ms(histogram.max()),
          .errors = static_cast<double>(result.errors)};
}

void add_rows(Run& run, const std::deque<OpenLoopResult>& phases) {
  for (const OpenLoopResult& phase : phases) {
    run.rows.push_back(latencies_of(phase, "get", phase.gets));
    run.rows.push_back(latencies_of(phase, "put", phase.puts));
    if (phase.errors > 0) fmt::print("  {}: first error: {}\n", phase.phase, phase.first_error);
  }
}

template <class Of>
double median(const std::vector<Run>& runs, Of of) {
  std::vector<double> values;
  values.reserve(runs.size());
  for (const Run& run : runs) values.push_back(of(run));
  std::ranges::nth_element(values, values.begin() + std::ssize(values) / 2);
  return values[values.size() / 2];
}

void print_latencies(const std::vector<Run>& runs) {
  fmt::print("{:<16} {:<4} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7}\n", "phase", "op", "requests", "p50 ms", "p99 ms",
             "p99.9 ms", "max ms", "errors");
  for (std::size_t row = 0; row < runs.front().rows.size(); ++row) {
    const auto of = [&](double Latencies::*field) {
      return median(runs, [&](const Run& run) { return run.rows[row].*field; });
    };
    fmt::print("{:<16} {:<4} {:>9.0f} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>7.0f}\n", runs.front().rows[row].phase,
               runs.front().rows[row].operation, of(&Latencies::requests), of(&Latencies::p50_ms),
               of(&Latencies::p99_ms), of(&Latencies::p999_ms), of(&Latencies::max_ms), of(&Latencies::errors));
  }
  std::fflush(stdout);
}

// A third of what a closed loop of as many gets as puts carries.
double steady_rate(Client& client, const OutageSettings& settings) {
  LoadOptions load{.inflight = kInflight,
                   .prefix = "warm-up:",
                   .keys = settings.keys,
                   .value_bytes = settings.value_bytes,
                   .duration = std::chrono::milliseconds(2000)};
  const double puts = run_closed_loop(client, load).per_second();
  load.kind = LoadKind::get;
  load.prefix = LoadOptions().prefix;
  const double gets = run_closed_loop(client, load).per_second();
  return 2 / (1 / puts + 1 / gets) / 3;
}

OpenLoopOptions steady_load(const OutageSettings& settings, double rate) {
  return {.per_second = rate, .keys = settings.keys, .value_bytes = settings.value_bytes, .open_max = kOpenMax};
}

Client client_of(const LocalCluster& cluster) {
  return Client(Options{.seeds = cluster.seeds(), .r = 2, .w = 2, .max_inflight = 2 * static_cast<int>(kOpenMax)});
}

Result<LocalCluster> start_cluster(const OutageSettings& settings, const std::string& name, int nodes) {
  return LocalCluster::start(
      {.shoald = program_dir() / "shoald", .dir = settings.dir / name, .nodes = nodes, .arguments = {}});
}

Status load_data(Client& client, const OutageSettings& settings) {
  return fill(client, {.keys = settings.keys, .value_bytes = settings.value_bytes});
}

// Writes that the nodes but the victim have taken from clients so far.
Result<double> writes_taken(Client& client, LocalCluster& cluster) {
  double taken = 0;
  for (int node = 0; node < cluster.size(); ++node) {
    if (node == kVictim) continue;
    const Result<NodeStatus> status = client.status(cluster.name(node));
    if (!status) return status.error();
    for (const CounterStatus& counter : status->counters)
      if (counter.name == "put_answered_by_quorum" || counter.name == "put_indeterminate")
        taken += static_cast<double>(counter.count);
  }
  return taken;
}

Result<Run> run_hang(const OutageSettings& settings, int number) {
  Result<LocalCluster> cluster = start_cluster(settings, "hang-" + std::to_string(number), 3);
  if (!cluster) return cluster.error();
  Client client = client_of(*cluster);
  if (const Status loaded = load_data(client, settings); !loaded) return loaded.error();
  Run run;
  run.rate = steady_rate(client, settings);
  OpenLoop load(client, steady_load(settings, run.rate), "healthy");
  std::this_thread::sleep_for(std::chrono::seconds(settings.seconds));
  const Result<double> before = writes_taken(client, *cluster);
  if (!before) return before.error();
  cluster->process(kVictim).signal(SIGSTOP);
  load.begin("first 5 s");
  std::this_thread::sleep_for(kFirstMoments);
  load.begin("afterwards");
  std::this_thread::sleep_for(std::chrono::seconds(settings.seconds));
  const std::deque<OpenLoopResult> phases = load.finish();
  add_rows(run, phases);
  const Result<double> after = writes_taken(client, *cluster);
  if (!after) return after.error();
  run.writes_per_put = (*after - *before) / static_cast<double>(phases[1].puts.count() + phases[2].puts.count());
  cluster->process(kVictim).signal(SIGCONT);
  const Status stopped = cluster->stop();
  return stopped ? Result<Run>(std::move(run)) : stopped.error();
}

// Of those who keep hints, the one with the most.
double holders_memory(LocalCluster& cluster) {
  double most = 0;
  for (int node = 0; node < cluster.size(); ++node)
    if (node != kVictim) most = std::max(most, mib(static_cast<double>(cluster.process(node).resident_bytes())));
  return most;
}

struct Kept {
  std::uint64_t hints = 0;
  std::uint64_t bytes = 0;
};

// By those that run.
Result<Kept> hints_kept(Client& client, LocalCluster& cluster) {
  Kept kept;
  for (int node = 0; node < cluster.size(); ++node) {
    if (!cluster.process(node).running()) continue;
    const Result<HintStatus> status = client.async().hints(cluster.name(node)).get();
    if (!status) return status.error();
    kept.bytes += status->bytes;
    for (const HintQueueStatus& queue : status->queues) kept.hints += queue.hints;
  }
  return kept;
}

// Until nobody keeps hints any more, ten times the outage at most.
Status wait_for_delivery(Client& client, LocalCluster& cluster, const OutageSettings& settings, Storm& storm) {
  const Clock::time_point start = Clock::now();
  const Clock::time_point give_up = start + std::chrono::seconds(60 + 10 * settings.outage_seconds);
  while (Clock::now() < give_up) {
    const Result<Kept> kept = hints_kept(client, cluster);
    storm.delivery_seconds = std::chrono::duration<double>(Clock::now() - start).count();
    storm.memory_delivery_mib = std::max(storm.memory_delivery_mib, holders_memory(cluster));
    if (kept && kept->hints == 0) return Unit{};
    std::this_thread::sleep_for(kLookEvery);
  }
  return fail(Errc::timeout, "the hints were not delivered in ten times the outage");
}

// As much as goes, of keys that are written again and again.
Status write_while_away(Client& client, LocalCluster& cluster, const OutageSettings& settings, Storm& storm) {
  const LoadResult written = run_closed_loop(client, {.inflight = kInflight,
                                                      .prefix = "storm:",
                                                      .keys = settings.storm_keys,
                                                      .value_bytes = settings.value_bytes,
                                                      .warm_up = std::chrono::milliseconds(0),
                                                      .duration = std::chrono::seconds(settings.outage_seconds)});
  if (written.errors > 0) return fail(Errc::io, "a write failed during the outage: " + written.first_error);
  storm.rate = written.per_second();
  const Result<Kept> kept = hints_kept(client, cluster);
  if (!kept) return kept.error();
  storm.hints = static_cast<double>(kept->hints);
  storm.mib = mib(static_cast<double>(kept->bytes));
  storm.memory_outage_mib = holders_memory(cluster);
  return Unit{};
}

Result<Run> run_storm(const OutageSettings& settings, int number) {
  Result<LocalCluster> cluster = start_cluster(settings, "storm-" + std::to_string(number), 5);
  if (!cluster) return cluster.error();
  Client client = client_of(*cluster);
  if (const Status loaded = load_data(client, settings); !loaded) return loaded.error();
  Run run;
  run.rate = steady_rate(client, settings);
  run.storm.memory_before_mib = holders_memory(*cluster);
  {
    OpenLoop before(client, steady_load(settings, run.rate), "before");
    std::this_thread::sleep_for(std::chrono::seconds(settings.seconds));
    add_rows(run, before.finish());
  }
  cluster->kill(kVictim);
  if (const Status written = write_while_away(client, *cluster, settings, run.storm); !written) return written.error();
  OpenLoop load(client, steady_load(settings, run.rate), "away");
  std::this_thread::sleep_for(std::chrono::seconds(settings.seconds));
  if (const Status back = cluster->restart(kVictim); !back) return back.error();
  load.begin("delivery");
  if (const Status done = wait_for_delivery(client, *cluster, settings, run.storm); !done) return done.error();
  load.begin("after");
  std::this_thread::sleep_for(std::chrono::seconds(settings.seconds));
  add_rows(run, load.finish());
  const Status stopped = cluster->stop();
  return stopped ? Result<Run>(std::move(run)) : stopped.error();
}

template <class Once>
Result<std::vector<Run>> repeat(const OutageSettings& settings, Once once) {
  std::vector<Run> runs;
  for (int number = 0; number < settings.runs; ++number) {
    Result<Run> run = once(settings, number);
    if (!run) return run.error();
    runs.push_back(*std::move(run));
  }
  return runs;
}

}  // namespace

Status study_hang(const OutageSettings& settings) {
  const Result<std::vector<Run>> runs = repeat(settings, run_hang);
  if (!runs) return runs.error();
  fmt::print("one of 3 replicas stops, {:.0f} requests/s, median of {} runs\n",
             median(*runs, [](const Run& run) { return run.rate; }), settings.runs);
  print_latencies(*runs);
  fmt::print("writes that the living nodes took for each put: {:.2f}\n",
             median(*runs, [](const Run& run) { return run.writes_per_put; }));
  return Unit{};
}

Status study_hint_storm(const OutageSettings& settings) {
  const Result<std::vector<Run>> runs = repeat(settings, run_storm);
  if (!runs) return runs.error();
  const auto of = [&](double Storm::*field) { return median(*runs, [&](const Run& run) { return run.storm.*field; }); };
  fmt::print("one of 5 nodes away for {} s, then {:.0f} requests/s, median of {} runs\n", settings.outage_seconds,
             median(*runs, [](const Run& run) { return run.rate; }), settings.runs);
  fmt::print("written while it was away  {:.0f} puts/s\n", of(&Storm::rate));
  fmt::print("hints kept                 {:.0f}, {:.1f} MiB\n", of(&Storm::hints), of(&Storm::mib));
  fmt::print("delivered in               {:.1f} s\n", of(&Storm::delivery_seconds));
  fmt::print(
      "memory of the largest holder: before {:.0f} MiB, after the outage {:.0f} MiB, most in delivery {:.0f} MiB\n",
      of(&Storm::memory_before_mib), of(&Storm::memory_outage_mib), of(&Storm::memory_delivery_mib));
  print_latencies(*runs);
  return Unit{};
}

}  // namespace shoal
