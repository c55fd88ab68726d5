// Tail study: how slow the slowest requests get when one of three replicas stops, over several seeds.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/sim/tail_world.h"

namespace shoal::sim {

struct TailFigures {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  Duration p50{};
  Duration p99{};
  Duration p999{};
  Duration max{};
};

struct TailReport {
  std::array<TailFigures, static_cast<std::size_t>(TailPhase::count_)> reads;
  std::array<TailFigures, static_cast<std::size_t>(TailPhase::count_)> writes;

  [[nodiscard]] const TailFigures& reads_in(TailPhase phase) const { return reads[static_cast<std::size_t>(phase)]; }
  // p99.9 of reads in this phase, as a multiple of the healthy one.
  [[nodiscard]] double slowdown(TailPhase phase) const;
};

TailReport report_of(const std::vector<TailSample>& samples);
// Each figure is the median of the reports'. Precondition: there is one.
TailReport median_of(const std::vector<TailReport>& reports);
std::string table_of(const TailReport& report);

// For 3 and for 5 nodes, printed. The seeds are 1..`seeds`.
void print_tail_study(TailFault fault, std::uint64_t seeds, std::uint32_t rate);

}  // namespace shoal::sim
