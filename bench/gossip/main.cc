// shoal_gossip_sim: measures the failure detector in a world of its own. Exit codes: 0 measured, 64 wrong usage.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "bench/gossip/studies.h"

namespace {

namespace sim = shoal::gossip_sim;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kUsage = 64;

struct Arguments {
  std::string study = "all";
  std::uint64_t seed = 1;
  std::uint64_t seeds = 3;
  std::uint32_t loss_percent = 0;
  std::uint32_t blocked_seconds = 32;
};

std::vector<std::uint64_t> seeds_of(const Arguments& arguments, std::uint64_t at_most = ~std::uint64_t{0}) {
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t i = 0; i < std::min(arguments.seeds, at_most); ++i) seeds.push_back(arguments.seed + i);
  return seeds;
}

std::string triple(const sim::Summary& summary, int digits) {
  return fmt::format("{:.{}f} {:.{}f} {:.{}f}", summary.min(), digits, summary.median(), digits, summary.max(), digits);
}

void line(const std::string& text) {
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

void print_detection(const Arguments& arguments) {
  struct Row {
    std::uint32_t nodes;
    std::uint64_t seeds_max;
    std::uint32_t kills;
  };
  line(fmt::format("detection and dissemination, {} % loss; min median max where there are three",
                   arguments.loss_percent));
  line(fmt::format("{:>6} {:>7} {:>8} {:>8} {:>18} {:>18} {:>8} {:>13} {:>13}", "nodes", "deaths", "1st probe",
                   "theory", "declared s", "then all know s", "unknown", "messages/s", "bytes/s"));
  for (const Row row : {Row{3, 1000, 40}, Row{10, 1000, 40}, Row{100, 5, 30}, Row{1000, 2, 6}}) {
    const sim::Detection found = sim::detect({.nodes = row.nodes,
                                              .seeds = seeds_of(arguments, row.seeds_max),
                                              .kills = row.kills,
                                              .loss_per_million = arguments.loss_percent * 10'000});
    line(fmt::format("{:>6} {:>7} {:>9.2f} {:>8.2f} {:>18} {:>18} {:>8} {:>13.1f} {:>13.0f}", row.nodes,
                     found.declared.count(), found.first_probe.mean(), sim::first_probe_in_theory(row.nodes),
                     triple(found.declared, 1), triple(found.spread, 1), found.unknown, found.messages.mean(),
                     found.bytes.mean()));
  }
}

void print_false_positives(const Arguments& arguments, bool stopped) {
  const sim::Slowness slowness{.blocked_min = milliseconds(100),
                               .blocked_max = seconds(arguments.blocked_seconds),
                               .free_min = milliseconds(10),
                               .free_max = seconds(2),
                               .stops_timers = stopped};
  line(fmt::format(
      "healthy members taken for dead by healthy ones, 128 members, 2 minutes; slow ones are {} for 0.1 to {} s, then "
      "free for 0.01 to 2 s; events per run, min median max",
      stopped ? "stopped" : "blocked", arguments.blocked_seconds));
  line(fmt::format("{:>6} {:>10} {:>20} {:>20} {:>20} {:>11}", "slow", "", "dead", "dead, mean", "suspected",
                   "messages/s"));
  // Stopped processes excuse their own silence with Lifeguard and without: two rows say it.
  const auto rows = stopped ? std::vector<std::uint32_t>{8, 32} : std::vector<std::uint32_t>{1, 2, 4, 8, 16, 32};
  for (const std::uint32_t slow : rows) {
    for (const bool lifeguard : {false, true}) {
      const sim::FalsePositives found = sim::false_positives(
          {.slow = slow, .slowness = slowness, .lifeguard = lifeguard, .seeds = seeds_of(arguments)});
      line(fmt::format("{:>6} {:>10} {:>20} {:>20.1f} {:>20} {:>11.1f}", slow, lifeguard ? "Lifeguard" : "plain",
                       triple(found.deaths_at_healthy, 0), found.deaths_at_healthy.mean(),
                       triple(found.suspicions_at_healthy, 0), found.messages.mean()));
    }
  }
}

void print_recovery(const Arguments& arguments) {
  line(
      "seconds from healing until nobody is taken for dead, and until nobody is even suspected, for good; min median "
      "max");
  line(fmt::format("{:>6} {:>28} {:>18} {:>18} {:>6}", "nodes", "", "nobody dead", "all alive", "open"));
  for (const std::uint32_t nodes : {5U, 30U, 128U}) {
    for (const sim::Trouble trouble : {sim::Trouble::isolated_member, sim::Trouble::halves}) {
      const sim::Recovery found = sim::recover({.nodes = nodes, .trouble = trouble, .seeds = seeds_of(arguments)});
      line(fmt::format("{:>6} {:>28} {:>18} {:>18} {:>6}", nodes,
                       trouble == sim::Trouble::halves ? "split in halves for 3 min" : "one isolated for 3 min",
                       triple(found.no_dead, 1), triple(found.all_alive, 1), found.open));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Measures the failure detector: virtual time, made-up links, the class that nodes run.");
  app.add_option("STUDY", arguments.study, "detection, slow, stopped, recovery or all")
      ->check(CLI::IsMember({"detection", "slow", "stopped", "recovery", "all"}))
      ->capture_default_str();
  app.add_option("--seed", arguments.seed, "the first seed")->capture_default_str();
  app.add_option("--seeds", arguments.seeds, "how many; large clusters take fewer")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--loss", arguments.loss_percent, "percent of messages lost, for the study of detection")
      ->check(CLI::Range(0, 50))
      ->capture_default_str();
  app.add_option("--blocked", arguments.blocked_seconds, "for how many seconds a slow member is blocked at most")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  const auto wanted = [&](const char* study) { return arguments.study == "all" || arguments.study == study; };
  line(fmt::format("seeds {}..{}", arguments.seed, arguments.seed + arguments.seeds - 1));
  if (wanted("detection")) print_detection(arguments);
  if (wanted("slow")) print_false_positives(arguments, false);
  if (wanted("stopped")) print_false_positives(arguments, true);
  if (wanted("recovery")) print_recovery(arguments);
  return 0;
}
