#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include "bench/store/lmdb_sync_store.h"
#include "bench/store/put_loop.h"
#include "bench/store/raw_append.h"
#include "bench/store/studies.h"

namespace shoal {
namespace {

constexpr std::array<std::size_t, 3> kInflight{1, 48, 256};

struct System {
  std::string name;
  std::unique_ptr<PutTarget> target;
  std::array<std::vector<PutOutcome>, kInflight.size()> outcomes;

  [[nodiscard]] double rate(std::size_t i) const {
    std::vector<double> rates;
    for (const PutOutcome& outcome : outcomes[i]) rates.push_back(outcome.rate());
    return median(rates);
  }
};

// A checkpoint under way ends before somebody else is measured.
Status settle(PutTarget& target) {
  auto* disk = dynamic_cast<DiskTarget*>(&target);
  while (disk != nullptr && disk->store().checkpointing()) {
    if (!disk->store().fatal().empty()) return fail(Errc::io, disk->store().fatal());
    disk->collect();
    disk->flush();
    ::usleep(1000);
  }
  return Unit{};
}

Result<System> prepare(System system, const StoreBenchSettings& settings) {
  fmt::print(stderr, "filling {} with {} keys\n", system.name, settings.records);
  if (const Status filled = fill_keys(*system.target, settings.records, settings.value_bytes); !filled)
    return filled.error();
  return system;
}

Result<System> lmdb_system(const StoreBenchSettings& settings) {
  Result<std::unique_ptr<LmdbSyncStore>> store =
      LmdbSyncStore::open(settings.dir / "lmdb", store_options(settings, "", true).map_bytes);
  if (!store) return store.error();
  return prepare({.name = "LMDB, its own sync", .target = *std::move(store), .outcomes = {}}, settings);
}

Result<System> disk_system(const StoreBenchSettings& settings, bool sync) {
  const std::string name = sync ? "sync" : "relaxed";
  Result<std::unique_ptr<DiskStore>> store = DiskStore::open(store_options(settings, settings.dir / name, sync));
  if (!store) return store.error();
  return prepare({.name = name, .target = std::make_unique<DiskTarget>(*std::move(store), sync), .outcomes = {}},
                 settings);
}

Status measure_round(std::vector<System>& systems, const StoreBenchSettings& settings, int round) {
  for (std::size_t i = 0; i < kInflight.size(); ++i)
    for (System& system : systems) {
      const std::chrono::duration<double> duration(settings.seconds);
      const Result<PutOutcome> outcome = run_puts(*system.target, {.keys = settings.records,
                                                                   .value_bytes = settings.value_bytes,
                                                                   .inflight = kInflight[i],
                                                                   .warm_up = duration / 10,
                                                                   .duration = duration,
                                                                   .seed = static_cast<std::uint64_t>(round)});
      if (!outcome) return outcome.error();
      fmt::print(stderr, "round {}, {} in flight, {}: {:.0f} puts/s\n", round, kInflight[i], system.name,
                 outcome->rate());
      system.outcomes[i].push_back(*outcome);
      if (const Status settled = settle(*system.target); !settled) return settled;
    }
  return Unit{};
}

void print_row(const System& system, const System& baseline, std::size_t i) {
  Histogram latency;
  std::uint64_t refused = 0;
  std::vector<double> rates;
  for (const PutOutcome& outcome : system.outcomes[i]) {
    latency.add(outcome.latency);
    refused += outcome.refused;
    rates.push_back(outcome.rate());
  }
  fmt::print("{:<20} {:>8} {:>9.0f} {:>9.0f} {:>9.0f} {:>8.2f} {:>8.3f} {:>8.3f} {:>8}\n", system.name, kInflight[i],
             system.rate(i), *std::ranges::min_element(rates), *std::ranges::max_element(rates),
             system.rate(i) / baseline.rate(i), static_cast<double>(latency.at(0.5).count()) / 1000,
             static_cast<double>(latency.at(0.99).count()) / 1000, refused);
}

Status measure_floor(const StoreBenchSettings& settings, std::array<std::vector<double>, 2>& rates) {
  for (const bool written : {true, false}) {
    const auto duration = std::chrono::duration<double>(std::min(settings.seconds, 2.0));
    const Result<double> rate = raw_append_rate(settings.dir, written, duration);
    if (!rate) return rate.error();
    rates[written ? 0 : 1].push_back(*rate);
  }
  return Unit{};
}

}  // namespace

Status study_durable(const StoreBenchSettings& settings) {
  std::vector<System> systems;
  for (auto make : {+[](const StoreBenchSettings& s) { return lmdb_system(s); },
                    +[](const StoreBenchSettings& s) { return disk_system(s, true); },
                    +[](const StoreBenchSettings& s) { return disk_system(s, false); }}) {
    Result<System> system = make(settings);
    if (!system) return system.error();
    if (const Status settled = settle(*system->target); !settled) return settled;
    systems.push_back(*std::move(system));
  }
  std::array<std::vector<double>, 2> floor;
  for (int round = 1; round <= settings.rounds; ++round) {
    if (const Status measured = measure_floor(settings, floor); !measured) return measured;
    if (const Status measured = measure_round(systems, settings, round); !measured) return measured;
  }
  fmt::print("durable puts: {} keys at random, {} bytes, overlay {} MiB, median of {} rounds of {} s\n",
             settings.records, settings.value_bytes, settings.overlay_mib, settings.rounds, settings.seconds);
  fmt::print("{:<20} {:>8} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8}\n", "store", "inflight", "put/s", "least", "most",
             "x LMDB", "p50 ms", "p99 ms", "refused");
  for (std::size_t i = 0; i < kInflight.size(); ++i)
    for (const System& system : systems) print_row(system, systems.front(), i);
  fmt::print("floor, 4 KiB appended and synced: {:.0f}/s into written blocks, {:.0f}/s into blocks only allocated\n",
             median(floor[0]), median(floor[1]));
  return Unit{};
}

}  // namespace shoal
