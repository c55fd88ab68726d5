#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "bench/store/lmdb_sync_store.h"
#include "bench/store/put_loop.h"
#include "bench/store/studies.h"

namespace shoal {
namespace {

constexpr std::size_t kSmallOverlayMib = 16;

double ms(std::chrono::microseconds latency) { return static_cast<double>(latency.count()) / 1000; }

void print_seconds(const PutOutcome& outcome) {
  std::string line;
  for (const double puts : outcome.per_second) line += fmt::format(" {:.1f}", puts / 1000);
  fmt::print("  thousands of puts, second by second:{}\n", line);
}

void print_row(const std::string& name, const PutOutcome& outcome, const std::string& checkpoints) {
  const double typical = median(outcome.per_second);
  const double worst = *std::ranges::min_element(outcome.per_second);
  fmt::print("{:<28} {:>9.0f} {:>9.0f} {:>6.2f} {:>8.2f} {:>8.2f} {:>8.1f} {:>8} {:>11}\n", name, typical, worst,
             typical > 0 ? worst / typical : 0, ms(outcome.latency.at(0.5)), ms(outcome.latency.at(0.99)),
             ms(outcome.latency.max()), outcome.refused, checkpoints);
  print_seconds(outcome);
  std::fflush(stdout);
}

Result<PutOutcome> measure(PutTarget& target, const StoreBenchSettings& settings) {
  if (const Status filled = fill_keys(target, settings.records, settings.value_bytes); !filled) return filled.error();
  return run_puts(target, {.keys = settings.records,
                           .value_bytes = settings.value_bytes,
                           .inflight = settings.inflight,
                           .warm_up = std::chrono::duration<double>(std::min(settings.seconds / 4, 5.0)),
                           .duration = std::chrono::duration<double>(settings.seconds)});
}

Status measure_disk(StoreBenchSettings settings, std::size_t overlay_mib) {
  settings.overlay_mib = overlay_mib;
  const std::filesystem::path dir = settings.dir / fmt::format("overlay-{}", overlay_mib);
  Result<std::unique_ptr<DiskStore>> store = DiskStore::open(store_options(settings, dir, settings.sync));
  if (!store) return store.error();
  DiskTarget target(*std::move(store), settings.sync);
  std::uint64_t before = 0;
  const Result<PutOutcome> outcome = measure(target, settings);
  if (!outcome) return outcome.error();
  print_row(fmt::format("{}, overlay {} MiB", settings.sync ? "sync" : "relaxed", overlay_mib), *outcome,
            std::to_string(target.checkpoints() - before));
  return Unit{};
}

Status measure_lmdb(const StoreBenchSettings& settings) {
  Result<std::unique_ptr<LmdbSyncStore>> store =
      LmdbSyncStore::open(settings.dir / "lmdb", store_options(settings, "", true).map_bytes);
  if (!store) return store.error();
  const Result<PutOutcome> outcome = measure(**store, settings);
  if (!outcome) return outcome.error();
  print_row("LMDB, its own sync", *outcome, "-");
  return Unit{};
}

}  // namespace

Status study_steady(const StoreBenchSettings& settings) {
  fmt::print("steady puts: {} in flight, {} keys at random, {} bytes, {} s each\n", settings.inflight, settings.records,
             settings.value_bytes, settings.seconds);
  fmt::print("{:<28} {:>9} {:>9} {:>6} {:>8} {:>8} {:>8} {:>8} {:>11}\n", "store", "median/s", "worst/s", "ratio",
             "p50 ms", "p99 ms", "max ms", "refused", "checkpoints");
  std::fflush(stdout);
  if (const Status done = measure_disk(settings, settings.overlay_mib); !done) return done;
  if (const Status done = measure_disk(settings, kSmallOverlayMib); !done) return done;
  return measure_lmdb(settings);
}

}  // namespace shoal
