// The shoal command: reads the flags, finds the verb, runs it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "client/cli/output.h"
#include "client/cli/session.h"
#include "client/cli/verbs.h"
#include "node/base/suggest.h"

namespace shoal::cli {
namespace {

struct Verb {
  const char* name;
  const char* summary;
  Run (*declare)(CLI::App& command);
};

// In the order of the help page.
constexpr Verb kVerbs[] = {
    {"get", "Read a key", declare_get},
    {"put", "Write a key", declare_put},
    {"cas", "Write a key only if it is as expected; exit 1 when it is not", declare_cas},
    {"del", "Delete a key", declare_del},
    {"resolve", "Settle concurrent values of a key", declare_resolve},
    {"ls", "List keys", declare_ls},
    {"load", "Store NDJSON lines from standard input", declare_load},
    {"dump", "Print keys with their values as NDJSON", declare_dump},
    {"status", "Show the cluster on one screen; exit 6 when it is not healthy", declare_status},
    {"members", "Show who sees whom alive, and since when", declare_members},
    {"where", "Show which nodes hold a key, and who stands in", declare_where},
    {"explain", "Show what each replica holds of a key, and what will fix it", declare_explain},
    {"events", "Show what happened lately at all nodes", declare_events},
    {"hints", "Show or deliver what nodes keep for others", declare_hints},
    {"repair", "Show how far replicas are known to be equal, or compare them now", declare_repair},
    {"diff", "Show what two nodes hold differently; exit 1 when they do", declare_diff},
    {"bucket", "Create, set, list and show buckets", declare_bucket},
    {"voters", "Show, name or replace the members that choose changes of the cluster", declare_voters},
    {"snapshot", "Copy nodes' data while they run, list the copies, restore one", declare_snapshot},
    {"faults", "Make nodes of a laboratory suffer: partitions, delays, losses, clocks, disks", declare_faults},
    {"study", "Run a scenario with faults, judge and measure it; compare, draw and export results", declare_study},
    {"demo", "Start a cluster here, load real data, kill a node, verify everything", declare_demo},
    {"version", "Print the version", declare_version},
};

constexpr const char* kDescription =
    "shoal: talk to a cluster of shoald nodes.\n\n"
    "  shoal put greeting hello\n"
    "  shoal get greeting\n"
    "  shoal -s 10.0.0.1:7100,10.0.0.2:7100 -o json status\n\n"
    "Global flags may stand before or after the command. Each has an environment variable: SHOAL_SEEDS for --seeds\n"
    "and so on; a flag wins over it.";

constexpr const char* kFooter =
    "Exit codes: 0 done; 1 no such key, or a comparison lost; 2 wrong usage; 3 conflict; 4 unavailable, certainly not "
    "applied;\n"
    "5 timeout, may have been applied; 6 unhealthy, or a study is invalid; 7 refused; 8 a study is undecided;\n"
    "70 a bug in shoal.";

// A flag that is given twice counts as it was given last; `variable` is its environment variable.
template <class T>
void declare_global(CLI::App& app, const std::string& name, T& value, const std::string& what, const char* variable) {
  CLI::Option* option = app.add_option(name, value, what)->take_last();
  if (variable != nullptr) option->envname(variable);
  if (!value.empty()) option->capture_default_str();
}

void declare_globals(CLI::App& app, Globals& globals) {
  declare_global(app, "-s,--seeds", globals.seeds, "Any nodes of the cluster: HOST:PORT,HOST:PORT", "SHOAL_SEEDS");
  declare_global(app, "-o,--output", globals.output,
                 "table, wide, json, ndjson, csv or plain; a terminal gets table, everything else plain",
                 "SHOAL_OUTPUT");
  declare_global(app, "--timeout", globals.timeout, "Deadline of each request, retries included: 250ms, 2s, 1m",
                 "SHOAL_TIMEOUT");
  declare_global(app, "--level", globals.level, "What a request promises: eventual, quorum, session, all, strong",
                 "SHOAL_LEVEL");
  declare_global(app, "-r", globals.r, "Replicas that must answer a read: 1, 2, ..., majority, all; else the level's",
                 "SHOAL_R");
  declare_global(app, "-w", globals.w, "Replicas that must confirm a write: 1, 2, ..., majority, all; else the level's",
                 "SHOAL_W");
  declare_global(app, "--pr", globals.pr, "Of the replies, from owners and not from stand-ins: 1, 2, ..., all",
                 "SHOAL_PR");
  declare_global(app, "--pw", globals.pw, "Of the confirmations, by owners and not by stand-ins: 1, 2, ..., all",
                 "SHOAL_PW");
  declare_global(app, "--session", globals.session,
                 "File with a session's token, read and written back: never see less than before; level session",
                 "SHOAL_SESSION");
  declare_global(app, "--bucket", globals.bucket, "Bucket of the keys", "SHOAL_BUCKET");
  declare_global(app, "--context,--ctx", globals.context,
                 "Token of an earlier read or write: replace exactly what that saw", nullptr);
  declare_global(app, "--color", globals.color, "auto, always or never; NO_COLOR is respected", "SHOAL_COLOR");
  declare_global(app, "--progress", globals.progress, "auto (on a terminal), always, never or json", "SHOAL_PROGRESS");
  app.add_flag("--seeds-only", globals.seeds_only, "Ask the nodes of --seeds alone, and not the owners of a key");
  app.add_flag("-q,--quiet", globals.quiet, "No words on standard error but errors");
  app.add_flag("-v,--verbose", globals.verbose, "More words on standard error");
}

std::string unknown_command(const std::string& typed) {
  std::vector<std::string> names{"help"};
  for (const Verb& verb : kVerbs) names.push_back(verb.name);
  const std::string guess = did_you_mean(typed, names);
  return "there is no command \"" + shown(typed) + "\"" + (guess.empty() ? "; see shoal help" : guess);
}

int usage_error(const std::string& sentence) {
  std::fprintf(stderr, "shoal: %s\n", sentence.c_str());
  return kUsage;
}

class Program {
 public:
  Program() {
    app_.require_subcommand(0, 1);
    app_.footer(kFooter);
    app_.get_formatter()->column_width(34);
    declare_globals(app_, globals_);
    for (const Verb& verb : kVerbs) {
      CLI::App* command = app_.add_subcommand(verb.name, verb.summary)->fallthrough()->group("Commands");
      runs_[command] = verb.declare(*command);
    }
    help_ = app_.add_subcommand("help", "Explain a command")->group("Commands");
    help_->add_option("COMMAND", topic_, "Which one");
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      print(help_text());
      return kDone;
    } catch (const CLI::ExtrasError& error) {
      const std::vector<std::string> rest = app_.remaining(true);
      if (!app_.get_subcommands().empty() || rest.empty()) return usage_error(one_line(error.what()));
      return usage_error(unknown_command(rest.front()));
    } catch (const CLI::ParseError& error) {
      return usage_error(one_line(error.what()));
    }
    return run_parsed();
  }

 private:
  int run_parsed() {
    if (app_.get_subcommands().empty()) {
      std::fputs(app_.help().c_str(), stderr);
      return kUsage;
    }
    CLI::App* command = app_.get_subcommands().front();
    if (command == help_) return explain();
    globals_.context_given = app_.count("--context") > 0;
    Result<Session> session = Session::open(globals_);
    if (!session) return usage_error(session.error().message);
    int code = runs_.at(command)(*session);
    if (const Status saved = session->save_session(); !saved)
      code = code == kDone ? session->report(saved.error()) : code;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    std::fprintf(stderr, "shoal: the output could not be written\n");
    return code == kDone ? kUnavailable : code;
  }

  int explain() {
    const auto found = app_.get_subcommands([&](CLI::App* command) { return command->check_name(topic_); });
    const CLI::App* topic = topic_.empty() ? &app_ : found.empty() ? nullptr : found.front();
    if (topic == nullptr) return usage_error(unknown_command(topic_));
    // help() of the whole program would explain the command that was typed: "help".
    print(topic == &app_ ? app_.get_formatter()->make_help(&app_, "shoal", CLI::AppFormatMode::Normal) : topic->help());
    return kDone;
  }

  std::string help_text() const {
    const auto commands = app_.get_subcommands();
    return commands.empty() ? app_.help() : commands.front()->help();
  }

  static std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return shown(text);
  }

  CLI::App app_{kDescription, "shoal"};
  Globals globals_;
  std::map<const CLI::App*, Run> runs_;
  CLI::App* help_ = nullptr;
  std::string topic_;
};

}  // namespace
}  // namespace shoal::cli

int main(int argc, char** argv) {
  try {
    return shoal::cli::Program().run(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "shoal: this is a bug in shoal: %s\n", problem.what());
    return shoal::cli::kBug;
  }
}
