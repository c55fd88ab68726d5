// shoald: one node. Reads its configuration, starts a Server, and turns what goes wrong into one sentence and an exit
// code: 0 stopped by a signal, 2 wrong usage or configuration, 4 the machine refused (ports, disk), 6 a checked folder
// is damaged, 7 the cluster refused this node.
#include <sodium.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <string>

#include "node/base/suggest.h"
#include "node/io/clock.h"
#include "node/io/config.h"
#include "node/io/log.h"
#include "node/io/server.h"
#include "node/io/signals.h"
#include "node/io/storage/folder_check.h"
#include "node/io/storage/snapshot.h"

namespace {

using shoal::Config;
using shoal::Setting;
using shoal::Status;

constexpr int kUsage = 2;

struct CommandLine {
  std::string config_file;
  std::map<std::string, std::string> flags;  // by setting key
  std::string faults_file;
  bool reset_identity = false;
  bool check_only = false;
  bool print_only = false;
  std::string check_dir;
  std::string restore_from;
};

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

int complain(const shoal::Error& error, int code) {
  std::fprintf(stderr, "shoald: %s\n", error.message.c_str());
  return code;
}

// In words of our own: one sentence, and the flag that was probably meant.
shoal::Error unknown_argument(const CLI::App& app) {
  const std::string word = app.remaining().front();
  std::vector<std::string> known{"--config",       "--reset-identity", "--check",   "--restore", "--check-config",
                                 "--print-config", "--allow-faults",   "--version", "--help"};
  for (const Setting& setting : shoal::settings())
    if (!setting.flag.empty()) known.push_back(setting.flag);
  const std::string guess = shoal::did_you_mean(word, known);
  return shoal::fail(shoal::Errc::invalid,
                     "there is no flag \"" + word + "\"" + (guess.empty() ? "; see shoald --help" : guess));
}

int exit_code(const shoal::Error& error) {
  switch (error.code) {
    case shoal::Errc::invalid: return kUsage;
    case shoal::Errc::refused: return 7;
    default: return 4;
  }
}

void describe(CLI::App& app, CommandLine& line) {
  for (const Setting& setting : shoal::settings())
    if (!setting.flag.empty()) app.add_option(setting.flag, line.flags[setting.key], setting.help);
  app.add_option("--config", line.config_file, "TOML file; --print-config writes one");
  app.add_flag("--reset-identity", line.reset_identity,
               "Forget who this folder was and what it holds, and join as a new node");
  app.add_option("--allow-faults", line.faults_file,
                 "For a laboratory: suffer the faults that are ordered with the token in this file");
  app.add_flag("--check-config", line.check_only, "Check the configuration and exit");
  app.add_flag("--print-config", line.print_only, "Print the configuration in force as TOML and exit");
  app.add_option("--check", line.check_dir,
                 "Read everything in this stopped node's data folder, say what is there, exit");
  app.add_option("--restore", line.restore_from,
                 "Make the empty or missing folder of --data the node that this snapshot was taken of, exit");
  app.set_version_flag("--version", "shoald " SHOAL_VERSION);
}

shoal::Result<Config> configure(const CLI::App& app, const CommandLine& line) {
  Config config;
  if (!line.config_file.empty())
    if (const Status read = read_config_file(config, line.config_file); !read) return read.error();
  if (const Status read = read_config_environment(config, environment()); !read) return read.error();
  for (const Setting& setting : shoal::settings()) {
    if (setting.flag.empty() || app.count(setting.flag) == 0) continue;
    if (const Status set = setting.set(config, line.flags.at(setting.key)); !set) return set.error();
  }
  config.reset_identity = line.reset_identity;
  config.faults_file = line.faults_file;
  if (line.print_only) return config;
  const Status checked = check_config(config);
  return checked ? shoal::Result<Config>(config) : checked.error();
}

// "Refused" is kept for what the cluster says: a folder that cannot be used is this machine's affair.
int folder_exit_code(const shoal::Error& error) {
  if (error.code == shoal::Errc::corrupt) return 6;
  return error.code == shoal::Errc::refused ? 4 : exit_code(error);
}

// 0: all is well; 6: something is damaged or missing.
int check_data(const std::string& dir) {
  shoal::end_on_unreadable_pages(shoal::Reading::to_check);
  const shoal::Result<shoal::FolderCheck> check = shoal::check_folder(dir);
  if (!check) return complain(check.error(), folder_exit_code(check.error()));
  for (const std::string& sentence : check->found) std::printf("%s\n", sentence.c_str());
  for (const std::string& sentence : check->wrong) std::printf("damaged: %s\n", sentence.c_str());
  if (check->damages > check->wrong.size())
    std::printf("damaged: %zu more\n", static_cast<std::size_t>(check->damages) - check->wrong.size());
  std::puts(check->damages == 0 ? "everything can be read"
                                : "restore this node from a snapshot, or start it with an "
                                  "empty folder and let the other nodes fill it");
  return check->damages == 0 ? 0 : 6;
}

int restore_data(const std::string& snapshot, const Config& config) {
  shoal::end_on_unreadable_pages(shoal::Reading::to_check);
  const shoal::Result<shoal::Restored> restored =
      shoal::restore_snapshot(snapshot, config.data_dir, shoal::read_clock().wall);
  if (!restored) return complain(restored.error(), folder_exit_code(restored.error()));
  std::printf(
      "restored %s into %s: %s records and %s hints of snapshot %s; start the node on it as before, but "
      "it has forgotten what it promised and votes no more\n",
      restored->identity.name.c_str(), config.data_dir.c_str(), std::to_string(restored->manifest.records).c_str(),
      std::to_string(restored->manifest.hints).c_str(), restored->manifest.name.c_str());
  return 0;
}

int serve(const Config& config) {
  if (sodium_init() < 0) return complain(shoal::fail(shoal::Errc::io, "libsodium cannot be initialised"), 4);
  shoal::end_on_unreadable_pages(shoal::Reading::to_serve);
  shoal::UniqueFd signals = shoal::block_and_watch_signals();
  if (const Status logging = start_logging(config); !logging) return complain(logging.error(), 4);
  const auto server = shoal::Server::start(config, std::move(signals));
  if (!server && server.error().code == shoal::Errc::closed) return 0;  // asked to stop while joining
  if (!server) return complain(server.error(), exit_code(server.error()));
  const Status served = (*server)->run();
  return served ? 0 : complain(served.error(), exit_code(served.error()));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("shoald: a node of a shoal cluster", "shoald");
  app.footer(
      "Example:\n  shoald --data d1 --listen 127.0.0.1:7100\n"
      "  shoald --data d2 --listen 127.0.0.1:7110 --join 127.0.0.1:7100");
  CommandLine line;
  describe(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    return complain(unknown_argument(app), kUsage);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return complain(shoal::fail(shoal::Errc::invalid, std::string(error.what()) + "; see shoald --help"), kUsage);
  }
  if (!line.check_dir.empty()) return check_data(line.check_dir);
  const shoal::Result<Config> config = configure(app, line);
  if (!config) return complain(config.error(), kUsage);
  if (line.print_only) return std::fputs(print_config(*config).c_str(), stdout) < 0 ? 4 : 0;
  if (line.check_only) return std::puts("the configuration is valid") < 0 ? 4 : 0;
  return line.restore_from.empty() ? serve(*config) : restore_data(line.restore_from, *config);
}
