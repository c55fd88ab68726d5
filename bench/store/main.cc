// shoal_store_bench: what the store of one node carries on this disk, without network and replicas.
//
// Figures depend on the disk and on what else it does; ratios of one run mean something.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "bench/store/studies.h"

namespace shoal {

StoreOptions store_options(const StoreBenchSettings& settings, const std::filesystem::path& dir, bool sync) {
  StoreOptions options;
  options.dir = dir;
  options.owner = NodeId{7};
  options.sync = sync;
  options.bound_overlay(settings.overlay_mib << 20);
  options.map_bytes = std::size_t{64} << 30;
  return options;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace shoal

namespace {

using shoal::StoreBenchSettings;

struct Study {
  StoreBenchSettings settings;
  std::string durability = "sync";
  std::function<shoal::Status(const StoreBenchSettings&)> run;
  CLI::App* command = nullptr;
};

void declare(CLI::App& app, Study& study, const char* name, const char* about) {
  StoreBenchSettings& settings = study.settings;
  study.command = app.add_subcommand(name, about);
  study.command->add_option("--records", settings.records, "Records of the data set")
      ->check(CLI::Range(100, 100'000'000))
      ->capture_default_str();
  study.command->add_option("--value-bytes", settings.value_bytes, "Size of each value")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  study.command->add_option("--overlay-mib", settings.overlay_mib, "As storage.overlay_mib of a node")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
}

void add_seconds(Study& study) {
  study.command->add_option("--seconds", study.settings.seconds, "Length of each measurement")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
}

void add_rounds(Study& study) {
  study.command->add_option("--rounds", study.settings.rounds, "Of which the median is shown")
      ->check(CLI::Range(1, 99))
      ->capture_default_str();
}

void add_load(Study& study) {
  study.command->add_option("--in-flight", study.settings.inflight, "Puts at a time")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  study.command->add_option("--durability", study.durability, "sync or relaxed")
      ->check(CLI::IsMember({"sync", "relaxed"}))
      ->capture_default_str();
}

// The exit code. The folder is made under `under` and removed again.
int run_in_folder(Study& study, const std::filesystem::path& under) {
  std::string pattern = (under / "shoal-store-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return std::perror("shoal_store_bench"), 4;
  study.settings.dir = pattern;
  study.settings.sync = study.durability == "sync";
  const shoal::Status done = study.run(study.settings);
  std::filesystem::remove_all(pattern);
  if (done) return 0;
  std::fprintf(stderr, "shoal_store_bench: %s\n", done.error().message.c_str());
  return 4;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("shoal_store_bench: what the store of one node carries on this disk");
  app.require_subcommand(1);
  std::filesystem::path under = std::filesystem::temp_directory_path();
  app.add_option("--dir", under, "Where to make the folder that is measured; it is removed again")
      ->check(CLI::ExistingDirectory);
  Study durable{.settings = {.overlay_mib = 64}, .run = shoal::study_durable};
  declare(app, durable, "durable", "puts per second beside LMDB's own sync, at 1, 48 and 256 in flight");
  add_seconds(durable);
  add_rounds(durable);
  Study steady{.settings = {.seconds = 60}, .run = shoal::study_steady};
  declare(app, steady, "steady", "puts of each second while checkpoints run all the time");
  add_seconds(steady);
  add_load(steady);
  Study large{.settings = {.records = 3'000'000, .seconds = 15, .overlay_mib = 64}, .run = shoal::study_large};
  declare(app, large, "large", "puts into four times as much data as the page cache holds");
  add_seconds(large);
  add_rounds(large);
  add_load(large);
  Study digests{.settings = {.rounds = 5, .inflight = 256}, .durability = "relaxed", .run = shoal::study_digests};
  declare(app, digests, "digests", "puts with and without digests for the Merkle tree");
  add_rounds(digests);
  add_load(digests);
  Study fill{.settings = {.inflight = 256}, .durability = "relaxed", .run = shoal::study_fill};
  declare(app, fill, "load", "fill one store: rate, disk, memory, and the time to open it again");
  add_load(fill);
  CLI11_PARSE(app, argc, argv);
  for (Study* study : {&durable, &steady, &large, &digests, &fill})
    if (study->command->parsed()) return run_in_folder(*study, under);
  return 2;
}
