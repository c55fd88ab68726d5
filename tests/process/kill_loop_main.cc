// shoal_kill_loop: kill loops (kill_loop.h) for as long as asked. Every third kills all nodes at once. Exit codes: 0
// all was well, 6 something was lost or wrong, 64 wrong usage, 4 the machine refused.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bench/load/local_cluster.h"
#include "tests/process/kill_loop.h"

namespace {

using Clock = std::chrono::steady_clock;
using shoal::test::KillBatch;
using shoal::test::KillOptions;
using shoal::test::KillReport;
using shoal::test::Victims;

constexpr int kMachine = 4;
constexpr int kViolated = 6;
constexpr int kUsage = 64;

struct Arguments {
  double minutes = 0;
  std::uint64_t seed = 0;  // 0: after the last one of the log
  int rounds = 15;
  std::string log;
  std::string commit = "unknown";
};

int complain(const std::string& sentence, int code) {
  std::fprintf(stderr, "shoal_kill_loop: %s\n", sentence.c_str());
  return code;
}

shoal::Result<std::string> temporary_folder() {
  std::string dir = (std::filesystem::temp_directory_path() / "shoal-kill-XXXXXX").string();
  if (::mkdtemp(dir.data()) == nullptr) return shoal::fail(shoal::Errc::io, "cannot make a folder in " + dir);
  return dir;
}

// Data and logs of a loop that failed stay, to be looked at.
shoal::Result<KillReport> run_in_folder(KillOptions& options) {
  const shoal::Result<std::string> dir = temporary_folder();
  if (!dir) return dir.error();
  options.dir = *dir;
  shoal::Result<KillReport> report = run_kill_loop(options);
  if (report && report->violations.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(*dir, ignored);
  } else {
    std::fprintf(stderr, "seed %llu: data and logs are in %s\n", static_cast<unsigned long long>(options.seed),
                 dir->c_str());
  }
  return report;
}

// One loop, with a line for the log. False when the log cannot be written.
bool note(const KillOptions& options, const KillReport& report, const Arguments& arguments, double seconds) {
  KillBatch one;
  one.add(options, report);
  const std::string line = log_line(one, arguments.commit, seconds);
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  return arguments.log.empty() || (std::ofstream(arguments.log, std::ios::app) << line << '\n');
}

int soak(const Arguments& arguments, std::uint64_t first) {
  const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double, std::ratio<60>>(arguments.minutes));
  KillBatch all;
  for (std::uint64_t seed = first; all.loops == 0 || Clock::now() < until; ++seed) {
    KillOptions options{.shoald = shoal::program_dir() / "shoald",
                        .dir = {},
                        .seed = seed,
                        .rounds = arguments.rounds,
                        .victims = seed % 3 == 0 ? Victims::all : Victims::one};
    const auto began = Clock::now();
    const shoal::Result<KillReport> report = run_in_folder(options);
    if (!report) return complain(report.error().message, kMachine);
    all.add(options, *report);
    if (!note(options, *report, arguments, std::chrono::duration<double>(Clock::now() - began).count()))
      return complain("cannot write to " + arguments.log, kUsage);
  }
  std::printf("%llu loops, %llu kills, %llu writes acknowledged, %llu reads checked, %zu loops failing\n",
              static_cast<unsigned long long>(all.loops), static_cast<unsigned long long>(all.sum.kills),
              static_cast<unsigned long long>(all.sum.counts.acknowledged),
              static_cast<unsigned long long>(all.sum.counts.reads), all.failing_seeds.size());
  return all.failing_seeds.empty() ? 0 : kViolated;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Kills nodes under load and checks that nothing acknowledged is lost.");
  app.add_option("--minutes", arguments.minutes, "for how long; at least one loop is run")->check(CLI::PositiveNumber);
  app.add_option("--seed", arguments.seed, "of the first loop; without it, the one after the last of the log");
  app.add_option("--rounds", arguments.rounds, "kills of each loop")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--log", arguments.log, "append a line for each loop; the next call goes on after its last seed");
  app.add_option("--commit", arguments.commit, "what is being run, for the log");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (arguments.seed > 0) return soak(arguments, arguments.seed);
  const shoal::Result<std::uint64_t> next = shoal::test::next_seed(arguments.log);
  return next ? soak(arguments, *next) : complain(next.error().message, kUsage);
}
