// One line of figures for each system, operation and number of requests in flight.
#pragma once

#include <cstdint>
#include <string>

#include "bench/load/closed_loop.h"
#include "bench/load/local_cluster.h"

namespace shoal {

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

void print_head();
void print_row(const Row& row);

double ms(std::chrono::microseconds latency);
double cpu_seconds(LocalCluster& cluster);

// Runs the load for as long as it says, after half a second of it on keys of its own, and prints the row.
Row measure(LocalCluster& cluster, Client& client, const LoadOptions& load, const std::string& system);

}  // namespace shoal
