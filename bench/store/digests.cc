#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>

#include "bench/store/put_loop.h"
#include "bench/store/studies.h"

namespace shoal {
namespace {

struct Kept {
  bool digests;
  std::unique_ptr<DiskTarget> target;
  std::vector<double> rates;
  std::uint64_t checkpoints = 0;
};

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

Status measure(Kept& kept, const StoreBenchSettings& settings, int round) {
  const std::chrono::duration<double> duration(settings.seconds);
  const std::uint64_t before = kept.target->checkpoints();
  const Result<PutOutcome> outcome = run_puts(*kept.target, {.keys = settings.records,
                                                             .value_bytes = settings.value_bytes,
                                                             .inflight = settings.inflight,
                                                             .warm_up = duration / 4,
                                                             .duration = duration,
                                                             .seed = static_cast<std::uint64_t>(round),
                                                             .digests = kept.digests});
  if (!outcome) return outcome.error();
  kept.rates.push_back(outcome->rate());
  kept.checkpoints += kept.target->checkpoints() - before;
  fmt::print(stderr, "round {}, {}: {:.0f} puts/s\n", round, kept.digests ? "with" : "without", outcome->rate());
  return settle(kept.target->store());
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
    if (const Status settled = settle(kept.target->store()); !settled) return settled;
  for (int round = 1; round <= settings.rounds; ++round)
    for (const int turn : {0, 1})  // nobody always comes first
      if (const Status measured = measure(both.at((turn + round) % 2), settings, round); !measured) return measured;
  fmt::print("{} puts, {} in flight, {} keys at random, {} bytes, overlay {} MiB, median of {} rounds of {} s\n",
             settings.sync ? "sync" : "relaxed", settings.inflight, settings.records, settings.value_bytes,
             settings.overlay_mib, settings.rounds, settings.seconds);
  fmt::print("with digests {:.0f} puts/s ({} checkpoints), without {:.0f} puts/s ({} checkpoints), ratio {:.3f}\n",
             median(both[0].rates), both[0].checkpoints, median(both[1].rates), both[1].checkpoints,
             median(both[0].rates) / median(both[1].rates));
  return Unit{};
}

}  // namespace shoal
