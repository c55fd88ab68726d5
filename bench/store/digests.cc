#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "bench/store/put_loop.h"
#include "bench/store/studies.h"

namespace shoal {
namespace {

// What this process has used so far. Unlike a rate it says the same when something else runs.
struct Used {
  double cpu_us = 0;
  double written_bytes = 0;

  static Used now() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    Used now;
    for (const timeval& part : {used.ru_utime, used.ru_stime})
      now.cpu_us += static_cast<double>(part.tv_sec) * 1e6 + static_cast<double>(part.tv_usec);
    std::ifstream io("/proc/self/io");
    for (std::string name; io >> name;)
      if (name == "write_bytes:") io >> now.written_bytes;
    return now;
  }
};

struct Kept {
  bool digests;
  std::unique_ptr<DiskTarget> target;
  std::vector<double> rates;
  std::vector<double> cpu_us;  // of each put
  std::vector<double> bytes;   // written for each put
  std::uint64_t checkpoints = 0;
};

// So many, and not so long: the same puts on both sides, whatever else the machine does.
std::uint64_t puts_of(const StoreBenchSettings& settings) { return settings.records / 2; }

// The document says of how many leaves the tree is: as many as in a node.
Result<Kept> prepare(const StoreBenchSettings& settings, bool digests) {
  StoreOptions options = store_options(settings, settings.dir / (digests ? "with" : "without"), settings.sync);
  options.keep_digests = digests;
  Result<std::unique_ptr<DiskStore>> store = DiskStore::open(options);
  if (!store) return store.error();
  Kept kept{.digests = digests, .target = std::make_unique<DiskTarget>(*std::move(store), settings.sync), .rates = {}};
  kept.target->store().save_document(Membership{.cluster = {1}, .epoch = {1}});
  if (const Status filled = fill_keys(*kept.target, settings.records, settings.value_bytes); !filled)
    return filled.error();
  return kept;
}

// What was put is paid for when LMDB has it.
Status move_all(DiskTarget& target) {
  DiskStore& store = target.store();
  store.flush();
  const CommitId all = store.checkpoint_now();
  while (store.checkpointed() < all) {
    if (!store.fatal().empty()) return fail(Errc::io, store.fatal());
    target.collect();
    target.flush();
    ::usleep(1000);
  }
  return Unit{};
}

Status measure(Kept& kept, const StoreBenchSettings& settings, int round) {
  const std::uint64_t before = kept.target->checkpoints();
  const Used used_before = Used::now();
  const Result<PutOutcome> outcome = run_puts(*kept.target, {.keys = settings.records,
                                                             .value_bytes = settings.value_bytes,
                                                             .inflight = settings.inflight,
                                                             .puts_max = puts_of(settings),
                                                             .seed = static_cast<std::uint64_t>(round),
                                                             .digests = kept.digests});
  if (!outcome) return outcome.error();
  if (const Status moved = move_all(*kept.target); !moved) return moved;
  const Used used = Used::now();
  const auto puts = static_cast<double>(std::max<std::uint64_t>(outcome->puts, 1));
  kept.rates.push_back(outcome->rate());
  kept.cpu_us.push_back((used.cpu_us - used_before.cpu_us) / puts);
  kept.bytes.push_back((used.written_bytes - used_before.written_bytes) / puts);
  kept.checkpoints += kept.target->checkpoints() - before;
  fmt::print(stderr, "round {}, {}: {:.0f} puts/s, {:.1f} us, {:.0f} bytes each\n", round,
             kept.digests ? "with" : "without", kept.rates.back(), kept.cpu_us.back(), kept.bytes.back());
  return Unit{};
}

}  // namespace

Status study_digests(const StoreBenchSettings& settings) {
  std::array<Kept, 2> both;
  for (const bool digests : {true, false}) {
    fmt::print(stderr, "filling a store of {} keys\n", settings.records);
    Result<Kept> kept = prepare(settings, digests);
    if (!kept) return kept.error();
    both.at(digests ? 0 : 1) = *std::move(kept);
  }
  for (const Kept& kept : both)
    if (const Status moved = move_all(*kept.target); !moved) return moved;
  for (int round = 1; round <= settings.rounds; ++round)
    for (const int turn : {0, 1})  // nobody always comes first
      if (const Status measured = measure(both.at((turn + round) % 2), settings, round); !measured) return measured;
  fmt::print("{} puts, {} in flight, {} keys at random, {} bytes, overlay {} MiB, median of {} rounds of {} puts\n",
             settings.sync ? "sync" : "relaxed", settings.inflight, settings.records, settings.value_bytes,
             settings.overlay_mib, settings.rounds, puts_of(settings));
  fmt::print("{:<16} {:>9} {:>12} {:>14} {:>12}\n", "digests", "put/s", "cpu us/put", "written B/put", "checkpoints");
  for (const Kept& kept : both)
    fmt::print("{:<16} {:>9.0f} {:>12.1f} {:>14.0f} {:>12}\n", kept.digests ? "with" : "without", median(kept.rates),
               median(kept.cpu_us), median(kept.bytes), kept.checkpoints);
  const auto ratio = [&](auto figures) { return median(both[0].*figures) / median(both[1].*figures); };
  fmt::print("{:<16} {:>9.3f} {:>12.3f} {:>14.3f}\n", "ratio", ratio(&Kept::rates), ratio(&Kept::cpu_us),
             ratio(&Kept::bytes));
  return Unit{};
}

}  // namespace shoal
