#include "node/io/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <sstream>

#include "node/base/endpoint.h"
#include "node/base/suggest.h"

namespace shoal {
namespace {

Setting text(std::string key, std::string flag, std::string help, std::string Config::*field) {
  return {std::move(key),
          std::move(flag),
          std::move(help),
          true,
          [field](Config& config, const std::string& value) -> Status {
            config.*field = value;
            return Unit{};
          },
          [field](const Config& config) { return config.*field; }};
}

Setting number(std::string key, std::string flag, std::string help, std::uint64_t Config::*field) {
  const std::string name = key;
  return {std::move(key),
          std::move(flag),
          std::move(help),
          false,
          [field, name](Config& config, const std::string& value) -> Status {
            std::uint64_t parsed = 0;
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
            if (error != std::errc() || end != value.data() + value.size())
              return fail(Errc::invalid, name + " is a whole number, not \"" + value + "\"");
            config.*field = parsed;
            return Unit{};
          },
          [field](const Config& config) { return std::to_string(config.*field); }};
}

template <class Access>
Setting flag(std::string key, std::string help, Access field) {
  const std::string name = key;
  return {std::move(key),
          "",
          std::move(help),
          false,
          [field, name](Config& config, const std::string& value) -> Status {
            if (value != "true" && value != "false")
              return fail(Errc::invalid, name + " is true or false, not \"" + value + "\"");
            field(config) = value == "true";
            return Unit{};
          },
          [field](const Config& config) { return std::string(field(config) ? "true" : "false"); }};
}

Setting flag(std::string key, std::string help, bool Config::*field) {
  return flag(
      std::move(key), std::move(help), [field](auto& config) -> auto& { return config.*field; });
}

Setting flag(const StudySwitch& known) {
  return flag(
      std::string("study.") + known.name,
      known.help, [field = known.field](auto& config) -> auto& { return config.study.*field; });
}

std::vector<Setting> with_study_switches(std::vector<Setting> settings) {
  for (const StudySwitch& known : kStudySwitches) settings.push_back(flag(known));
  return settings;
}

std::string variable_of(const Setting& setting) {
  std::string name = "SHOALD_" + setting.key;
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return c == '.' ? '_' : static_cast<char>(std::toupper(c)); });
  return name;
}

const Setting* find_setting(const std::string& key) {
  const auto it = std::ranges::find(settings(), key, &Setting::key);
  return it != settings().end() ? &*it : nullptr;
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  for (const Setting& setting : settings()) keys.push_back(setting.key);
  return keys;
}

Error at_line(const std::filesystem::path& file, const toml::source_region& where, const std::string& what) {
  return fail(Errc::invalid, file.string() + ", line " + std::to_string(where.begin.line) + ": " + what);
}

// The setting's value as text; nullopt when it is of another type.
std::optional<std::string> text_of(const toml::node& node, bool quoted) {
  if (const auto* value = node.as_string(); value != nullptr && quoted) return value->get();
  if (quoted) return std::nullopt;
  if (const auto* value = node.as_integer()) return std::to_string(value->get());
  if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
  return std::nullopt;
}

Status read_table(Config& config, const std::filesystem::path& file, const std::string& section,
                  const toml::table& table) {
  for (const auto& [name, node] : table) {
    const std::string key = section.empty() ? std::string(name.str()) : section + "." + std::string(name.str());
    if (const toml::table* inner = node.as_table(); inner != nullptr && section.empty()) {
      if (const Status read = read_table(config, file, key, *inner); !read) return read;
      continue;
    }
    const Setting* setting = find_setting(key);
    if (setting == nullptr)
      return at_line(file, name.source(), "there is no setting \"" + key + "\"" + did_you_mean(key, known_keys()));
    const std::optional<std::string> value = text_of(node, setting->quoted);
    const char* type = setting->quoted ? "a text in quotes" : "a whole number, true or false, and without quotes";
    if (!value) return at_line(file, node.source(), key + " is " + type);
    if (const Status set = setting->set(config, *value); !set) return at_line(file, node.source(), set.error().message);
  }
  return Unit{};
}

Status in_range(const char* key, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  if (value >= low && value <= high) return Unit{};
  return fail(Errc::invalid, std::string(key) + " is " + std::to_string(value) + "; it must be from " +
                                 std::to_string(low) + " to " + std::to_string(high));
}

Status check_endpoints(const Config& config) {
  const Result<Endpoint> listen = parse_endpoint(config.listen);
  if (!listen) return fail(Errc::invalid, "--listen: " + listen.error().message);
  if (is_wildcard(*listen) && config.advertise.empty())
    return fail(Errc::invalid, "--listen " + config.listen +
                                   " is every interface; say with --advertise HOST:PORT how others reach this node");
  const Result<Endpoint> advertised = parse_endpoint(config.advertised());
  if (!advertised) return fail(Errc::invalid, "--advertise: " + advertised.error().message);
  if (is_wildcard(*advertised)) return fail(Errc::invalid, "--advertise must name this machine, not every interface");
  if (config.join.empty()) return Unit{};
  const Result<Endpoint> join = parse_endpoint(config.join);
  if (!join) return fail(Errc::invalid, "--join: " + join.error().message);
  return Unit{};
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> kSettings = with_study_switches({
      text("node.data", "--data", "Folder of this node's data (required)", &Config::data_dir),
      text("node.listen", "--listen", "HOST:PORT for clients; peers PORT+1, HTTP PORT+2, gossip PORT+3",
           &Config::listen),
      text("node.advertise", "--advertise", "HOST:PORT as other machines reach this node", &Config::advertise),
      text("node.join", "--join", "HOST:PORT of any member of the cluster to join", &Config::join),
      text("node.name", "--name", "Name for people, unique in the cluster", &Config::name),
      text("node.zone", "--zone", "Failure zone; replicas are spread over zones", &Config::zone),
      number("node.weight", "--weight", "Relative capacity", &Config::weight),
      number("cluster.replicas", "", "n, copies of every key; the founder's counts, for ever", &Config::replicas),
      number("cluster.partitions", "", "Q, a power of two; the founder's counts, for ever", &Config::partitions),
      text("storage.durability", "--durability", "sync: acknowledged means on disk; relaxed: synced by interval",
           &Config::durability),
      number("storage.relaxed_interval_ms", "", "Longest time a relaxed write is only in memory",
             &Config::relaxed_interval_ms),
      number("storage.overlay_mib", "", "Memory for writes that wait for the disk", &Config::overlay_mib),
      number("storage.log_mib", "", "Largest commit log, and so what a start may have to replay", &Config::log_mib),
      number("storage.map_gib", "", "Largest size of the database", &Config::map_gib),
      number("hints.max_mib", "", "What is kept for members that are away, at most; 0: this node stands in for nobody",
             &Config::hints_max_mib),
      number("hints.rate_mib_per_s", "", "How fast it is handed over when they are back",
             &Config::hints_rate_mib_per_s),
      number("repair.interval_s", "", "How often each pair of nodes compares what both hold",
             &Config::repair_interval_s),
      number("repair.rate_mib_per_s", "", "What this node asks of others to compare and copy, at most",
             &Config::repair_rate_mib_per_s),
      number("repair.scrub_days", "", "Every record is read and checked once in so many days",
             &Config::repair_scrub_days),
      text("log.level", "--log-level", "trace, debug, info, warn or error", &Config::log_level),
      text("log.file", "--log-file", "Also log to this file, rotated", &Config::log_file),
      flag("log.json", "One JSON object a line", &Config::log_json),
      number("log.rotate_mib", "", "Size at which the log file is rotated", &Config::log_rotate_mib),
      number("log.keep", "", "Rotated log files to keep", &Config::log_keep),
  });
  return kSettings;
}

Status read_config_file(Config& config, const std::filesystem::path& file) {
  try {
    return read_table(config, file, "", toml::parse_file(file.string()));
  } catch (const toml::parse_error& error) {
    if (error.source().begin.line == 0) return fail(Errc::invalid, "the file " + file.string() + " cannot be read");
    return at_line(file, error.source(), std::string(error.description()));
  }
}

Status read_config_environment(Config& config, const std::map<std::string, std::string>& environment) {
  for (const auto& variable : environment) {
    const std::string& name = variable.first;
    if (!name.starts_with("SHOALD_")) continue;
    const auto setting =
        std::ranges::find_if(settings(), [&](const Setting& candidate) { return variable_of(candidate) == name; });
    if (setting == settings().end()) {
      std::vector<std::string> known;
      for (const Setting& candidate : settings()) known.push_back(variable_of(candidate));
      return fail(Errc::invalid, "the environment sets " + name + ", which is no setting" + did_you_mean(name, known));
    }
    if (const Status set = setting->set(config, variable.second); !set)
      return fail(Errc::invalid, "environment " + name + ": " + set.error().message);
  }
  return Unit{};
}

Status check_config(const Config& config) {
  if (config.data_dir.empty()) return fail(Errc::invalid, "--data DIR is missing: say where this node keeps its data");
  if (const Status endpoints = check_endpoints(config); !endpoints) return endpoints;
  if (const auto changed = deviations(config.study); !changed.empty() && config.faults_file.empty())
    return fail(Errc::invalid, "study settings (" + changed.front() +
                                   ") are for a laboratory; they are taken together with --allow-faults FILE alone");
  if (config.durability != "sync" && config.durability != "relaxed")
    return fail(Errc::invalid, "storage.durability is \"sync\" or \"relaxed\", not \"" + config.durability + "\"");
  if (config.display_name().size() > 255 || config.zone.size() > 255)
    return fail(Errc::invalid, "names and zones have at most 255 bytes");
  if (!std::has_single_bit(config.partitions))
    return fail(Errc::invalid, "cluster.partitions is a power of two, not " + std::to_string(config.partitions));
  const std::vector<std::string> levels{"trace", "debug", "info", "warn", "error"};
  if (std::ranges::find(levels, config.log_level) == levels.end())
    return fail(Errc::invalid, "log.level is trace, debug, info, warn or error, not \"" + config.log_level + "\"" +
                                   did_you_mean(config.log_level, levels));
  for (const Status& range :
       {in_range("node.weight", config.weight, 1, kWeightMax),
        in_range("cluster.replicas", config.replicas, 1, kReplicasMax),
        in_range("cluster.partitions", config.partitions, kPartitionsMin, kPartitionsMax),
        in_range("storage.relaxed_interval_ms", config.relaxed_interval_ms, 1, 60'000),
        in_range("storage.overlay_mib", config.overlay_mib, 1, 1 << 20),
        in_range("storage.log_mib", config.log_mib, 1, 1 << 20),
        in_range("storage.map_gib", config.map_gib, 1, 1 << 16),
        in_range("hints.max_mib", config.hints_max_mib, 0, 1 << 20),
        in_range("hints.rate_mib_per_s", config.hints_rate_mib_per_s, 1, 1 << 14),
        in_range("repair.interval_s", config.repair_interval_s, 1, 86'400),
        in_range("repair.rate_mib_per_s", config.repair_rate_mib_per_s, 1, 1 << 14),
        in_range("repair.scrub_days", config.repair_scrub_days, 1, 365),
        in_range("log.rotate_mib", config.log_rotate_mib, 1, 1 << 16), in_range("log.keep", config.log_keep, 1, 1000)})
    if (!range) return range;
  return Unit{};
}

std::string print_config(const Config& config) {
  std::ostringstream out;
  std::string section;
  for (const Setting& setting : settings()) {
    const std::size_t dot = setting.key.find('.');
    if (setting.key.substr(0, dot) != section) {
      out << (section.empty() ? "" : "\n") << "[" << setting.key.substr(0, dot) << "]\n";
      section = setting.key.substr(0, dot);
    }
    out << "# " << setting.help << "\n" << setting.key.substr(dot + 1) << " = ";
    if (setting.quoted) {
      out << toml::value<std::string>(setting.get(config));
    } else {
      out << setting.get(config);
    }
    out << "\n";
  }
  return out.str();
}

}  // namespace shoal
