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
#include "bench/load/strong.h"
#include "bench/load/table.h"

namespace shoal {
namespace {

struct Settings {
  int seconds = 3;
  std::uint64_t keys = 100'000;
  std::size_t value_bytes = 100;
  std::filesystem::path dir;
};

LoadOptions load_of(const Settings& settings, LoadKind kind, int inflight) {
  LoadOptions load;
  load.kind = kind;
  load.inflight = inflight;
  load.keys = settings.keys;
  load.value_bytes = settings.value_bytes;
  load.warm_up = std::chrono::milliseconds(0);
  load.duration = std::chrono::seconds(settings.seconds);
  if (kind == LoadKind::put) load.prefix = fmt::format("put-{}:", inflight);
  return load;
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
    measure(*cluster, client, load_of(settings, LoadKind::put, inflight), system);
    measure(*cluster, client, load_of(settings, LoadKind::get, inflight), system);
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
  print_head();
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

CLI::App* declare_strong(CLI::App& app, shoal::StrongSettings& settings) {
  CLI::App* strong = app.add_subcommand("strong", "puts and gets of a strong bucket, beside a 3-node etcd");
  strong->add_option("--seconds", settings.seconds, "Length of each measurement")->check(CLI::Range(1, 600));
  strong->add_option("--runs", settings.runs, "Runs of which the medians are compared")->check(CLI::Range(1, 99));
  strong->add_option("--keys", settings.keys, "Keys of the data set")->check(CLI::Range(1'000, 10'000'000));
  strong->add_option("--value-bytes", settings.value_bytes, "Size of each value")->check(CLI::Range(0, 1 << 20));
  return strong;
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
  shoal::StrongSettings strong_settings;
  const CLI::App* strong = declare_strong(app, strong_settings);
  CLI11_PARSE(app, argc, argv);
  return in_temporary_folder([&](const std::filesystem::path& dir) {
    if (outage->parsed()) return run_outage(command, dir);
    strong_settings.dir = dir;
    if (strong->parsed()) return shoal::bench_strong(strong_settings);
    settings.dir = dir;
    return shoal::bench_all(settings);
  });
}
