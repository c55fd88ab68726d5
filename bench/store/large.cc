#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>

#include "bench/store/child.h"
#include "bench/store/memory_limit.h"
#include "bench/store/memory_use.h"
#include "bench/store/put_loop.h"
#include "bench/store/studies.h"

namespace shoal {
namespace {

constexpr double kDataPerCache = 4;
constexpr std::uint64_t kCacheMibMin = 16;  // with less the process cannot live: tiny data only

struct Measured {
  double rate = 0;
  double cache_mib = 0;  // 0: not limited
  std::uint64_t own_mib = 0;
};

// Pages that somebody else read are not charged to the group: it begins without any.
void forget_pages(const std::filesystem::path& dir) {
  for (const auto& file : std::filesystem::recursive_directory_iterator(dir)) {
    if (!file.is_regular_file()) continue;
    const UniqueFd fd(::open(file.path().c_str(), O_RDONLY | O_CLOEXEC));
    ::fdatasync(fd.get());
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  }
}

// Pages that everybody has read are in memory.
void touch_pages(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string part(std::size_t{1} << 20, '\0');
  while (in.read(part.data(), static_cast<std::streamsize>(part.size()))) continue;
}

Status measure_here(const StoreBenchSettings& settings, const std::filesystem::path& dir, const MemoryLimit* limit,
                    std::FILE* answer) {
  if (limit != nullptr)
    if (const Status entered = limit->enter(); !entered) return entered;
  Result<std::unique_ptr<DiskStore>> store = DiskStore::open(store_options(settings, dir, settings.sync));
  if (!store) return store.error();
  DiskTarget target(*std::move(store), settings.sync);
  const std::chrono::duration<double> duration(settings.seconds);
  const Result<PutOutcome> outcome = run_puts(target, {.keys = settings.records,
                                                       .value_bytes = settings.value_bytes,
                                                       .inflight = settings.inflight,
                                                       .warm_up = duration / 2,
                                                       .duration = duration});
  if (!outcome) return outcome.error();
  const std::uint64_t cache = limit != nullptr ? limit->cache_bytes() : 0;
  fmt::print(answer, "{} {} {}", outcome->rate(), static_cast<double>(cache) / (1 << 20), anonymous_bytes() >> 20);
  return target.store().close();
}

Result<Measured> measure(const StoreBenchSettings& settings, const std::filesystem::path& dir,
                         const MemoryLimit* limit) {
  forget_pages(dir);
  if (limit == nullptr) touch_pages(dir / "data.mdb");
  const Result<std::string> text =
      in_child([&](std::FILE* answer) { return measure_here(settings, dir, limit, answer); });
  if (!text) return text.error();
  Measured measured;
  if (std::sscanf(text->c_str(), "%lf %lf %lu", &measured.rate, &measured.cache_mib, &measured.own_mib) != 3)
    return fail(Errc::io, "a measurement said nothing");
  fmt::print(stderr, "{}: {:.0f} puts/s, {} MiB of its own, page cache {:.0f} MiB\n",
             limit != nullptr ? "limited" : "in memory", measured.rate, measured.own_mib, measured.cache_mib);
  return measured;
}

Status fill_store(const StoreBenchSettings& settings, const std::filesystem::path& dir, std::FILE* answer) {
  Result<std::unique_ptr<DiskStore>> store = DiskStore::open(store_options(settings, dir, false));
  if (!store) return store.error();
  DiskTarget target(*std::move(store), false);
  if (const Status filled = fill_keys(target, settings.records, settings.value_bytes); !filled) return filled;
  fmt::print(answer, "{}", anonymous_bytes());
  return target.store().close();
}

struct Series {
  std::vector<double> whole;
  std::vector<double> limited;
  double cache_mib = 0;
  int version = 0;
};

// The limit lets a quarter of the data in besides what the process needs for itself.
Status measure_rounds(const StoreBenchSettings& settings, const std::filesystem::path& dir, double data_mib,
                      Series& series) {
  std::unique_ptr<MemoryLimit> limit;
  for (int round = 0; round < settings.rounds; ++round) {
    const Result<Measured> free = measure(settings, dir, nullptr);
    if (!free) return free.error();
    if (!limit) {
      const std::uint64_t cache = std::max(kCacheMibMin, static_cast<std::uint64_t>(data_mib / kDataPerCache));
      Result<std::unique_ptr<MemoryLimit>> made = MemoryLimit::create((free->own_mib + cache) << 20);
      if (!made) return made.error();
      limit = *std::move(made);
    }
    const Result<Measured> bounded = measure(settings, dir, limit.get());
    if (!bounded) return bounded.error();
    series.whole.push_back(free->rate);
    series.limited.push_back(bounded->rate);
    series.cache_mib = std::max(series.cache_mib, bounded->cache_mib);
    series.version = limit->version();
  }
  return Unit{};
}

}  // namespace

Status study_large(const StoreBenchSettings& settings) {
  if (const auto possible = MemoryLimit::create(std::uint64_t{1} << 30); !possible)
    return fmt::print("skipped: {}\n", possible.error().message), Unit{};
  const std::filesystem::path dir = settings.dir / "large";
  fmt::print(stderr, "filling the store with {} keys\n", settings.records);
  const Result<std::string> filled = in_child([&](std::FILE* answer) { return fill_store(settings, dir, answer); });
  if (!filled) return filled.error();
  const double data_mib = static_cast<double>(std::filesystem::file_size(dir / "data.mdb")) / (1 << 20);
  Series series;
  if (const Status measured = measure_rounds(settings, dir, data_mib, series); !measured) return measured;
  fmt::print("{} puts, {} in flight, {} keys at random, {} bytes, overlay {} MiB, median of {} rounds of {} s\n",
             settings.sync ? "sync" : "relaxed", settings.inflight, settings.records, settings.value_bytes,
             settings.overlay_mib, settings.rounds, settings.seconds);
  fmt::print(
      "data {:.0f} MiB; page cache of the limited process at most {:.0f} MiB: data / cache {:.1f} (cgroup v{})\n",
      data_mib, series.cache_mib, series.cache_mib > 0 ? data_mib / series.cache_mib : 0, series.version);
  fmt::print("in memory {:.0f} puts/s, limited {:.0f} puts/s, ratio {:.2f}\n", median(series.whole),
             median(series.limited), median(series.limited) / median(series.whole));
  return Unit{};
}

}  // namespace shoal
