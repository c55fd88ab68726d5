// shoal_kill_loop: kill loops (kill_loop.h) for as long as asked. Every third kills all nodes at once. Exit codes: 0
// all was well, 6 something was lost or wrong, 64 wrong usage, 4 the machine refused.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "bench/load/local_cluster.h"
#include "bench/soak/soak_log.h"
#include "tests/process/kill_loop.h"

namespace {

using shoal::test::KillBatch;
using shoal::test::KillOptions;
using shoal::test::KillReport;
using shoal::test::Victims;

constexpr int kMachine = 4;
constexpr int kViolated = 6;
constexpr int kUsage = 64;

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

int soak(const shoal::SoakOptions& how, int rounds) {
  shoal::SoakLog log(how);
  const shoal::Result<std::uint64_t> first = log.first_seed();
  if (!first) return complain(first.error().message, kUsage);
  KillBatch all;
  for (std::uint64_t seed = *first; all.loops == 0 || log.time_left(); ++seed) {
    KillOptions options{.shoald = shoal::program_dir() / "shoald",
                        .dir = {},
                        .seed = seed,
                        .rounds = rounds,
                        .victims = seed % 3 == 0 ? Victims::all : Victims::one};
    const shoal::Result<KillReport> report = run_in_folder(options);
    if (!report) return complain(report.error().message, kMachine);
    KillBatch one;
    one.add(options, *report);
    all.add(options, *report);
    const shoal::Status written = log.append(facts_of(one));
    if (!written) return complain(written.error().message, kUsage);
  }
  std::printf("%llu loops, %llu kills, %llu writes acknowledged, %llu reads checked, %zu loops failing\n",
              static_cast<unsigned long long>(all.loops), static_cast<unsigned long long>(all.sum.kills),
              static_cast<unsigned long long>(all.sum.counts.acknowledged),
              static_cast<unsigned long long>(all.sum.counts.reads), all.failing_seeds.size());
  return all.failing_seeds.empty() ? 0 : kViolated;
}

}  // namespace

int main(int argc, char** argv) {
  shoal::SoakOptions how;
  int rounds = 15;
  CLI::App app("Kills nodes under load and checks that nothing acknowledged is lost. Runs at least one loop.");
  declare(app, how);
  app.add_option("--seed", how.first_seed, "of the first loop; without it, the one after the last of the log");
  app.add_option("--rounds", rounds, "kills of each loop")->check(CLI::Range(1, 1000))->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return soak(how, rounds);
}
