// Configuration of shoald: flag over environment over file over default.
//
// Every setting is one row of a table (settings()): its TOML name, its flag, how text becomes its value and back. The
// environment variable of `section.key` is SHOALD_SECTION_KEY. An unknown key in the file is an error that names the
// line and the key that was probably meant.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "node/base/result.h"
#include "node/core/study_switches.h"
#include "node/ring/membership.h"

namespace shoal {

struct Config {
  std::string data_dir;
  std::string listen = "127.0.0.1:7100";
  std::string advertise;  // empty: as `listen`
  std::string join;       // empty: found a cluster, or use the stored one
  std::string name;       // empty: HOST:PORT as advertised
  std::string zone;
  std::uint64_t weight = kWeightDefault;
  bool reset_identity = false;
  std::string faults_file;  // with the token of those who may order faults; empty: nobody may
  StudySwitches study;      // other than its defaults only together with faults_file

  std::uint64_t replicas = kReplicasDefault;      // founder only
  std::uint64_t partitions = kPartitionsDefault;  // founder only

  std::string durability = "sync";  // or "relaxed"
  std::uint64_t relaxed_interval_ms = 1000;
  std::uint64_t overlay_mib = 256;
  std::uint64_t log_mib = 512;
  std::uint64_t map_gib = 512;

  std::uint64_t hints_max_mib = 1024;
  std::uint64_t hints_rate_mib_per_s = 1;

  std::uint64_t repair_interval_s = 10;
  std::uint64_t repair_rate_mib_per_s = 8;
  std::uint64_t repair_scrub_days = 7;

  std::string log_level = "info";
  std::string log_file;  // empty: standard error only
  bool log_json = false;
  std::uint64_t log_rotate_mib = 64;
  std::uint64_t log_keep = 4;

  [[nodiscard]] const std::string& advertised() const { return advertise.empty() ? listen : advertise; }
  [[nodiscard]] const std::string& display_name() const { return name.empty() ? advertised() : name; }
};

struct Setting {
  std::string key;   // section.key in the file
  std::string flag;  // --flag on the command line, empty when it has none
  std::string help;
  bool quoted = true;  // text in TOML
  std::function<Status(Config&, const std::string&)> set;
  std::function<std::string(const Config&)> get;
};

const std::vector<Setting>& settings();

// Reads a file over `config`. Errors name the line.
Status read_config_file(Config& config, const std::filesystem::path& file);
// `environment` maps names to values; only SHOALD_* is looked at, and an unknown one is an error.
Status read_config_environment(Config& config, const std::map<std::string, std::string>& environment);
// What no single setting can see: missing, contradicting, out of range.
Status check_config(const Config& config);
// The whole configuration as a TOML file.
std::string print_config(const Config& config);

}  // namespace shoal
