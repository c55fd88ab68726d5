#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <vector>

#include "bench/store/put_loop.h"
#include "bench/store/studies.h"

namespace shoal {
namespace {

// Of this process so far. Unlike a rate it says about the same when something else runs.
double cpu_us() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  double us = 0;
  for (const timeval& part : {used.ru_utime, used.ru_stime})
    us += static_cast<double>(part.tv_sec) * 1e6 + static_cast<double>(part.tv_usec);
  return us;
}

struct Kept {
  bool digests;
  std::unique_ptr<DiskTarget> target;
  std::vector<double> rates;
  std::vector<double> cpu_us;  // of each put
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
  const double cpu_before = cpu_us();
  const Result<PutOutcome> outcome = run_puts(*kept.target, {.keys = settings.records,
                                                             .value_bytes = settings.value_bytes,
                                                             .inflight = settings.inflight,
                                                             .puts_max = puts_of(settings),
                                                             .seed = static_cast<std::uint64_t>(round),
                                                             .digests = kept.digests});
  if (!outcome) return outcome.error();
  if (const Status moved = move_all(*kept.target); !moved) return moved;
  const auto puts = static_cast<double>(std::max<std::uint64_t>(outcome->puts, 1));
  kept.rates.push_back(outcome->rate());
  kept.cpu_us.push_back((cpu_us() - cpu_before) / puts);
  kept.checkpoints += kept.target->checkpoints() - before;
  fmt::print(stderr, "round {}, {}: {:.0f} puts/s, {:.1f} us each\n", round, kept.digests ? "with" : "without",
             kept.rates.back(), kept.cpu_us.back());
  return Unit{};
}

// The median of what the rounds say, each for itself.
double ratio(const std::vector<double>& with, const std::vector<double>& without) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < with.size(); ++i) ratios.push_back(with[i] / without[i]);
  return median(ratios);
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
      if (const Status measured = measure(both.at(static_cast<std::size_t>((turn + round) % 2)), settings, round);
          !measured)
        return measured;
  fmt::print("{} puts, {} in flight, {} keys at random, {} bytes, overlay {} MiB, median of {} rounds of {} puts\n",
             settings.sync ? "sync" : "relaxed", settings.inflight, settings.records, settings.value_bytes,
             settings.overlay_mib, settings.rounds, puts_of(settings));
  fmt::print("{:<16} {:>9} {:>12} {:>12}\n", "digests", "put/s", "cpu us/put", "checkpoints");
  for (const Kept& kept : both)
    fmt::print("{:<16} {:>9.0f} {:>12.1f} {:>12}\n", kept.digests ? "with" : "without", median(kept.rates),
               median(kept.cpu_us), kept.checkpoints);
  fmt::print("{:<16} {:>9.3f} {:>12.3f}\n", "ratio in a round", ratio(both[0].rates, both[1].rates),
             ratio(both[0].cpu_us, both[1].cpu_us));
  return Unit{};
}

}  // namespace shoal
