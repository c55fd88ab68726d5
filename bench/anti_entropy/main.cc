// shoal_anti_entropy_bench: what it costs two nodes to find and mend their differences, by records and differences.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/anti_entropy/pair.h"

namespace {

struct Settings {
  std::filesystem::path under = std::filesystem::temp_directory_path();
  std::vector<std::uint64_t> records{10'000, 100'000, 1'000'000};
  std::vector<std::uint64_t> differences{0, 1, 10, 1000, 100'000};
  std::size_t value_bytes = 100;
};

shoal::Status measure(const std::filesystem::path& dir, std::uint64_t records, const Settings& settings) {
  shoal::Pair pair(dir, records, settings.value_bytes);
  if (const shoal::Status loaded = pair.load(); !loaded) return loaded;
  if (const shoal::Result<shoal::PairCost> first = pair.repair(); !first) return first.error();
  for (const std::uint64_t differences : settings.differences) {
    if (differences > records) continue;
    if (const shoal::Status made = pair.make_differ(differences); !made) return made;
    const shoal::Result<shoal::PairCost> cost = pair.repair();
    if (!cost) return cost.error();
    fmt::print("{:>10} {:>11} {:>13} {:>13} {:>8} {:>9} {:>11} {:>9.3f} {:>9.3f} {:>11.3f}\n", records, differences,
               cost->metadata_bytes, cost->state_bytes, cost->states, cost->messages, cost->round_trips, cost->seconds,
               cost->cpu_seconds[0], cost->cpu_seconds[1]);
    std::fflush(stdout);
  }
  return shoal::Unit{};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("shoal_anti_entropy_bench: what it costs two nodes to find and mend their differences");
  Settings settings;
  app.add_option("--dir", settings.under, "Where to make the folder that is measured; it is removed again")
      ->check(CLI::ExistingDirectory);
  app.add_option("--records", settings.records, "At each of the two nodes")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  app.add_option("--differences", settings.differences, "Records that are newer at one of the two")
      ->check(CLI::Range(0, 100'000'000))
      ->capture_default_str();
  app.add_option("--value-bytes", settings.value_bytes, "Size of each value")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  fmt::print("{:>10} {:>11} {:>13} {:>13} {:>8} {:>9} {:>11} {:>9} {:>9} {:>11}\n", "records", "differences",
             "metadata", "state bytes", "states", "messages", "round trips", "seconds", "cpu asker", "cpu answerer");
  for (const std::uint64_t records : settings.records) {
    std::string folder = (settings.under / "shoal-anti-entropy-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return std::perror("shoal_anti_entropy_bench"), 4;
    const shoal::Status measured = measure(folder, records, settings);
    std::filesystem::remove_all(folder);
    if (measured) continue;
    fmt::print(stderr, "shoal_anti_entropy_bench: {}\n", measured.error().message);
    return 4;
  }
  return 0;
}
