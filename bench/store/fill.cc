#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>

#include "bench/store/child.h"
#include "bench/store/memory_use.h"
#include "bench/store/put_loop.h"
#include "bench/store/studies.h"
#include "node/io/storage/lmdb_env.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;
using Path = std::filesystem::path;

double seconds_since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

// Looks at this process's memory ten times a second.
class PeakMemory {
 public:
  PeakMemory() : thread_([this] { run(); }) {}
  ~PeakMemory() {
    stopping_ = true;
    thread_.join();
  }
  PeakMemory(const PeakMemory&) = delete;
  PeakMemory& operator=(const PeakMemory&) = delete;
  [[nodiscard]] std::uint64_t bytes() const { return peak_; }

 private:
  void run() {
    while (!stopping_) {
      peak_ = std::max<std::uint64_t>(peak_, anonymous_bytes());
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  std::atomic<std::uint64_t> peak_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

std::uint64_t disk_bytes(const Path& path) {
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(path)) {
    struct stat about {};
    if (::stat(file.path().c_str(), &about) == 0) bytes += static_cast<std::uint64_t>(about.st_blocks) * 512;
  }
  return bytes;
}

// Records that LMDB holds; the rest is in the log.
Result<double> records_in_lmdb(const Path& dir) {
  const Result<LmdbEnv> env = LmdbEnv::open_to_read(dir);
  if (!env) return env.error();
  LmdbTxn txn;
  MDB_stat stat{};
  if (env->begin(MDB_RDONLY, txn) != 0 || mdb_stat(txn.get(), env->records, &stat) != 0)
    return fail(Errc::io, "cannot count the records in LMDB");
  return static_cast<double>(std::max<std::size_t>(stat.ms_entries, 1));
}

Status fill_once(const StoreBenchSettings& settings, const Path& dir, std::FILE* answer) {
  const PeakMemory peak;
  Result<std::unique_ptr<DiskStore>> store = DiskStore::open(store_options(settings, dir, settings.sync));
  if (!store) return store.error();
  DiskTarget target(*std::move(store), settings.sync);
  const Result<PutOutcome> outcome = run_puts(target, {.keys = settings.records,
                                                       .each_key_once = true,
                                                       .value_bytes = settings.value_bytes,
                                                       .inflight = settings.inflight});
  if (!outcome) return outcome.error();
  const Clock::time_point begun = Clock::now();
  if (const Status closed = target.store().close(); !closed) return closed;
  fmt::print(answer, "{} {} {} {} {}", outcome->rate(), seconds_since(begun), peak.bytes(), outcome->refused,
             target.checkpoints());
  return Unit{};
}

// Seconds to open, and how much memory that took.
Status open_once(const StoreBenchSettings& settings, const Path& dir, std::uint64_t records, std::FILE* answer) {
  const PeakMemory peak;
  const Clock::time_point begun = Clock::now();
  Result<std::unique_ptr<DiskStore>> store = DiskStore::open(store_options(settings, dir, settings.sync));
  if (!store) return store.error();
  const double seconds = seconds_since(begun);
  if ((*store)->records() != records)
    return fail(Errc::corrupt, fmt::format("{} records are there instead of {}", (*store)->records(), records));
  fmt::print(answer, "{} {}", seconds, std::max(peak.bytes(), anonymous_bytes()));
  std::fflush(answer);
  ::kill(::getpid(), SIGKILL);  // what it has replayed stays in the log
  return Unit{};
}

// Fills both generations of the overlay, so that the log holds as much as it ever does, and ends as a killed process.
Status fill_log(const StoreBenchSettings& settings, const Path& dir, std::FILE* answer) {
  const StoreOptions options = store_options(settings, dir, settings.sync);
  Result<std::unique_ptr<DiskStore>> store = DiskStore::open(options);
  if (!store) return store.error();
  DiskTarget target(*std::move(store), settings.sync);
  const auto checkpoints_wanted = target.checkpoints() + 1;
  std::uint64_t puts = 0;
  for (int i = 0; i < 1000 && target.checkpoints() < checkpoints_wanted; ++i) {
    const Result<PutOutcome> outcome = run_puts(target, {.keys = settings.records,
                                                         .value_bytes = settings.value_bytes,
                                                         .inflight = settings.inflight,
                                                         .duration = std::chrono::milliseconds(100),
                                                         .seed = static_cast<std::uint64_t>(i)});
    if (!outcome) return outcome.error();
    puts += outcome->puts;
  }
  fmt::print(answer, "{}", puts);
  std::fflush(answer);
  ::kill(::getpid(), SIGKILL);
  return Unit{};
}

Status print_opening(const StoreBenchSettings& settings, const Path& dir, const char* after) {
  const Result<std::string> text =
      in_child([&](std::FILE* answer) { return open_once(settings, dir, settings.records, answer); });
  if (!text) return text.error();
  double seconds = 0;
  double bytes = 0;
  if (std::sscanf(text->c_str(), "%lf %lf", &seconds, &bytes) != 2) return fail(Errc::io, "an opening said nothing");
  fmt::print("open after {}: {:.2f} s, memory {:.0f} MiB, log {:.0f} MiB on the disk\n", after, seconds,
             bytes / (1 << 20), static_cast<double>(disk_bytes(dir / "log")) / (1 << 20));
  return Unit{};
}

Status print_filling(const StoreBenchSettings& settings, const Path& dir, const std::string& text) {
  double rate = 0;
  double closing = 0;
  double peak = 0;
  std::size_t refused = 0;
  std::size_t checkpoints = 0;
  if (std::sscanf(text.c_str(), "%lf %lf %lf %zu %zu", &rate, &closing, &peak, &refused, &checkpoints) != 5)
    return fail(Errc::io, "a filling said nothing");
  const Result<double> records = records_in_lmdb(dir);
  if (!records) return records.error();
  fmt::print("{} unique keys of {} bytes, {}, {} in flight, overlay {} MiB\n", settings.records, settings.value_bytes,
             settings.sync ? "sync" : "relaxed", settings.inflight, settings.overlay_mib);
  fmt::print("filled with {:.0f} puts/s, {} refusals, {} checkpoints; closed in {:.2f} s\n", rate, refused, checkpoints,
             closing);
  fmt::print("disk: {:.0f} bytes a record in LMDB, and {:.0f} MiB of log\n",
             static_cast<double>(disk_bytes(dir) - disk_bytes(dir / "log")) / *records,
             static_cast<double>(disk_bytes(dir / "log")) / (1 << 20));
  fmt::print("memory: at most {:.0f} MiB, without the pages of LMDB's map\n", peak / (1 << 20));
  return Unit{};
}

}  // namespace

Status study_fill(const StoreBenchSettings& settings) {
  const Path dir = settings.dir / "fill";
  const Result<std::string> filled = in_child([&](std::FILE* answer) { return fill_once(settings, dir, answer); });
  if (!filled) return filled.error();
  if (const Status printed = print_filling(settings, dir, *filled); !printed) return printed;
  if (const Status printed = print_opening(settings, dir, "a clean end"); !printed) return printed;
  const Result<std::string> more = in_child([&](std::FILE* answer) { return fill_log(settings, dir, answer); });
  if (!more) return more.error();
  return print_opening(settings, dir, ("a kill, " + *more + " puts later").c_str());
}

}  // namespace shoal
