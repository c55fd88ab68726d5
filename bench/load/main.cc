// shoal_bench: where a 3-node cluster on this machine stands, beside redis-server in the same run.
//
// Figures of one run are ratios between systems on one machine, not records. Redis keeps one copy and no versions and
// does not read before it writes; a shoal put merges a version vector on three nodes and waits for two of them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "bench/load/closed_loop.h"
#include "bench/load/local_cluster.h"
#include "bench/load/outage.h"
#include "bench/load/redis.h"

namespace shoal {
namespace {

struct Settings {
  int seconds = 3;
  std::uint64_t keys = 100'000;
  std::size_t value_bytes = 100;
  std::filesystem::path dir;
};

struct Row {
  std::string system;
  std::string operation;
  int inflight = 0;
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double server_us = 0;  // processor time of all servers for one operation
  std::uint64_t errors = 0;
};

void print_row(const Row& row) {
  fmt::print("{:<34} {:<4} {:>8} {:>12.0f} {:>9.3f} {:>9.3f} {:>9.1f} {:>7}\n", row.system, row.operation, row.inflight,
             row.per_second, row.p50_ms, row.p99_ms, row.server_us, row.errors);
  std::fflush(stdout);
}

double ms(std::chrono::microseconds latency) { return static_cast<double>(latency.count()) / 1000.0; }

double cpu_seconds(LocalCluster& cluster) {
  double sum = 0;
  for (int node = 0; node < cluster.size(); ++node) sum += cluster.process(node).cpu_time().count();
  return sum;
}

void measure(LocalCluster& cluster, Client& client, const Settings& settings, const std::string& system, LoadKind kind,
             int inflight) {
  LoadOptions options;
  options.kind = kind;
  options.inflight = inflight;
  options.keys = settings.keys;
  options.value_bytes = settings.value_bytes;
  options.warm_up = std::chrono::milliseconds(0);
  options.duration = std::chrono::milliseconds(500);
  if (kind == LoadKind::put) options.prefix = fmt::format("put-{}:", inflight);
  LoadOptions warm_up = options;
  if (kind == LoadKind::put) warm_up.prefix = "warm-up-" + options.prefix;
  run_closed_loop(client, warm_up);
  options.duration = std::chrono::seconds(settings.seconds);
  const double before = cpu_seconds(cluster);
  const LoadResult result = run_closed_loop(client, options);
  const double busy = cpu_seconds(cluster) - before;
  print_row({.system = system,
             .operation = kind == LoadKind::put ? "put" : "get",
             .inflight = inflight,
             .per_second = result.per_second(),
             .p50_ms = ms(result.latency.at(0.5)),
             .p99_ms = ms(result.latency.at(0.99)),
             .server_us = busy * 1e6 / static_cast<double>(std::max<std::uint64_t>(result.operations, 1)),
             .errors = result.errors});
  if (result.errors > 0) fmt::print("  first error: {}\n", result.first_error);
}

Status bench_shoal(const Settings& settings, const std::string& durability) {
  LocalClusterOptions options;
  options.shoald = program_dir() / "shoald";
  options.dir = settings.dir / ("shoal-" + durability);
  options.nodes = 3;
  options.arguments = {"--durability", durability};
  Result<LocalCluster> cluster = LocalCluster::start(options);
  if (!cluster) return cluster.error();
  Client client(Options{.seeds = cluster->seeds(), .timeout = std::chrono::seconds(10), .r = 2, .w = 2});
  LoadOptions data;
  data.keys = settings.keys;
  data.value_bytes = settings.value_bytes;
  if (const Status filled = fill(client, data); !filled) return filled;
  const std::string system = "shoal, 3 nodes, r=w=2, " + durability;
  for (const int inflight : {1, 48, 256}) {
    measure(*cluster, client, settings, system, LoadKind::put, inflight);
    measure(*cluster, client, settings, system, LoadKind::get, inflight);
  }
  return cluster->stop();
}

Status bench_redis(const Settings& settings, bool always) {
  const std::string system = always ? "redis, 1 node, appendfsync always" : "redis, 1 node, nothing on disk";
  const Result<Redis> redis = Redis::start(settings.dir / (always ? "redis-always" : "redis-memory"), always);
  if (!redis) return redis.error();
  for (const int connections : {1, 48, 256}) {
    for (const std::string command : {"SET", "GET"}) {
      const std::uint64_t requests = (connections == 1 ? 5'000u : 40'000u) * static_cast<unsigned>(settings.seconds);
      const double before = redis->cpu_seconds();
      const Result<RedisFigures> figures =
          redis->run(command, connections, requests, settings.keys, settings.value_bytes);
      if (!figures) return figures.error();
      print_row({.system = system,
                 .operation = command,
                 .inflight = connections,
                 .per_second = figures->per_second,
                 .p50_ms = figures->p50_ms,
                 .p99_ms = figures->p99_ms,
                 .server_us = (redis->cpu_seconds() - before) * 1e6 / static_cast<double>(requests)});
    }
  }
  return Unit{};
}

Status bench_all(const Settings& settings) {
  fmt::print("{:<34} {:<4} {:>8} {:>12} {:>9} {:>9} {:>9} {:>7}\n", "system", "op", "inflight", "op/s", "p50 ms",
             "p99 ms", "cpu us/op", "errors");
  for (const char* durability : {"sync", "relaxed"})
    if (const Status done = bench_shoal(settings, durability); !done) return done;
  for (const bool always : {true, false})
    if (const Status done = bench_redis(settings, always); !done) return done;
  return Unit{};
}

}  // namespace
}  // namespace shoal

namespace {

// Runs it in a temporary folder that is removed again; the exit code.
int in_temporary_folder(const std::function<shoal::Status(const std::filesystem::path&)>& bench) {
  std::string pattern = (std::filesystem::temp_directory_path() / "shoal-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return std::perror("shoal_bench"), 4;
  const shoal::Status done = bench(pattern);
  std::filesystem::remove_all(pattern);
  if (done) return 0;
  std::fprintf(stderr, "shoal_bench: %s\n", done.error().message.c_str());
  return 4;
}

struct OutageCommand {
  shoal::OutageSettings settings;
  std::string study = "both";
};

CLI::App* declare_outage(CLI::App& app, OutageCommand& command) {
  CLI::App* outage =
      app.add_subcommand("outage", "what a node that hangs, or is away for long, costs the others' users");
  shoal::OutageSettings& settings = command.settings;
  outage->add_option("--study", command.study, "hang, storm or both")->check(CLI::IsMember({"hang", "storm", "both"}));
  outage->add_option("--runs", settings.runs, "Runs of which the median is shown")->check(CLI::Range(1, 99));
  outage->add_option("--seconds", settings.seconds, "Length of each phase")->check(CLI::Range(1, 600));
  outage->add_option("--outage-seconds", settings.outage_seconds, "How long the node of the hint storm is away")
      ->check(CLI::Range(1, 3600));
  outage->add_option("--keys", settings.keys, "Keys of the steady load")->check(CLI::Range(1'000, 1'000'000));
  outage->add_option("--storm-keys", settings.storm_keys, "Keys written while the node is away")
      ->check(CLI::Range(1'000, 10'000'000));
  outage->add_option("--value-bytes", settings.value_bytes, "Size of each value")->check(CLI::Range(0, 8 << 20));
  return outage;
}

shoal::Status run_outage(OutageCommand command, const std::filesystem::path& dir) {
  command.settings.dir = dir;
  if (command.study != "storm")
    if (const shoal::Status done = study_hang(command.settings); !done) return done;
  return command.study != "hang" ? study_hint_storm(command.settings) : shoal::Status(shoal::Unit{});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("shoal_bench: put and get of a 3-node cluster, beside redis-server");
  shoal::Settings settings;
  app.add_option("--seconds", settings.seconds, "Length of each measurement")->check(CLI::Range(1, 600));
  app.add_option("--keys", settings.keys, "Keys of the data set")->check(CLI::Range(1'000, 100'000'000));
  app.add_option("--value-bytes", settings.value_bytes, "Size of each value")->check(CLI::Range(0, 8 << 20));
  OutageCommand command;
  const CLI::App* outage = declare_outage(app, command);
  CLI11_PARSE(app, argc, argv);
  return in_temporary_folder([&](const std::filesystem::path& dir) {
    if (outage->parsed()) return run_outage(command, dir);
    settings.dir = dir;
    return shoal::bench_all(settings);
  });
}
