// shoal_sim: runs seeds of the simulator. Exit codes: 0 fine, 6 an invariant was violated, 64 wrong usage, 70 a check
// failed or the program crashed.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <bit>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/sim/batch.h"
#include "bench/sim/script.h"
#include "bench/sim/shrink.h"
#include "bench/sim/tail_study.h"
#include "bench/soak/soak_log.h"

namespace {

using shoal::sim::Batch;
using shoal::sim::Options;
using shoal::sim::RunResult;

constexpr int kViolated = 6;
constexpr int kUsage = 64;
constexpr int kCrashed = 70;
constexpr std::uint64_t kSeedsPerLine = 100;
constexpr std::chrono::seconds kShrinkFor{300};

// Read by the signal handler, which can be given nothing.
volatile std::sig_atomic_t running_single_seed = 0;

extern "C" void on_crash(int) {
  const char single[] = "crashed in the seed above\n";
  const char batch[] = "crashed; run the seeds after the last line one by one to find which\n";
  const bool one = running_single_seed != 0;
  if (write(STDERR_FILENO, one ? single : batch, one ? sizeof single - 1 : sizeof batch - 1) < 0) _exit(kCrashed);
  _exit(kCrashed);
}

struct Arguments {
  std::uint64_t seed = 0;
  bool has_seed = false;
  std::string seeds;
  bool strong = false;
  bool twice = false;
  bool until_failure = false;
  bool verbose = false;
  bool shrink = false;
  std::size_t shrink_runs = shoal::sim::ShrinkLimits{}.runs;
  std::string script;
  std::string save;
  std::uint64_t tail_seeds = 9;
  std::uint32_t tail_rate = 1000;
  bool tail_hangs = false;
  shoal::SoakOptions soak;
  std::vector<std::size_t> without;
};

void print_coverage(const Batch& batch) {
  const auto words = [](const std::vector<std::string>& names) {
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, " "));
  };
  fmt::print("seeds that a fault struck in:");
  for (std::size_t i = 0; i < batch.struck.size(); ++i)
    fmt::print(" {}={}", name_of(static_cast<shoal::sim::FaultKind>(i)), batch.struck[i]);
  fmt::print("\nfaults that never struck: {}\nmarks never hit: {}\n", words(batch.kinds_never_struck()),
             words(batch.marks_never_hit()));
}

shoal::sim::DrawOptions draw_of(const Arguments& arguments) {
  return arguments.strong ? shoal::sim::draw_strong_options : shoal::sim::draw_options;
}

Options without(Options options, const Arguments& arguments) {
  std::vector<shoal::sim::Fault> kept;
  for (std::size_t i = 0; i < options.faults.size(); ++i)
    if (std::ranges::find(arguments.without, i) == arguments.without.end()) kept.push_back(options.faults[i]);
  options.faults = std::move(kept);
  return options;
}

void print_result(const RunResult& result) {
  fmt::print("ran       {} events, {} s of virtual time, {} operations, {} acknowledged writes, {} kinds of faults\n",
             result.events, std::chrono::duration_cast<std::chrono::seconds>(result.virtual_time).count() - 3600,
             result.operations, result.acknowledged, std::popcount(result.struck));
  fmt::print("counted   {}\n", result.counted ? "yes" : "no");
  for (const std::string& sentence : result.undecided) fmt::print("UNDECIDED {}\n", sentence);
  for (const std::string& violation : result.violations) fmt::print("VIOLATED  {}\n", violation);
  fmt::print("verdict   {}\nstate     {:016x}\n", result.violations.empty() ? "ok" : "violated", result.state_hash);
}

int save(const Options& options, const std::string& path) {
  const shoal::Status saved = save_script(options, path);
  if (!saved) return fmt::print(stderr, "{}\n", saved.error().message), kUsage;
  fmt::print("saved     {}\n", path);
  return 0;
}

int shrink_one(const Options& options, const Arguments& arguments) {
  const auto until = shoal::SoakLog::Clock::now() + kShrinkFor;
  const shoal::sim::ShrinkLimits limits{.runs = arguments.shrink_runs,
                                        .time_left = [&] { return shoal::SoakLog::Clock::now() < until; }};
  const auto violations_of = [](const Options& tried) { return shoal::sim::run_seed(tried).violations; };
  const auto shrunken = shrink(options, violations_of, limits);
  if (!shrunken) return fmt::print("nothing is violated, so there is nothing to shrink\n"), 0;
  fmt::print("{}VIOLATED  {}\n", describe(shrunken->options), shrunken->sentence);
  fmt::print("shrunken  {} of {} faults are left after {} runs; {}\n", shrunken->options.faults.size(),
             options.faults.size(), shrunken->runs,
             shrunken->complete ? "nothing more can be left out" : "there was no time for more");
  const std::string path = arguments.save.empty() ? fmt::format("seed_{}.json", options.seed) : arguments.save;
  if (const int failed = save(shrunken->options, path); failed != 0) return failed;
  fmt::print("replay    shoal_sim --script {}\n", path);
  return kViolated;
}

int run_one(const Arguments& arguments) {
  shoal::Result<Options> drawn =
      arguments.script.empty() ? draw_of(arguments)(arguments.seed) : shoal::sim::read_script(arguments.script);
  if (!drawn) return fmt::print(stderr, "{}\n", drawn.error().message), kUsage;
  const Options options = without(std::move(*drawn), arguments);
  running_single_seed = 1;
  if (arguments.shrink) return shrink_one(options, arguments);
  if (!arguments.save.empty())
    if (const int failed = save(options, arguments.save); failed != 0) return failed;
  fmt::print("{}", shoal::sim::describe(options));
  std::fflush(stdout);
  shoal::sim::Recorder recorder;
  const RunResult result = shoal::sim::run_seed(options, arguments.verbose ? &recorder : nullptr);
  fmt::print("{}", result.history);
  print_result(result);
  if (arguments.twice) {
    const std::string difference = shoal::sim::compare_two_runs(options);
    fmt::print("twice     {}\n", difference.empty() ? "the same" : difference);
    if (!difference.empty()) return kViolated;
  }
  return result.violations.empty() ? 0 : kViolated;
}

bool parse_range(const std::string& text, std::uint64_t& first, std::uint64_t& last) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return false;
  return CLI::detail::lexical_cast(text.substr(0, dots), first) &&
         CLI::detail::lexical_cast(text.substr(dots + 2), last) && first <= last;
}

int run_range(const Arguments& arguments) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  if (!parse_range(arguments.seeds, first, last)) {
    fmt::print(stderr, "--seeds wants a range like 1..100, not \"{}\"\n", arguments.seeds);
    return kUsage;
  }
  Batch all;
  bool same = true;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Options options = without(draw_of(arguments)(seed), arguments);
    const RunResult result = shoal::sim::run_in_batch(seed, options);
    all.add(seed, result);
    if (!result.violations.empty()) fmt::print("seed {}: {}\n", seed, result.violations.front());
    std::fflush(stdout);
    if (arguments.until_failure && !all.failing.empty()) break;
    if (!arguments.twice || shoal::sim::is_compared(seed)) continue;
    const std::string difference = shoal::sim::compare_two_runs(options);
    if (!difference.empty()) fmt::print("seed {}: {}\n", seed, difference);
    same = same && difference.empty();
  }
  fmt::print("{} seeds, {} counted, {} undecided, {} compared with a second run, {} operations, {} failing\n",
             all.seeds, all.counted, all.undecided, all.compared, all.operations, all.failing.size());
  print_coverage(all);
  return all.failing.empty() && same ? 0 : kViolated;
}

int soak(const Arguments& arguments) {
  shoal::SoakLog log(arguments.soak);
  const shoal::Result<std::uint64_t> first = log.first_seed();
  if (!first) return fmt::print(stderr, "{}\n", first.error().message), kUsage;
  using Clock = shoal::SoakLog::Clock;
  const Clock::time_point began = Clock::now();
  Batch all;
  for (std::uint64_t seed = *first; log.time_left(); seed = all.last + 1) {
    const Batch batch = shoal::sim::run_batch(
        seed, seed + kSeedsPerLine - 1, [&](const Batch&) { return !log.time_left(); }, draw_of(arguments));
    if (batch.seeds == 0) break;
    const shoal::Status written = log.append(facts_of(batch));
    if (!written) return fmt::print(stderr, "{}\n", written.error().message), kUsage;
    all.add(batch);
  }
  const double minutes = std::chrono::duration<double, std::ratio<60>>(Clock::now() - began).count();
  if (arguments.strong)
    fmt::print("{} seeds about safety alone, {} about liveness too\n", all.seeds - all.about_liveness,
               all.about_liveness);
  fmt::print("{} seeds, {} counted ({:.0f} a minute), {} undecided, {} compared with a second run, {} failing\n",
             all.seeds, all.counted, static_cast<double>(all.counted) / minutes, all.undecided, all.compared,
             all.failing.size());
  print_coverage(all);
  return all.failing.empty() ? 0 : kViolated;
}

int tail_study(const Arguments& arguments) {
  const auto fault = arguments.tail_hangs ? shoal::sim::TailFault::hangs : shoal::sim::TailFault::stops;
  shoal::sim::print_tail_study(fault, arguments.tail_seeds, arguments.tail_rate);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Runs the brain of shoal in a simulated world. A seed decides everything and replays exactly.");
  auto* seed = app.add_option("SEED", arguments.seed, "the seed to run; with --minutes, the first one");
  app.add_option("--seeds", arguments.seeds, "run a range, as 1..100");
  app.add_flag("--strong", arguments.strong, "all keys are in a strong bucket; every third seed is about liveness too");
  app.add_flag("--until-failure", arguments.until_failure, "end the range after its first failing seed");
  app.add_flag("--twice", arguments.twice, "run again and compare every event");
  app.add_option("--without", arguments.without, "leave out these faults of the list, by number")->delimiter(',');
  auto* script = app.add_option("--script", arguments.script, "run this file in place of a seed")->excludes(seed);
  auto* save =
      app.add_option("--save", arguments.save, "write the run as a file for --script; with --shrink, the least");
  auto* shrink =
      app.add_flag("--shrink", arguments.shrink, "leave out what the failure does not need, and save the rest");
  app.add_option("--shrink-runs", arguments.shrink_runs, "try this often at most")
      ->needs(shrink)
      ->check(CLI::PositiveNumber);
  declare(app, arguments.soak);
  app.add_flag("--verbose", arguments.verbose, "print the history even when all is well");
  auto* tail = app.add_subcommand("tail", "how slow the slowest requests get when one of three replicas stops");
  tail->add_option("--seeds", arguments.tail_seeds, "how many seeds the medians are of")->check(CLI::Range(1, 1000));
  tail->add_option("--rate", arguments.tail_rate, "requests a second")->check(CLI::Range(100, 100'000));
  tail->add_flag("--hang", arguments.tail_hangs, "its failure detector goes on, so that nobody suspects it");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  arguments.has_seed = seed->count() > 0;
  if (tail->parsed()) return tail_study(arguments);
  std::signal(SIGABRT, on_crash);
  std::signal(SIGSEGV, on_crash);
  arguments.soak.first_seed = arguments.seed;
  const bool one =
      script->count() > 0 || (arguments.has_seed && arguments.soak.minutes <= 0 && arguments.seeds.empty());
  if (!one && save->count() + shrink->count() > 0)
    return fmt::print(stderr, "--save and --shrink are for one run: give a SEED or --script FILE\n"), kUsage;
  if (one) return run_one(arguments);
  if (arguments.soak.minutes > 0) return soak(arguments);
  if (!arguments.seeds.empty()) return run_range(arguments);
  fmt::print(stderr, "give a SEED, --script FILE, --seeds A..B, --minutes M, or the word tail; --help tells more\n");
  return kUsage;
}
