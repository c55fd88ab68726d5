#include "bench/load/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace shoal {

void print_head() {
  fmt::print("{:<34} {:<4} {:>8} {:>12} {:>9} {:>9} {:>9} {:>7}\n", "system", "op", "inflight", "op/s", "p50 ms",
             "p99 ms", "cpu us/op", "errors");
}

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

Row measure(LocalCluster& cluster, Client& client, const LoadOptions& load, const std::string& system) {
  LoadOptions warm_up = load;
  warm_up.duration = std::chrono::milliseconds(500);
  if (load.kind == LoadKind::put) warm_up.prefix = "warm-up-" + load.prefix;
  run_closed_loop(client, warm_up);
  const double before = cpu_seconds(cluster);
  const LoadResult result = run_closed_loop(client, load);
  const double busy = cpu_seconds(cluster) - before;
  const Row row{.system = system,
                .operation = load.kind == LoadKind::put ? "put" : "get",
                .inflight = load.inflight,
                .per_second = result.per_second(),
                .p50_ms = ms(result.latency.at(0.5)),
                .p99_ms = ms(result.latency.at(0.99)),
                .server_us = busy * 1e6 / static_cast<double>(std::max<std::uint64_t>(result.operations, 1)),
                .errors = result.errors};
  print_row(row);
  if (result.errors > 0) fmt::print("  first error: {}\n", result.first_error);
  return row;
}

}  // namespace shoal
