#include "bench/load/strong.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "bench/load/etcd.h"
#include "bench/load/table.h"

namespace shoal {
namespace {

constexpr int kInflight[] = {1, 48, 256};
constexpr const char* kBucket = "strong";

using PerSecond = std::map<int, std::vector<double>>;  // by requests in flight, one a run

void run_shoal(LocalCluster& cluster, Client& client, const StrongSettings& settings, int run, PerSecond& puts) {
  for (const int inflight : kInflight) {
    LoadOptions load;
    load.inflight = inflight;
    load.bucket = kBucket;
    load.keys = settings.keys;
    load.value_bytes = settings.value_bytes;
    load.warm_up = std::chrono::milliseconds(0);
    load.duration = std::chrono::seconds(settings.seconds);
    load.prefix = fmt::format("put-{}-{}:", run, inflight);
    puts[inflight].push_back(measure(cluster, client, load, "shoal, 3 nodes, strong").per_second);
    load.kind = LoadKind::get;
    load.prefix = LoadOptions{}.prefix;
    measure(cluster, client, load, "shoal, 3 nodes, strong");
  }
}

Status run_etcd(Etcd& etcd, const StrongSettings& settings, PerSecond& puts) {
  for (const int inflight : kInflight) {
    const std::uint64_t requests = (inflight == 1 ? 500U : 5000U) * static_cast<unsigned>(settings.seconds);
    const double before = etcd.cpu_seconds();
    const Result<EtcdFigures> figures = etcd.put(inflight, requests, settings.value_bytes);
    if (!figures) return figures.error();
    puts[inflight].push_back(figures->per_second);
    print_row({.system = "etcd, 3 nodes",
               .operation = "put",
               .inflight = inflight,
               .per_second = figures->per_second,
               .p50_ms = ms(figures->latency.at(0.5)),
               .p99_ms = ms(figures->latency.at(0.99)),
               .server_us = (etcd.cpu_seconds() - before) * 1e6 / static_cast<double>(requests)});
  }
  return Unit{};
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

}  // namespace

Status bench_strong(const StrongSettings& settings) {
  LocalClusterOptions options;
  options.shoald = program_dir() / "shoald";
  options.dir = settings.dir / "shoal";
  options.nodes = 3;
  Result<LocalCluster> cluster = LocalCluster::start(options);
  if (!cluster) return cluster.error();
  Result<Etcd> etcd = Etcd::start(settings.dir / "etcd");
  if (!etcd) return etcd.error();
  Client client(Options{.seeds = cluster->seeds(), .timeout = std::chrono::seconds(10)});
  const auto created = client.create_bucket({.name = kBucket, .kind = "strong"});
  if (!created) return created.error();
  LoadOptions data;
  data.bucket = kBucket;
  data.keys = settings.keys;
  data.value_bytes = settings.value_bytes;
  if (const Status filled = fill(client, data); !filled) return filled;
  print_head();
  PerSecond ours, theirs;
  for (int run = 0; run < settings.runs; ++run) {
    run_shoal(*cluster, client, settings, run, ours);
    if (const Status done = run_etcd(*etcd, settings, theirs); !done) return done;
  }
  for (const int inflight : kInflight)
    fmt::print("puts of shoal / puts of etcd, {} in flight: {:.2f} (medians of {} runs)\n", inflight,
               median(ours.at(inflight)) / median(theirs.at(inflight)), settings.runs);
  return cluster->stop();
}

}  // namespace shoal
